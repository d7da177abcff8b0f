package dolt_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// databases are the names of a cluster's own databases.
func databases(t *testing.T, db aurora.Database) string {
	t.Helper()
	pool := connect(t, db, "")
	defer pool.Close()
	return read(t, pool, `SELECT schema_name FROM information_schema.schemata
		WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY schema_name`)
}

// TestDatabasesComeAndGo rewinds across databases that were created, dropped
// and created again under the same name.
func TestDatabasesComeAndGo(t *testing.T) {
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-DATABASES")
	defer func() { _ = db.Delete(context.Background()) }()
	pool := connect(t, db, "")
	var times []time.Time
	step := func(statements ...string) {
		t.Helper()
		execute(t, pool, statements...)
		times = append(times, moment(t, db))
	}
	step("CREATE DATABASE `odd-name`", "CREATE TABLE `odd-name`.t (v VARCHAR(9))", "INSERT INTO `odd-name`.t VALUES ('first')")
	step("DROP DATABASE `odd-name`", "DROP DATABASE game")
	step("CREATE DATABASE `odd-name`", "CREATE TABLE `odd-name`.t (v VARCHAR(9))", "INSERT INTO `odd-name`.t VALUES ('second')")
	step("DROP DATABASE `odd-name`", "CREATE DATABASE `odd-name`", "CREATE DATABASE later")
	want := []struct{ databases, value string }{
		{"game odd-name", "first"}, {"", ""}, {"odd-name", "second"}, {"later odd-name", ""},
	}
	for n, to := range []int{0, 2, 1, 0, 3, 2, 3, 1, 2, 0} {
		rewind(t, db, fmt.Sprintf("rewind-%d", n), times[to])
		if got := databases(t, db); got != want[to].databases {
			t.Fatalf("rewind %d, to %d: databases %q, want %q", n, to, got, want[to].databases)
		}
		if want[to].value != "" {
			if got := read(t, connect(t, db, ""), "SELECT v FROM `odd-name`.t"); got != want[to].value {
				t.Fatalf("rewind %d, to %d: value %q, want %q", n, to, got, want[to].value)
			}
		}
	}
}

// TestClosedWhileRewinding sees every connection closed, new ones refused,
// open transactions gone, and all of it back after Resume.
func TestClosedWhileRewinding(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-CLOSED")
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
	at := moment(t, db)

	idle, err := pool.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	prepared, err := idle.PrepareContext(ctx, "SELECT COUNT(*) FROM t WHERE v > ?")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}

	if _, err := db.Rewind(ctx, "rewind", time.Now(), at); err != nil {
		t.Fatal(err)
	}
	if err := prepared.QueryRowContext(ctx, 0).Scan(new(int)); err == nil {
		t.Error("a prepared statement survived the rewind")
	}
	if err := tx.Commit(); err == nil {
		t.Error("an open transaction survived the rewind")
	}
	if err := connect(t, db, "game").Ping(); err == nil {
		t.Error("a new connection was let in during the rewind")
	}
	if err := db.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if got := read(t, connect(t, db, "game"), "SELECT v FROM t WHERE v > ?", 0); got != "1" {
		t.Errorf("rows %q, want the first alone", got)
	}
}

// TestAcknowledgedRows rewinds under a writer and checks the two promises to
// it: going back keeps all that was acknowledged before the time, and going
// forward brings back all that was acknowledged before the rewind.
func TestAcknowledgedRows(t *testing.T) {
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-WRITER")
	defer func() { _ = db.Delete(context.Background()) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT PRIMARY KEY)")
	var before int
	var to time.Time
	last := 0
	for ; last < 400; last++ {
		if last == 200 {
			// The next whole millisecond: the API says no time more exactly.
			before, to = last, time.Now().Truncate(time.Millisecond).Add(time.Millisecond)
		}
		execute(t, pool, fmt.Sprintf("INSERT INTO t VALUES (%d)", last))
	}
	rewound := rewind(t, db, "back", to)
	var count, highest int
	scan := func() {
		t.Helper()
		if err := connect(t, db, "game").QueryRow("SELECT COUNT(*), MAX(id) FROM t").Scan(&count, &highest); err != nil {
			t.Fatal(err)
		}
	}
	if scan(); count < before || count != highest+1 {
		t.Errorf("went back to %d rows up to %d; %d were acknowledged before", count, highest, before)
	}
	if rewound.To.Before(to) || rewound.To.After(to.Add(time.Second)) {
		t.Errorf("reached %v, asked for %v", rewound.To, to)
	}
	rewind(t, db, "forward", rewound.From)
	if scan(); count != last {
		t.Errorf("went forward to %d rows, want %d", count, last)
	}
}

// TestRestart closes a cluster and opens it again: data, history, users and
// the rewind that was under way are there.
func TestRestart(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := newDatabase(t, newEngine(t, dir), "cluster-RESTART")
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
	at := moment(t, db)
	execute(t, pool, "INSERT INTO t VALUES (2)", "CREATE DATABASE extra")
	if err := db.SetMasterPassword(ctx, masterUser, "another one"); err != nil {
		t.Fatal(err)
	}
	if err := db.SetMasterPassword(ctx, masterUser, masterPassword); err != nil {
		t.Fatal(err)
	}
	_, port := db.Endpoint()
	reopen := func() {
		t.Helper()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if db, err = newEngine(t, dir).Open(ctx, "cluster-RESTART"); err != nil {
			t.Fatal(err)
		}
	}
	reopen()
	defer func() { _ = db.Delete(ctx) }()
	if _, again := db.Endpoint(); again != port {
		t.Errorf("port %d, was %d", again, port)
	}
	if got := read(t, connect(t, db, "game"), "SELECT v FROM t ORDER BY v"); got != "1 2" {
		t.Errorf("rows %q after a restart", got)
	}
	first, err := db.Rewind(ctx, "rewind", time.Now(), at)
	if err != nil {
		t.Fatal(err)
	}
	reopen() // the rewind is done, and its end not yet told
	if err := connect(t, db, "game").Ping(); err == nil {
		t.Error("a database that a rewind holds let a client in after a restart")
	}
	again, err := db.Rewind(ctx, "rewind", time.Now(), at)
	if err != nil || again != first {
		t.Errorf("continued as %+v (%v), was %+v", again, err, first)
	}
	if err := db.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if got := databases(t, db); got != "game" {
		t.Errorf("databases %q", got)
	}
	rewind(t, db, "forward", first.From)
	if got := databases(t, db); got != "extra game" {
		t.Errorf("databases %q after going forward over a restart", got)
	}
}

// TestInterruptedRewind cuts the history off where a kill would have: behind
// the plan, and in the middle of a line.
func TestInterruptedRewind(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := newDatabase(t, newEngine(t, dir), "cluster-KILLED")
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1)")
	at := moment(t, db)
	execute(t, pool, "INSERT INTO t VALUES (2)")
	rewound, err := db.Rewind(ctx, "rewind", time.Now(), at)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "clusters", "cluster-KILLED", "history.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
	cut := strings.Join(lines[:len(lines)-1], "") + lines[len(lines)-1][:20]
	if !strings.Contains(lines[len(lines)-2], `"rewind"`) {
		t.Fatalf("the history ends otherwise: %s", data)
	}
	if err := os.WriteFile(path, []byte(cut), 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err = newEngine(t, dir).Open(ctx, "cluster-KILLED"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Delete(ctx) }()
	again, err := db.Rewind(ctx, "rewind", time.Now(), at)
	if err != nil || again != rewound {
		t.Fatalf("continued as %+v (%v), was %+v", again, err, rewound)
	}
	if err := db.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if got := read(t, connect(t, db, "game"), "SELECT v FROM t ORDER BY v"); got != "1" {
		t.Errorf("rows %q, want the first alone", got)
	}
	rewind(t, db, "forward", again.From)
	if got := read(t, connect(t, db, "game"), "SELECT v FROM t ORDER BY v"); got != "1 2" {
		t.Errorf("rows %q after going forward, want both", got)
	}
}

// TestTooEarly leaves the data alone when there is no state of the time.
func TestTooEarly(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-EARLY")
	defer func() { _ = db.Delete(ctx) }()
	execute(t, connect(t, db, "game"), "CREATE TABLE t (v INT)")
	if _, err := db.Rewind(ctx, "rewind", time.Now(), db.Earliest().Add(-time.Second)); err == nil {
		t.Error("rewound to before the beginning")
	}
	if err := db.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	err := connect(t, db, "game").QueryRow("SELECT v FROM t").Scan(new(int))
	if !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("%v, want an empty table", err)
	}
}
