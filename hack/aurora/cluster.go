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

	// BacktrackWindow is the target window in seconds; 0 is off.
	BacktrackWindow    int64     `json:"backtrackWindow"`
	CreatedAt          time.Time `json:"createdAt"`
	DeletionProtection bool      `json:"deletionProtection,omitempty"`
	Tags               []Tag     `json:"tags,omitempty"`

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

	// Backtracks is the cluster's history of backtracks, oldest first.
	Backtracks []Backtrack `json:"backtracks,omitempty"`

	database Database
}

// Tag is a tag of a cluster or an instance.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

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
}

// ARN is the cluster's Amazon Resource Name.
func (c *Cluster) ARN() string { return arn(c.Region, c.AccountID, "cluster:"+c.Identifier) }

// ARN is the instance's Amazon Resource Name.
func (i *Instance) ARN() string { return arn(i.Region, i.AccountID, "db:"+i.Identifier) }

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

// canBacktrack says whether backtracking exists for the cluster and is on.
func (c *Cluster) canBacktrack() bool {
	return c.Engine == engineMySQL && c.EngineMode != modeServerless && c.BacktrackWindow > 0
}

// earliest is the oldest time a backtrack can reach at now.
func (c *Cluster) earliest(now time.Time) time.Time {
	earliest := now.Add(-time.Duration(c.BacktrackWindow) * time.Second)
	for _, bound := range []time.Time{c.CreatedAt, c.database.Earliest(), c.EarliestBacktrackTime} {
		if bound.After(earliest) {
			earliest = bound
		}
	}
	return milliseconds(earliest)
}

// milliseconds cuts a time to what RDS can say, in UTC.
func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
