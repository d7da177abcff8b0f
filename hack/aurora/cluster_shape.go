package aurora

import (
	"cmp"
	"time"
)

// clusterShape is a DBCluster as the API writes it: the members that RDS
// normally sends for a provisioned Aurora MySQL cluster.
type clusterShape struct {
	ActivityStreamStatus             string
	AllocatedStorage                 int
	AssociatedRoles                  *struct{}
	AutoMinorVersionUpgrade          bool
	AutomaticRestartTime             string   `xml:",omitempty"`
	AvailabilityZones                []string `xml:"AvailabilityZones>AvailabilityZone"`
	BackupRetentionPeriod            int64
	CloneGroupId                     string `xml:",omitempty"`
	CopyTagsToSnapshot               bool
	CrossAccountClone                bool
	DatabaseInsightsMode             string
	DBClusterIdentifier              string
	DatabaseName                     string `xml:",omitempty"`
	DBClusterParameterGroup          string
	DBSubnetGroup                    string
	Status                           string
	DomainMemberships                *struct{}
	EnabledCloudwatchLogsExports     []string `xml:"EnabledCloudwatchLogsExports>member,omitempty"`
	Endpoint                         string
	ReaderEndpoint                   string
	MultiAZ                          bool
	Engine                           string
	EngineVersion                    string
	EngineMode                       string
	EngineLifecycleSupport           string
	GlobalClusterIdentifier          string `xml:",omitempty"`
	GlobalWriteForwardingRequested   bool
	HostedZoneId                     string
	HttpEndpointEnabled              bool
	IAMDatabaseAuthenticationEnabled bool
	KmsKeyId                         string `xml:",omitempty"`
	LocalWriteForwardingStatus       string
	NetworkType                      string
	PendingModifiedValues            *clusterPending `xml:",omitempty"`
	PercentProgress                  string          `xml:",omitempty"`
	PerformanceInsightsEnabled       bool
	Port                             int
	PreferredBackupWindow            string
	PreferredMaintenanceWindow       string
	ReadReplicaIdentifiers           *struct{}
	StorageType                      string          `xml:",omitempty"`
	MasterUsername                   string          `xml:",omitempty"`
	MasterUserSecret                 *secretShape    `xml:",omitempty"`
	DBClusterMembers                 []clusterMember `xml:"DBClusterMembers>DBClusterMember"`
	VpcSecurityGroups                []securityGroup `xml:"VpcSecurityGroups>VpcSecurityGroupMembership"`
	DbClusterResourceId              string
	DBClusterArn                     string
	ClusterCreateTime                string
	EarliestRestorableTime           string
	LatestRestorableTime             string
	EarliestBacktrackTime            string `xml:",omitempty"`
	BacktrackWindow                  *int64
	BacktrackConsumedChangeRecords   *int64
	DeletionProtection               bool
	StorageEncrypted                 bool
	TagList                          []Tag `xml:"TagList>Tag"`
}

type clusterMember struct {
	DBInstanceIdentifier          string
	IsClusterWriter               bool
	DBClusterParameterGroupStatus string
	PromotionTier                 int64
}

type clusterPending struct {
	DBClusterIdentifier string `xml:",omitempty"`
	EngineVersion       string `xml:",omitempty"`
}

type securityGroup struct{ VpcSecurityGroupId, Status string }

// oneCluster is the result of the calls that answer with a single cluster.
type oneCluster struct{ DBCluster clusterShape }

// hostedZone stands for the Route 53 zone of a Region's endpoints.
const hostedZone = "ZLOCALAURORA"

func (s *Server) clusterShape(c *Cluster, call *call) clusterShape {
	host, port := c.database.Endpoint()
	shape := clusterShape{
		ActivityStreamStatus: "stopped", AllocatedStorage: 1, AssociatedRoles: &struct{}{},
		AutoMinorVersionUpgrade: true, DomainMemberships: &struct{}{}, ReadReplicaIdentifiers: &struct{}{},
		AutomaticRestartTime: optionalTime(c.RestartAt), CloneGroupId: c.CloneGroupID,
		DBClusterIdentifier: c.Identifier, DatabaseName: c.DatabaseName,
		Status: c.statusAt(call.now), Endpoint: host, ReaderEndpoint: host, Port: port,
		Engine: c.Engine, EngineVersion: c.EngineVersion, EngineMode: c.EngineMode,
		GlobalClusterIdentifier: c.GlobalClusterIdentifier, HostedZoneId: hostedZone,
		LocalWriteForwardingStatus: "disabled", MasterUsername: c.MasterUsername,
		DbClusterResourceId: c.ResourceID, DBClusterArn: c.ARN(),
		ClusterCreateTime: timestamp(c.CreatedAt), EarliestRestorableTime: timestamp(c.restorable()),
		LatestRestorableTime: timestamp(call.now), DeletionProtection: c.DeletionProtection, TagList: c.Tags,
	}
	shape.set(c)
	s.addMembers(&shape, c)
	if c.ManagedPassword {
		shape.MasterUserSecret = managedSecret(c)
	}
	if c.Operation.underWay(call.now) && c.Operation.Status == "creating" {
		shape.PercentProgress = percent(c.Operation, call.now)
	}
	if p := c.Pending; p != nil {
		shape.PendingModifiedValues = &clusterPending{p.Identifier, p.EngineVersion}
	}
	if c.canBacktrack() {
		records := c.database.ChangeRecords()
		window := c.BacktrackWindow
		shape.EarliestBacktrackTime = timestamp(c.earliest(call.now))
		shape.BacktrackWindow, shape.BacktrackConsumedChangeRecords = &window, &records
	}
	return shape
}

// set writes the settings, with RDS's defaults for those that were left out.
func (shape *clusterShape) set(c *Cluster) {
	shape.AvailabilityZones = c.zones()
	shape.BackupRetentionPeriod = cmp.Or(c.BackupRetention, 1)
	shape.PreferredBackupWindow = cmp.Or(c.BackupWindow, "03:00-03:30")
	shape.PreferredMaintenanceWindow = cmp.Or(c.MaintenanceWindow, defaultMaintenanceWindow)
	shape.DBSubnetGroup = cmp.Or(c.SubnetGroup, defaultSubnetGroup)
	shape.DBClusterParameterGroup = cmp.Or(c.ParameterGroup, c.defaultParameterGroup())
	shape.CopyTagsToSnapshot = c.CopyTagsToSnapshot
	shape.DatabaseInsightsMode = cmp.Or(c.DatabaseInsightsMode, "standard")
	shape.EnabledCloudwatchLogsExports = c.EnabledLogs
	shape.EngineLifecycleSupport = cmp.Or(c.LifecycleSupport, "open-source-rds-extended-support")
	shape.IAMDatabaseAuthenticationEnabled = c.IAMAuthentication
	shape.NetworkType = cmp.Or(c.NetworkType, "IPV4")
	shape.StorageEncrypted, shape.KmsKeyId = c.StorageEncrypted, c.key()
	if c.StorageType != "aurora" { // RDS leaves the standard type out
		shape.StorageType = c.StorageType
	}
	groups := c.SecurityGroups
	if len(groups) == 0 {
		groups = []string{defaultSecurityGroup}
	}
	for _, group := range groups {
		shape.VpcSecurityGroups = append(shape.VpcSecurityGroups, securityGroup{group, "active"})
	}
}

// key is the KMS key of an encrypted cluster.
func (c *Cluster) key() string {
	if !c.StorageEncrypted {
		return ""
	}
	return cmp.Or(c.KMSKeyID, "arn:"+partition(c.Region)+":kms:"+c.Region+":"+c.AccountID+":alias/aws/rds")
}

// zones are the cluster's Availability Zones: three of its Region, unless told
// otherwise.
func (c *Cluster) zones() []string {
	if len(c.AvailabilityZones) > 0 {
		return c.AvailabilityZones
	}
	return []string{c.Region + "a", c.Region + "b", c.Region + "c"}
}

func (s *Server) addMembers(shape *clusterShape, c *Cluster) {
	writer := s.writer(c)
	for _, instance := range s.state.members(c) {
		shape.DBClusterMembers = append(shape.DBClusterMembers, clusterMember{
			DBInstanceIdentifier:          instance.Identifier,
			IsClusterWriter:               instance == writer,
			DBClusterParameterGroupStatus: "in-sync",
			PromotionTier:                 instance.PromotionTier,
		})
	}
	shape.MultiAZ = len(shape.DBClusterMembers) > 1
}

func percent(o *Operation, now time.Time) string { return itoa(o.percent(now)) }
