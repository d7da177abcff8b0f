package e2e

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// The statements of docs/salvage.md, in its order. A test holds that they are the page's.
var (
	salvageRead = []string{
		"SELECT id, username FROM players WHERE id > 3 ORDER BY id",
		"SELECT id, player_id FROM logins WHERE player_id > 3 ORDER BY id",
	}
	salvageTables = []string{
		"CREATE TABLE salvaged_players (id INT PRIMARY KEY, username VARCHAR(40) NOT NULL, new_id INT)",
		"CREATE TABLE salvaged_logins (id INT PRIMARY KEY, player_id INT NOT NULL)",
	}
	salvageMerge = []string{
		"UPDATE salvaged_players SET new_id = id - 3 + (SELECT GREATEST((SELECT MAX(id) FROM players), 6))",
		"INSERT INTO players (id, username) SELECT new_id, username FROM salvaged_players",
		"INSERT INTO logins (player_id) SELECT s.new_id FROM salvaged_logins l JOIN salvaged_players s ON s.id = l.player_id",
	}
)

const (
	copiesCluster = `
  allowedNamespaces: {selector: {matchLabels: {estate: NAME}}}
  strategy: Pause
  safetyCopy: {instanceClasses: [db.r6g.large]}
`
	whoLoggedIn = "SELECT p.id, p.username, COALESCE(CAST(l.id AS CHAR), '-') FROM players p LEFT JOIN logins l ON l.player_id = p.id ORDER BY p.id"
)

// copiesScene rewinds with a clone, reads both side by side, and merges what was discarded as docs/salvage.md says.
func (t *test) copiesScene(ctx context.Context) error {
	e, err := t.settle(ctx, "copies", copiesCluster, workload("Deployment", "web", "replicas: 1"), 1)
	if err != nil {
		return err
	}
	database, err := t.openCluster(ctx, e.name)
	if err != nil {
		return err
	}
	defer database.Close()
	before, err := t.beforeTheRewind(ctx, database)
	if err != nil {
		return err
	}
	if out, err := t.kube.Plugin(ctx, "run", e.name, "--namespace", e.name, "--name=back", "--to", before.UTC().Format("2006-01-02T15:04:05.999Z"), "--yes",
		"--safety-copy=clone", "--safety-copy-instance=db.r6g.large"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	b, err := t.kube.Backtrack(ctx, e.name, "back")
	if err != nil {
		return err
	}
	if b.Status.SafetyCopy == nil {
		return fmt.Errorf("the rewind has no safety copy: %s", stage.Summary(b))
	}
	if err := e.asBefore(ctx); err != nil {
		return err
	}
	clone, err := t.openCluster(ctx, b.Status.SafetyCopy.Identifier)
	if err != nil {
		return err
	}
	defer clone.Close()
	if err := database.Run(ctx, "INSERT INTO players (id, username) VALUES (4, 'George'), (5, 'Helen'), (6, 'Ivan')", "INSERT INTO logins (player_id) VALUES (4)"); err != nil {
		return err
	}
	if err := t.reads(ctx, clone, "the clone", "1 Alice - · 2 Bob - · 3 Charlie - · 4 Dave 1 · 5 Eve - · 6 Frank -"); err != nil {
		return err
	}
	if err := t.reads(ctx, database, "the rewound cluster", "1 Alice - · 2 Bob - · 3 Charlie - · 4 George 1 · 5 Helen - · 6 Ivan -"); err != nil {
		return err
	}
	if err := salvage(ctx, clone, database); err != nil {
		return err
	}
	if err := t.reads(ctx, database, "merged, the cluster", "1 Alice - · 2 Bob - · 3 Charlie - · 4 George 1 · 5 Helen - · 6 Ivan - · 7 Dave 2 · 8 Eve - · 9 Frank -"); err != nil {
		return err
	}
	listed, err := t.kube.Plugin(ctx, "copies", e.name, "--namespace", e.name, "-o", "wide")
	if err != nil || !strings.Contains(listed, "aws rds delete-db-cluster") || !strings.Contains(listed, b.Status.SafetyCopy.Identifier) {
		return fmt.Errorf("the plugin lists the copies as %q: %w", listed, err)
	}
	t.Tell("✓ the clone was read beside the rewound cluster, and merged into it")
	return nil
}

// beforeTheRewind writes the data, and gives the time between what is kept and what a rewind to it discards.
func (t *test) beforeTheRewind(ctx context.Context, database *stage.Database) (time.Time, error) {
	err := database.Run(ctx,
		"CREATE TABLE players (id INT PRIMARY KEY AUTO_INCREMENT, username VARCHAR(40) NOT NULL)",
		"CREATE TABLE logins (id INT PRIMARY KEY AUTO_INCREMENT, player_id INT NOT NULL)",
		"INSERT INTO players (username) VALUES ('Alice'), ('Bob'), ('Charlie')")
	if err != nil {
		return time.Time{}, err
	}
	if err := stage.Pass(ctx, 2*time.Second); err != nil { // records have whole seconds
		return time.Time{}, err
	}
	before := time.Now()
	if err := stage.Pass(ctx, 2*time.Second); err != nil {
		return before, err
	}
	return before, database.Run(ctx, "INSERT INTO players (id, username) VALUES (4, 'Dave'), (5, 'Eve'), (6, 'Frank')", "INSERT INTO logins (player_id) VALUES (4)")
}

// salvage merges as docs/salvage.md says.
func salvage(ctx context.Context, clone, database *stage.Database) error {
	if err := database.Run(ctx, salvageTables...); err != nil {
		return err
	}
	for i, into := range []string{"salvaged_players (id, username)", "salvaged_logins (id, player_id)"} {
		found, err := clone.Query(ctx, salvageRead[i])
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if err := database.Run(ctx, fmt.Sprintf("INSERT INTO %s VALUES ('%s')", into, strings.Join(row, "', '"))); err != nil {
				return err
			}
		}
	}
	return database.Run(ctx, salvageMerge...)
}

// reads fails unless the database has these players, with their logins.
func (t *test) reads(ctx context.Context, database *stage.Database, what, want string) error {
	got, err := database.Query(ctx, whoLoggedIn)
	if err != nil {
		return err
	}
	var rows []string
	for _, row := range got.Rows {
		rows = append(rows, strings.Join(row, " "))
	}
	t.Tell("%s has %s", what, strings.Join(rows, " · "))
	if !reflect.DeepEqual(strings.Join(rows, " · "), want) {
		return fmt.Errorf("%s has %s, want %s", what, strings.Join(rows, " · "), want)
	}
	return nil
}

// openCluster opens the database of an Aurora cluster that CreateCluster made, or that is a clone of one.
func (t *test) openCluster(ctx context.Context, identifier string) (*stage.Database, error) {
	input := &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(identifier)}
	if err := rds.NewDBClusterAvailableWaiter(t.rds.Client).Wait(ctx, input, stage.Patience); err != nil {
		return nil, fmt.Errorf("waiting for Aurora cluster %s: %w", identifier, err)
	}
	found, err := t.rds.Client.DescribeDBClusters(ctx, input)
	if err != nil {
		return nil, fmt.Errorf("describing Aurora cluster %s: %w", identifier, err)
	}
	c := found.DBClusters[0]
	return stage.OpenDatabase(ctx, stage.Endpoint{
		Host: aws.ToString(c.Endpoint), Port: int(aws.ToInt32(c.Port)), User: "admin", Password: "demo-password", Database: "game",
	})
}
