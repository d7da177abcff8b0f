package aurora

import "time"

// Instance is one DB instance of a cluster.
type Instance struct {
	Identifier        string    `json:"identifier"`
	ClusterIdentifier string    `json:"clusterIdentifier"`
	ResourceID        string    `json:"resourceId"`
	AccountID         string    `json:"accountId"`
	Region            string    `json:"region"`
	Class             string    `json:"class"`
	CreatedAt         time.Time `json:"createdAt"`
	Tags              []Tag     `json:"tags,omitempty"`
	// PromotionTier orders the readers for a failover: 0 comes first, 15 last.
	PromotionTier int64 `json:"promotionTier"`
	InstanceSettings

	// Operation is the change under way, or nil.
	Operation *Operation `json:"operation,omitempty"`
	// Pending holds changes that wait for the maintenance window.
	Pending *PendingChanges `json:"pending,omitempty"`
}

// InstanceSettings are what a caller may set, and reads back, while nothing in
// the stand-in acts on it.
type InstanceSettings struct {
	AvailabilityZone     string `json:"availabilityZone,omitempty"`
	MaintenanceWindow    string `json:"maintenanceWindow,omitempty"`
	NoMinorUpgrade       bool   `json:"noMinorUpgrade,omitempty"`
	PubliclyAccessible   bool   `json:"publiclyAccessible,omitempty"`
	CopyTagsToSnapshot   bool   `json:"copyTagsToSnapshot,omitempty"`
	ParameterGroup       string `json:"parameterGroup,omitempty"`
	CertificateAuthority string `json:"certificateAuthority,omitempty"`
	MonitoringInterval   int64  `json:"monitoringInterval,omitempty"`
	MonitoringRoleARN    string `json:"monitoringRoleArn,omitempty"`
	PerformanceInsights  bool   `json:"performanceInsights,omitempty"`
}

// ARN is the instance's Amazon Resource Name.
func (i *Instance) ARN() string { return arn(i.Region, i.AccountID, "db:"+i.Identifier) }

// statusAt is the instance's status at now: its own change, else the
// cluster's, which concerns every instance.
func (i *Instance) statusAt(cluster *Cluster, now time.Time) string {
	if i.Operation.underWay(now) {
		return i.Operation.Status
	}
	switch status := cluster.statusAt(now); status {
	case "creating", "failing-over":
		return "available" // the cluster's alone
	default:
		return status
	}
}
