// Package rds is RDS in our words: what a cluster is, what its history says, and the one call that rewinds
// it. It is the only package that imports the AWS SDK. Every fact about RDS in it is from the RDS API model
// of 2014-10-31 and the Aurora user guide.
package rds

import (
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Target says which Aurora cluster is meant and under whose identity RDS is asked about it.
type Target struct {
	Identifier string // DBClusterIdentifier
	Region     string // empty: the operator's own
	RoleARN    string // empty: the operator's own identity
	ExternalID string // for RoleARN
	Session    string // the AuroraCluster's name: that of the role session, and of the watch
}

// TargetOf reads the target out of an AuroraCluster.
func TargetOf(cluster *v1alpha1.AuroraCluster) Target {
	return Target{
		Identifier: strings.ToLower(cluster.Spec.DBClusterIdentifier), // RDS stores identifiers in lower case
		Region:     cluster.Spec.Region,
		RoleARN:    cluster.Spec.RoleARN,
		ExternalID: cluster.Spec.ExternalID,
		Session:    cluster.Name,
	}
}

// Cluster is what RDS says about an Aurora cluster at one moment.
type Cluster struct {
	Identifier      string
	ResourceID      string // DbClusterResourceId, never reused
	Status          string // RDS's word in lower case; the set is open
	Engine          string
	EngineVersion   string
	EngineMode      string
	GlobalCluster   string // GlobalClusterIdentifier; empty when it belongs to no Global Database
	Endpoint        string
	Port            int32
	BacktrackWindow int64     // target window in seconds; 0: backtracking is off
	Earliest        time.Time // EarliestBacktrackTime; zero when RDS gives none
	ChangeRecords   int64     // BacktrackConsumedChangeRecords
	Instances       int       // DBClusterMembers
}

// Available reports whether the cluster's status is "available".
func (c Cluster) Available() bool { return c.Status == "available" }

// Backtracking reports whether the cluster's status is "backtracking".
func (c Cluster) Backtracking() bool { return c.Status == "backtracking" }

// Request is one backtrack to ask for.
type Request struct {
	To          time.Time // sent in UTC, truncated to milliseconds
	Force       bool
	UseEarliest bool // UseEarliestTimeOnPointInTimeUnavailable
}

// The status words of a record that decide something. Every other word means that it is under way.
const (
	StatusCompleted = "completed"
	StatusFailed    = "failed"
)

// maxBacktrack is how long a backtrack without an end is taken to be under way. They take minutes; one that still
// reads otherwise has a status word that RDS added since, or was lost.
const maxBacktrack = 6 * time.Hour

// SignatureLifetime is how long after it was signed a request can still be received: Signature Version 4 is refused when
// its time is more than five minutes from AWS's own ("Signature expired", AWS General Reference, "Signing AWS API
// requests"). It counts from the time in the signature, which the SDK corrects by the skew that it has measured.
const SignatureLifetime = 5 * time.Minute

// UnderWay reports whether a backtrack goes on, by its record's status. A word that RDS may add one day means
// that it does, but not for ever: nothing else could ever start.
func UnderWay(status string, requested v1alpha1.Timestamp, now time.Time) bool {
	return status != StatusCompleted && status != StatusFailed && now.Sub(requested.Time()) < maxBacktrack
}

// CheckIdentity fails with reason ClusterReplaced when the cluster has another DbClusterResourceId than the one given: it
// was deleted and another one was made under its identifier. An empty one is not compared.
func (c Cluster) CheckIdentity(resourceID string) error {
	if resourceID == "" || c.ResourceID == resourceID {
		return nil
	}
	return &Error{
		Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonClusterReplaced, Refused: true,
		Message: "Aurora cluster " + c.Identifier + " was deleted and created again (" + c.ResourceID + ", was " + resourceID + ")",
	}
}

// Unsupported says why backtracking does not exist for the cluster: a reason of the API and a message with
// the remedy. Both are empty when it does.
func (c Cluster) Unsupported() (reason, message string) {
	switch {
	case c.Engine != "aurora-mysql":
		return v1alpha1.ReasonEngineNotSupported, "Aurora cluster " + c.Identifier + " runs engine " + c.Engine + "; only aurora-mysql can backtrack"
	case c.EngineMode == "serverless":
		return v1alpha1.ReasonEngineNotSupported, "Aurora cluster " + c.Identifier + " is Aurora Serverless v1, which can't backtrack; move it to a provisioned cluster"
	case c.GlobalCluster != "" || c.EngineMode == "global": // the mode existed up to Aurora MySQL 1.21
		return v1alpha1.ReasonEngineNotSupported, "Aurora cluster " + c.Identifier + " belongs to a Global Database, which can't backtrack"
	case c.BacktrackWindow == 0:
		return v1alpha1.ReasonBacktrackNotEnabled, "backtracking is off for Aurora cluster " + c.Identifier + " (BacktrackWindow is 0); it can only be turned on when a cluster is created or restored from a snapshot: restore a snapshot of it with --backtrack-window"
	}
	return "", ""
}
