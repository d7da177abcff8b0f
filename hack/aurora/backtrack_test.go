package aurora_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestBacktrackOverTime reads record and cluster at moments of one backtrack.
func TestBacktrackOverTime(t *testing.T) {
	type moment struct {
		at          time.Duration // after the call
		wantRecord  string        // "" is unlisted
		wantCluster string
	}
	tests := map[string]struct {
		timing  aurora.Timing
		upper   bool
		fails   bool
		moments []moment
	}{
		"at once": {
			moments: []moment{{0, "completed", "available"}},
		},
		"every stage": {
			timing: aurora.Timing{Unlisted: time.Second, Pending: 10 * time.Second, Backtracking: 20 * time.Second},
			moments: []moment{
				{0, "", "backtracking"}, {999 * time.Millisecond, "", "backtracking"},
				{time.Second, "pending", "backtracking"}, {9999 * time.Millisecond, "pending", "backtracking"},
				{10 * time.Second, "applying", "backtracking"}, {29 * time.Second, "applying", "backtracking"},
				{30 * time.Second, "completed", "available"},
			},
		},
		"a status that lags shows it all later": {
			timing: aurora.Timing{Backtracking: time.Second, StatusLag: 3 * time.Second},
			moments: []moment{
				{0, "applying", "available"}, {2 * time.Second, "completed", "available"},
				{3 * time.Second, "completed", "backtracking"}, {4 * time.Second, "completed", "available"},
			},
		},
		"seen only when long over": {
			timing:  aurora.Timing{Unlisted: time.Minute, Pending: time.Second, Backtracking: time.Second, StatusLag: time.Second},
			moments: []moment{{time.Hour, "completed", "available"}},
		},
		"upper case": {
			timing: aurora.Timing{Pending: time.Second}, upper: true,
			moments: []moment{{0, "PENDING", "backtracking"}, {time.Second, "COMPLETED", "available"}},
		},
		"failed": {
			timing: aurora.Timing{Backtracking: time.Second}, fails: true,
			moments: []moment{{0, "applying", "backtracking"}, {time.Second, "failed", "available"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s, clock := newServer(t, func(o *aurora.Options) { o.Timing, o.LowerCaseStatus = tt.timing, !tt.upper })
			client := rdsClient(s)
			createCluster(t, client)
			clock.advance(time.Hour)
			if err := s.EditCluster("testcluster", func(c *aurora.Cluster) { c.FailNextBacktrack = tt.fails }); err != nil {
				t.Fatal(err)
			}
			called := clock.now
			record, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{
				DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: aws.Time(called.Add(-time.Minute)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := aws.ToString(record.BacktrackIdentifier); len(got) != 36 {
				t.Errorf("BacktrackIdentifier %q", got)
			}
			if !aws.ToTime(record.BacktrackTo).Equal(called.Add(-time.Minute)) || !aws.ToTime(record.BacktrackRequestCreationTime).Equal(called) {
				t.Errorf("record says to %v, requested %v", record.BacktrackTo, record.BacktrackRequestCreationTime)
			}
			for _, m := range tt.moments {
				clock.now = called.Add(m.at)
				gotRecord, gotCluster := look(t, client)
				if gotRecord != m.wantRecord || gotCluster != m.wantCluster {
					t.Errorf("after %v: record %q, cluster %q; want %q, %q", m.at, gotRecord, gotCluster, m.wantRecord, m.wantCluster)
				}
			}
		})
	}
}

// look is what a client sees of the only record and the cluster.
func look(t *testing.T, client *rds.Client) (record, cluster string) {
	t.Helper()
	records, err := client.DescribeDBClusterBacktracks(context.Background(),
		&rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: aws.String("testcluster")})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records.DBClusterBacktracks {
		record += aws.ToString(r.Status)
	}
	clusters, err := client.DescribeDBClusters(context.Background(),
		&rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("testcluster")})
	if err != nil {
		t.Fatal(err)
	}
	return record, aws.ToString(clusters.DBClusters[0].Status)
}
