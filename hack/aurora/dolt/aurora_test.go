package dolt_test

import (
	"context"
	"testing"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestLooksLikeAurora asks for what clients of Aurora ask for.
func TestLooksLikeAurora(t *testing.T) {
	ctx := context.Background()
	db, err := newEngine(t, t.TempDir()).Create(ctx, aurora.DatabaseSpec{
		ResourceID: "cluster-VERSION", ClusterIdentifier: "test", DatabaseName: "game", EngineVersion: "3.08.2",
		MasterUsername: masterUser, MasterUserPassword: masterPassword,
	})
	must(t, err)
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (v VARCHAR(9))", "INSERT INTO t VALUES ('Alice')",
		"CREATE DATABASE other;", "CREATE TABLE other.u (v VARCHAR(9))", "INSERT INTO other.u VALUES ('Bob')",
		"CREATE DATABASE exact COLLATE utf8mb4_bin", "CREATE TABLE exact.u (v VARCHAR(9))", "INSERT INTO exact.u VALUES ('Bob')")
	for query, want := range map[string]string{
		"SELECT AURORA_VERSION()":                      "3.08.2",
		"SELECT @@aurora_version":                      "3.08.2",
		"SELECT @@innodb_lock_wait_timeout":            "50",
		"SELECT COUNT(*) FROM t WHERE v = 'ALICE'":     "1",
		"SELECT COUNT(*) FROM other.u WHERE v = 'bob'": "1",
		"SELECT COUNT(*) FROM exact.u WHERE v = 'bob'": "0",
	} {
		if got := read(t, pool, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
