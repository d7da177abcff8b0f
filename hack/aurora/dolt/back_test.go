package dolt_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestNumbersGoBack goes back over numbers given out by AUTO_INCREMENT, also
// those of rows that are gone and those set by hand, and gives them out again.
func TestNumbersGoBack(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := newDatabase(t, newEngine(t, dir), "cluster-NUMBERS")
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
		"INSERT INTO t (v) VALUES (1), (2), (3)", "DELETE FROM t WHERE id = 3")
	before := moment(t, db)
	execute(t, pool, "INSERT INTO t (v) VALUES (4), (5)", "ALTER TABLE u AUTO_INCREMENT = 100", "INSERT INTO u (v) VALUES (1)",
		"CREATE TABLE later (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "INSERT INTO later (v) VALUES (1), (2)")
	rewound := rewind(t, db, "back", before)
	next := func(step, wantT, wantU string) {
		t.Helper()
		pool := connect(t, db, "game")
		defer pool.Close()
		execute(t, pool, "INSERT INTO t (v) VALUES (9)", "INSERT INTO u (v) VALUES (9)")
		if got := read(t, pool, "SELECT MAX(id) FROM t"); got != wantT {
			t.Errorf("%s: the next of t is %s, want %s", step, got, wantT)
		}
		if got := read(t, pool, "SELECT MAX(id) FROM u"); got != wantU {
			t.Errorf("%s: the next of u is %s, want %s", step, got, wantU)
		}
	}
	next("back", "4", "1")
	execute(t, connect(t, db, "game"), "CREATE TABLE later (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "INSERT INTO later (v) VALUES (1)")
	if got := read(t, connect(t, db, "game"), "SELECT id FROM later"); got != "1" {
		t.Errorf("a table that is made again begins with %s", got)
	}
	rewind(t, db, "forward", rewound.From)
	next("forward", "6", "101")
	rewind(t, db, "back again", before)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := newEngine(t, dir).Open(ctx, "cluster-NUMBERS")
	must(t, err)
	defer func() { _ = db.Delete(ctx) }()
	next("after a restart", "4", "1")
}

// TestUsersGoBack rewinds over a new password and a new user.
func TestUsersGoBack(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-USERS")
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE USER reader@'%' IDENTIFIED BY 'first'", "GRANT SELECT ON game.* TO reader@'%'")
	before := moment(t, db)
	execute(t, pool, "ALTER USER reader@'%' IDENTIFIED BY 'second'", "CREATE USER writer@'%' IDENTIFIED BY 'third'", "GRANT ALL ON game.* TO writer@'%'")
	rewound := rewind(t, db, "back", before)
	letsIn := func(step, user, password string, want bool) {
		t.Helper()
		if err := connectAs(t, db, "game", user, password).Ping(); (err == nil) != want {
			t.Errorf("%s: %s with the password %q: %v, want let in: %v", step, user, password, err, want)
		}
	}
	letsIn("back", "reader", "first", true)
	letsIn("back", "reader", "second", false)
	letsIn("back", "writer", "third", false)
	must(t, db.Save(ctx, "snapshot-USERS", rewound.From))
	rewind(t, db, "forward", rewound.From)
	letsIn("forward", "reader", "second", true)
	letsIn("forward", "writer", "third", true)
	if err := db.SetMasterPassword(ctx, masterUser, masterPassword); err != nil {
		t.Errorf("the server's own user is gone: %v", err)
	}
}

// TestTrim forgets what lies behind a time, gives the space back, and keeps
// every later time reachable, dropped databases too.
func TestTrim(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db := newDatabase(t, newEngine(t, dir), "cluster-TRIM")
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)", "CREATE DATABASE old", "CREATE DATABASE kept",
		"CREATE TABLE kept.t (v INT)", "INSERT INTO kept.t VALUES (7)")
	first := moment(t, db)
	execute(t, pool, "DROP DATABASE old")
	for range 8 {
		_, err := pool.Exec("INSERT INTO t (v) VALUES (?)", noise(t, 4<<20))
		must(t, err)
		execute(t, pool, "DELETE FROM t")
		moment(t, db)
	}
	trim := func(before time.Time) {
		t.Helper()
		must(t, db.(aurora.Trimmer).Trim(ctx, before))
	}
	full := size(t, dir)
	trim(first)
	if after := size(t, dir); after < full/2 {
		t.Errorf("%d bytes of %d left, while all of them were within reach", after, full)
	}
	execute(t, pool, "INSERT INTO t (v) VALUES ('a')")
	second := moment(t, db)
	execute(t, pool, "DROP DATABASE kept", "INSERT INTO t (v) VALUES ('b')")
	third := moment(t, db)
	trim(second)
	for deadline := time.Now().Add(bound); size(t, dir) > full/2; {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes of %d left", size(t, dir), full)
		}
	}
	if db.Earliest().Before(first) || db.Earliest().After(second) {
		t.Errorf("the history begins at %v, want it between %v and %v", db.Earliest(), first, second)
	}
	if _, err := db.Rewind(ctx, "too far", time.Now(), first); err == nil {
		t.Error("went back to what was forgotten")
	}
	must(t, db.Close())
	db, err := newEngine(t, dir).Open(ctx, "cluster-TRIM")
	must(t, err)
	defer func() { _ = db.Delete(ctx) }()
	must(t, db.Resume(ctx))
	for n, at := range []time.Time{second, third, second} {
		rewind(t, db, fmt.Sprint("rewind-", n), at)
		want, wantDatabases := "a", "game kept"
		if at == third {
			want, wantDatabases = "a b", "game"
		}
		pool := connect(t, db, "game")
		if got := read(t, pool, "SELECT v FROM t ORDER BY id"); got != want {
			t.Errorf("%v: rows %q, want %q", at, got, want)
		}
		if got := databases(t, db); got != wantDatabases {
			t.Errorf("%v: databases %q, want %q", at, got, wantDatabases)
		}
	}
	if got := read(t, connect(t, db, "kept"), "SELECT v FROM t"); got != "7" {
		t.Errorf("the dropped database came back with %q", got)
	}
}

// noise is a text that no compression makes much shorter.
func noise(t *testing.T, length int) string {
	t.Helper()
	bytes := make([]byte, length/2)
	_, _ = rand.Read(bytes) // never fails
	return hex.EncodeToString(bytes)
}
