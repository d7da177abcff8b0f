package dolt_test

import (
	"context"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestCopies makes copies of a cluster as it is and as it was, beside it and
// beside each other, and writes to all of them.
func TestCopies(t *testing.T) {
	ctx := context.Background()
	engine := newEngine(t, t.TempDir())
	db := newDatabase(t, engine, "cluster-SOURCE")
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(9))", "INSERT INTO t (v) VALUES ('first')",
		"CREATE DATABASE extra", "CREATE TABLE extra.t (v VARCHAR(9))", "INSERT INTO extra.t VALUES ('dropped')")
	before := moment(t, db)
	execute(t, pool, "INSERT INTO t (v) VALUES ('second')", "DROP DATABASE extra")

	copied := func(id string, at time.Time) aurora.Database {
		t.Helper()
		if err := db.Save(ctx, "snapshot-"+id, at); err != nil {
			t.Fatal(err)
		}
		made, err := engine.Restore(ctx, "snapshot-"+id, aurora.DatabaseSpec{ResourceID: "cluster-" + id, MasterUsername: masterUser})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = made.Delete(ctx) })
		return made
	}
	clone, past := copied("CLONE", time.Time{}), copied("PAST", before)
	execute(t, pool, "INSERT INTO t (v) VALUES ('third')")
	execute(t, connect(t, clone, "game"), "INSERT INTO t (v) VALUES ('clone')")
	execute(t, connect(t, past, "game"), "INSERT INTO t (v) VALUES ('past')")
	for name, tt := range map[string]struct {
		db              aurora.Database
		databases, rows string
	}{
		"source": {db, "game", "1 first 2 second 3 third"},
		"clone":  {clone, "game", "1 first 2 second 3 clone"},
		"past":   {past, "extra game", "1 first 2 past"},
	} {
		if got := databases(t, tt.db); got != tt.databases {
			t.Errorf("%s: databases %q, want %q", name, got, tt.databases)
		}
		if got := read(t, connect(t, tt.db, "game"), "SELECT CONCAT(id, ' ', v) FROM t ORDER BY id"); got != tt.rows {
			t.Errorf("%s: rows %q, want %q", name, got, tt.rows)
		}
	}
	if got := read(t, connect(t, past, "extra"), "SELECT v FROM t"); got != "dropped" {
		t.Errorf("the dropped database came back with %q", got)
	}
	if clone.Earliest().Before(before) {
		t.Errorf("the clone has a history from %v, before it was made", clone.Earliest())
	}

	// The snapshot outlives its cluster, and can be restored again.
	again, err := engine.Restore(ctx, "snapshot-CLONE", aurora.DatabaseSpec{ResourceID: "cluster-AGAIN", MasterUsername: masterUser})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Delete(ctx) }()
	if got := read(t, connect(t, again, "game"), "SELECT v FROM t ORDER BY id"); got != "first second" {
		t.Errorf("restored a second time: %q", got)
	}
	if err := engine.DeleteSnapshot(ctx, "snapshot-CLONE"); err != nil {
		t.Error(err)
	}
	if _, err := engine.Restore(ctx, "snapshot-CLONE", aurora.DatabaseSpec{ResourceID: "cluster-GONE"}); err == nil {
		t.Error("a deleted snapshot was restored")
	}
}
