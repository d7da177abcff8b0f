package aurora

import (
	"fmt"
	"strings"
	"time"
)

// MaxBacktrackWindow is the longest target window: 72 hours.
const MaxBacktrackWindow = 72 * time.Hour

// Cluster is one Aurora cluster. Its fields are what the API shows of it and
// what a test may set (Server.AddCluster, Server.EditCluster).
type Cluster struct {
	// Identifier is the DBClusterIdentifier, in lower case.
	Identifier string `json:"identifier"`
	// ResourceID is the DbClusterResourceId; the Server sets it, and never
	// uses one twice.
	ResourceID string `json:"resourceId"`
	// AccountID and Region are where the cluster lives; a call from elsewhere
	// does not see it. Empty means the Server's own.
	AccountID string `json:"accountId"`
	Region    string `json:"region"`

	// Engine is aurora-mysql unless set, EngineMode provisioned unless set.
	Engine        string `json:"engine"`
	EngineVersion string `json:"engineVersion"`
	EngineMode    string `json:"engineMode"`

	DatabaseName   string `json:"databaseName,omitempty"`
	MasterUsername string `json:"masterUsername,omitempty"`
	// ManagedPassword means that the master user's password is in a secret of
	// the stand-in (GET /_local/secrets/{identifier}).
	ManagedPassword bool `json:"managedPassword,omitempty"`

	// BacktrackWindow is the target window in seconds; 0 is off.
	BacktrackWindow    int64     `json:"backtrackWindow"`
	CreatedAt          time.Time `json:"createdAt"`
	DeletionProtection bool      `json:"deletionProtection,omitempty"`
	Tags               []Tag     `json:"tags,omitempty"`
	// GlobalClusterIdentifier marks a member of a global database, which can't
	// be backtracked.
	GlobalClusterIdentifier string `json:"globalClusterIdentifier,omitempty"`
	// CloneGroupID is shared by a cluster and its copy-on-write clones.
	CloneGroupID string `json:"cloneGroupId,omitempty"`
	Settings

	// Status, when set, is shown in place of the status that follows from the
	// cluster's backtracks. Any word will do: RDS's own set is open.
	Status string `json:"status,omitempty"`
	// BinaryLogging makes a backtrack fail unless it is forced.
	BinaryLogging bool `json:"binaryLogging,omitempty"`
	// FailNextBacktrack lets the next accepted backtrack end as "failed", with
	// the data as it was.
	FailNextBacktrack bool `json:"failNextBacktrack,omitempty"`
	// EarliestBacktrackTime, when set, is a bound on the window besides its
	// length, as heavy writes make one.
	EarliestBacktrackTime time.Time `json:"earliestBacktrackTime,omitzero"`
	// HistoryFrom is where the history begins that a shorter window or an
	// upgrade left: lengthening the window does not bring it back.
	HistoryFrom time.Time `json:"historyFrom,omitzero"`

	// Backtracks is the cluster's history of backtracks, oldest first.
	Backtracks []Backtrack `json:"backtracks,omitempty"`

	// Operation is the change under way, or nil. Stopped is where a
	// StopDBCluster led to.
	Operation *Operation `json:"operation,omitempty"`
	Stopped   bool       `json:"stopped,omitempty"`
	// RestartAt is when a stopped cluster starts by itself.
	RestartAt time.Time `json:"restartAt,omitzero"`
	// Writer is the instance that writes; the oldest unless a failover chose
	// another.
	Writer string `json:"writer,omitempty"`
	// Pending holds changes that wait for the maintenance window.
	Pending *PendingChanges `json:"pending,omitempty"`

	// WindowShort means that events have told of a window smaller than its
	// target.
	WindowShort bool `json:"windowShort,omitempty"`

	database Database
}

// Settings are what a caller may set, and reads back, while nothing in the
// stand-in acts on it.
type Settings struct {
	AvailabilityZones    []string `json:"availabilityZones,omitempty"`
	BackupRetention      int64    `json:"backupRetention,omitempty"` // days
	BackupWindow         string   `json:"backupWindow,omitempty"`
	MaintenanceWindow    string   `json:"maintenanceWindow,omitempty"`
	SubnetGroup          string   `json:"subnetGroup,omitempty"`
	ParameterGroup       string   `json:"parameterGroup,omitempty"`
	SecurityGroups       []string `json:"securityGroups,omitempty"`
	StorageEncrypted     bool     `json:"storageEncrypted,omitempty"`
	KMSKeyID             string   `json:"kmsKeyId,omitempty"`
	StorageType          string   `json:"storageType,omitempty"`
	CopyTagsToSnapshot   bool     `json:"copyTagsToSnapshot,omitempty"`
	IAMAuthentication    bool     `json:"iamAuthentication,omitempty"`
	NetworkType          string   `json:"networkType,omitempty"`
	LifecycleSupport     string   `json:"lifecycleSupport,omitempty"`
	EnabledLogs          []string `json:"enabledLogs,omitempty"`
	DatabaseInsightsMode string   `json:"databaseInsightsMode,omitempty"`
}

// Tag is a tag of a cluster, an instance, a snapshot or a group.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ARN is the cluster's Amazon Resource Name.
func (c *Cluster) ARN() string { return arn(c.Region, c.AccountID, "cluster:"+c.Identifier) }

func arn(region, account, resource string) string {
	return fmt.Sprintf("arn:%s:rds:%s:%s:%s", partition(region), region, account, resource)
}

// partition is the AWS partition of a Region: not all of them are "aws".
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// statusAt is the status that a call at now reads.
func (c *Cluster) statusAt(now time.Time) string {
	if c.Status != "" {
		return c.Status
	}
	for i := range c.Backtracks {
		if c.Backtracks[i].shownAt(now) {
			return "backtracking"
		}
	}
	switch {
	case c.Operation.underWay(now):
		return c.Operation.Status
	case c.Stopped:
		return "stopped"
	}
	return "available"
}

// active is the backtrack that has not ended yet, or nil. It decides whether
// the cluster is busy, whatever its lagging status reads.
func (c *Cluster) active() *Backtrack {
	if n := len(c.Backtracks); n > 0 && !c.Backtracks[n-1].ended() {
		return &c.Backtracks[n-1]
	}
	return nil
}

// canBacktrack reports whether backtracking exists for the cluster and is on.
func (c *Cluster) canBacktrack() bool {
	return c.BacktrackWindow > 0 && c.checkBacktrackEngine() == nil
}

// idle fails while something is under way.
func (c *Cluster) idle(now time.Time) error {
	if status := c.statusAt(now); status != "available" || c.active() != nil {
		return fail(faultClusterState, "DB cluster %s is not in available state.", c.Identifier)
	}
	return nil
}

// earliest is the oldest time a backtrack can reach at now.
func (c *Cluster) earliest(now time.Time) time.Time {
	return milliseconds(latestOf(c.target(now), c.HistoryFrom, c.CreatedAt, c.database.Earliest(), c.EarliestBacktrackTime))
}

// target is where the window begins when it is as long as it should be.
func (c *Cluster) target(now time.Time) time.Time {
	return now.Add(-time.Duration(c.BacktrackWindow) * time.Second)
}

// windowShort reports whether the actual window is smaller than its target. A
// cluster that is younger than its window has not lost anything.
func (c *Cluster) windowShort(now time.Time) bool {
	return latestOf(c.EarliestBacktrackTime, c.HistoryFrom).After(latestOf(c.target(now), c.CreatedAt))
}

// restorable is the oldest time of which a point-in-time restore has the data.
func (c *Cluster) restorable() time.Time {
	return milliseconds(latestOf(c.CreatedAt, c.database.Earliest()))
}

func latestOf(times ...time.Time) time.Time {
	var latest time.Time
	for _, t := range times {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// milliseconds cuts a time to what RDS can say, in UTC.
func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
