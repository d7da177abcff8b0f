package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// leastHistory is how far back the cluster must reach before the first mark.
const leastHistory = 5 * time.Second

// systemDatabases are there in every Aurora MySQL cluster.
var systemDatabases = map[string]bool{"mysql": true, "information_schema": true, "performance_schema": true, "sys": true, "awsdms_control": true}

// plan says what a run would do, and what it costs.
func (r *run) plan(cluster rds.Cluster, others []string) string {
	text := &strings.Builder{}
	fmt.Fprintf(text, `This is what a run does to the Aurora cluster %s (%s, %s %s, backtrack window %s, status %s):
  - it creates the database %s in it, with a few rows, and drops it in the end;
  - it rewinds the WHOLE cluster three times, by some minutes at most: all databases, users, grants and passwords.
    Whatever anybody else writes in the meantime is taken back by the next rewind;
  - each rewind closes every connection, and the cluster is unavailable for minutes;
  - it takes about a quarter of an hour to three quarters on AWS.
What it costs, on top of the cluster itself, which it neither creates nor deletes nor changes:
  - fewer than a thousand change records. AWS charges about 0.01 USD for a million of them and an hour, so this is nothing
    that shows on a bill (see the price list of your Region);
  - fewer than %d requests to the RDS API, which are free and share the account's rate with everybody in it.
`, cluster.Identifier, r.options.Region, cluster.Engine, cluster.EngineVersion, time.Duration(cluster.BacktrackWindow)*time.Second, cluster.Status,
		r.options.Database, 2*int(3*r.options.Limit/r.options.Interval))
	if len(others) > 0 {
		fmt.Fprintf(text, "OTHER DATABASES are in the cluster, and are rewound with it: %s.\n", strings.Join(others, ", "))
	}
	return text.String()
}

// refusal says why the cluster can't be used; "" when it can.
func (r *run) refusal(cluster rds.Cluster, others []string, now time.Time) string {
	switch reason, message := cluster.Unsupported(); {
	case reason != "":
		return message
	case !cluster.Available():
		return fmt.Sprintf("the cluster's status is %s: wait until it is available", cluster.Status)
	case cluster.Earliest.IsZero() || now.Sub(cluster.Earliest) < leastHistory:
		return fmt.Sprintf("the cluster can be rewound to %s at the earliest: wait a moment", cluster.Earliest.Format(time.RFC3339))
	case len(others) > 0 && !r.options.OtherData:
		return "the cluster has other databases, whose data is rewound with it: use a cluster made for this, or --other-data"
	case r.options.Consent != cluster.Identifier:
		return fmt.Sprintf("nothing was done: to do it, say --consent=%s", cluster.Identifier)
	}
	return ""
}

// otherDatabases are those that belong to somebody else.
func (r *run) otherDatabases(ctx context.Context, database *stage.Database) ([]string, error) {
	found, err := database.Query(ctx, "SHOW DATABASES")
	if err != nil {
		return nil, err
	}
	var others []string
	for _, row := range found.Rows {
		if name := row[0]; !systemDatabases[strings.ToLower(name)] && name != r.options.Database {
			others = append(others, name)
		}
	}
	return others, nil
}
