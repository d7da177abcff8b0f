package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Traffic is what the operator asked for in a span of time.
type Traffic struct {
	// Describes are the DescribeDBClusters calls, Single those of them that ask for one cluster only; Histories the
	// DescribeDBClusterBacktracks calls; Accepted the BacktrackDBCluster calls that RDS accepted; RDS all calls.
	Describes, Single, Histories, Accepted, RDS int
	// Reads and Writes are the requests to the API server, without those for the Lease. A watch counts as a read when it begins.
	Reads, Writes int
}

// Traffic counts what the operator asked RDS and the API server for from one time to another.
func (w *World) Traffic(from, to time.Time) (t Traffic, err error) {
	for _, call := range w.RDS.Calls() {
		if !call.Time.Before(from.Truncate(time.Millisecond)) && !call.Time.After(to) {
			t.count(call)
		}
	}
	requests, err := w.Requests(from, to)
	for _, q := range requests {
		if Reads(q) {
			t.Reads++
		} else {
			t.Writes++
		}
	}
	return t, err
}

func (t *Traffic) count(call aurora.Call) {
	t.RDS++
	switch call.Operation {
	case "DescribeDBClusters":
		t.Describes++
		_, several := call.Parameters["Filters.Filter.1.Values.Value.2"]
		if !several {
			t.Single++
		}
	case "DescribeDBClusterBacktracks":
		t.Histories++
	case "BacktrackDBCluster":
		if call.Done() {
			t.Accepted++
		}
	}
}

// Requests are those that the operator made to the API server from one time to another, without those for its Lease.
func (w *World) Requests(from, to time.Time) ([]stage.Request, error) {
	all, err := stage.Requests(w.cloud, stage.Operator, from)
	if err != nil {
		return nil, err
	}
	kept := all[:0]
	for _, q := range all {
		if !q.Answered.After(to) && !strings.HasPrefix(q.Resource, "coordination.k8s.io/") {
			kept = append(kept, q)
		}
	}
	return kept, nil
}

// Reads reports whether a request only reads.
func Reads(q stage.Request) bool { return q.Verb == "get" || q.Verb == "list" || q.Verb == "watch" }

// Accepted is when RDS accepted the one backtrack of a cluster from one time to another. It fails when it accepted none, or
// several.
func (w *World) Accepted(identifier string, from, to time.Time) (time.Time, error) {
	var found []time.Time
	for _, call := range w.RDS.Calls() {
		if call.Operation == "BacktrackDBCluster" && call.Done() && call.Parameters["DBClusterIdentifier"] == identifier &&
			!call.Time.Before(from.Truncate(time.Millisecond)) && call.Time.Before(to) {
			found = append(found, call.Time)
		}
	}
	if len(found) != 1 {
		return time.Time{}, fmt.Errorf("RDS accepted %d backtracks of %s, want 1", len(found), identifier)
	}
	return found[0], nil
}

// AllCreated is when the API server received the requests that created the AuroraBacktracks since a time, by namespace/name.
func (w *World) AllCreated(since time.Time) (map[string]time.Time, error) {
	requests, err := stage.Requests(w.cloud, administrator, since)
	created := map[string]time.Time{}
	for _, q := range requests {
		if q.Verb == "create" && q.Resource == "aurora-backtrack.io/aurorabacktracks" && q.Code/100 == 2 {
			created[q.Namespace+"/"+q.Name] = q.Received
		}
	}
	return created, err
}

// administrator is the user of the cloud's kubeconfig.
const administrator = "local-admin"
