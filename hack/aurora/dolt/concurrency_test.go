package dolt_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// increments is how many increments each connection does: few by default, 100
// for the figures in the README.
var increments = flag.Int("increments", 10, "increments for each of 8 connections")

// TestIncrements lets connections count one row up, and finds every increment
// that was acknowledged.
func TestIncrements(t *testing.T) {
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-INCREMENTS")
	defer func() { _ = db.Delete(context.Background()) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)")
	ways := map[string]func(conn *sql.DB) error{
		"1": func(conn *sql.DB) error { _, err := conn.Exec("UPDATE t SET v = v + 1 WHERE id = 1"); return err },
		"2": func(conn *sql.DB) error { _, err := conn.Exec("UPDATE t SET v = v + 1 WHERE id = ?", 2); return err },
		"3": func(conn *sql.DB) error { return readThenWrite(conn, 3) },
	}
	for id, increment := range ways {
		var acknowledged int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range *increments {
					if increment(pool) == nil {
						mu.Lock()
						acknowledged++
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		got := read(t, pool, "SELECT v FROM t WHERE id = "+id)
		t.Logf("row %s: %d of %d acknowledged, %s there", id, acknowledged, 8**increments, got)
		if got != fmt.Sprint(acknowledged) || acknowledged != 8**increments {
			t.Errorf("row %s: %d of %d acknowledged, %s there", id, acknowledged, 8**increments, got)
		}
	}
}

// readThenWrite increments a row in a transaction, with a read that locks.
func readThenWrite(pool *sql.DB, id int) error {
	tx, err := pool.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var v int
	if err := tx.QueryRow("SELECT v FROM t WHERE id = ? FOR UPDATE", id).Scan(&v); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE t SET v = ? WHERE id = ?", v+1, id); err != nil {
		return err
	}
	return tx.Commit()
}

// TestLockWait sees one transaction wait for another, for as long as it was
// told to, and go on when the other is over, however that ended.
func TestLockWait(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-LOCKS")
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 0)")
	for name, end := range map[string]func(*testing.T, *sql.Conn, *sql.Tx){
		"commit":   func(t *testing.T, _ *sql.Conn, tx *sql.Tx) { must(t, tx.Commit()) },
		"rollback": func(t *testing.T, _ *sql.Conn, tx *sql.Tx) { must(t, tx.Rollback()) },
		"closed": func(t *testing.T, conn *sql.Conn, _ *sql.Tx) {
			must(t, conn.Raw(func(c any) error { return c.(interface{ Close() error }).Close() }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, err := connect(t, db, "game").Conn(ctx)
			must(t, err)
			tx, err := first.BeginTx(ctx, nil)
			must(t, err)
			must(t, tx.QueryRow("SELECT v FROM t WHERE id = 1 FOR UPDATE").Scan(new(int)))

			second, err := pool.Conn(ctx)
			must(t, err)
			defer second.Close()
			_, err = second.ExecContext(ctx, "SET innodb_lock_wait_timeout = 1")
			must(t, err)
			_, err = second.ExecContext(ctx, "UPDATE t SET v = 7 WHERE id = 1")
			if got := new(mysql.MySQLError); !errors.As(err, &got) || got.Number != 1205 {
				t.Fatalf("%v, want error 1205", err)
			}
			must(t, second.QueryRowContext(ctx, "SELECT v FROM t WHERE id = 1").Scan(new(int))) // readers never wait
			end(t, first, tx)
			_, err = second.ExecContext(ctx, "SET innodb_lock_wait_timeout = 50")
			must(t, err)
			_, err = second.ExecContext(ctx, "UPDATE t SET v = v + 1 WHERE id = 1")
			must(t, err)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoDatabases commits a transaction over two databases whole, rolls one
// back whole, and refuses a single statement over both without harm to its
// session.
func TestTwoDatabases(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-TWO")
	defer func() { _ = db.Delete(ctx) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (v INT)", "CREATE DATABASE other", "CREATE TABLE other.t (v INT)")
	conn, err := pool.Conn(ctx)
	must(t, err)
	defer conn.Close()
	do := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	want := func(step, want string) {
		t.Helper()
		if got := read(t, pool, "SELECT CONCAT((SELECT COUNT(*) FROM game.t), (SELECT COUNT(*) FROM other.t))"); got != want {
			t.Errorf("%s: %s rows, want %s", step, got, want)
		}
	}
	do("BEGIN", "INSERT INTO game.t VALUES (1)", "INSERT INTO other.t VALUES (1)", "COMMIT")
	want("committed", "11")
	do("BEGIN", "INSERT INTO game.t VALUES (2)", "INSERT INTO other.t VALUES (2)", "ROLLBACK")
	want("rolled back", "11")
	do("SET autocommit = 0", "INSERT INTO game.t VALUES (2)", "INSERT INTO other.t VALUES (2)", "COMMIT", "SET autocommit = 1")
	want("without autocommit", "22")
	do("CREATE TABLE other.u (v INT)", "CREATE TRIGGER both_of_them AFTER INSERT ON game.t FOR EACH ROW INSERT INTO other.u VALUES (NEW.v)")
	if _, err := conn.ExecContext(ctx, "INSERT INTO game.t VALUES (3)"); err == nil {
		t.Error("a single statement changed two databases")
	} else if !strings.Contains(err.Error(), "within a transaction") {
		t.Errorf("refused with %v", err)
	}
	want("refused", "22")
	do("INSERT INTO other.t VALUES (4)")
	want("the session goes on", "23")
}

// TestOneInstant rewinds under writers that count several databases up
// together, and finds the same count in all of them.
func TestOneInstant(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-INSTANT")
	defer func() { _ = db.Delete(ctx) }()
	const databases = 4
	setUp := connect(t, db, "")
	for n := range databases {
		execute(t, setUp, fmt.Sprintf("CREATE DATABASE d%d", n), fmt.Sprintf("CREATE TABLE d%d.t (v INT)", n), fmt.Sprintf("INSERT INTO d%d.t VALUES (0)", n))
	}
	var at time.Time
	for round := range 60 {
		if round == 30 {
			at = time.Now().Truncate(time.Millisecond)
		}
		tx, err := setUp.Begin()
		must(t, err)
		for n := range databases {
			_, err := tx.Exec(fmt.Sprintf("UPDATE d%d.t SET v = v + 1", n))
			must(t, err)
		}
		must(t, tx.Commit())
	}
	rewound := rewind(t, db, "back", at)
	if late := rewound.To.Sub(at); late < 0 || late > time.Second {
		t.Errorf("reached %v, asked for %v", rewound.To, at)
	}
	wantSame := func(least int) {
		t.Helper()
		pool := connect(t, db, "")
		defer pool.Close()
		counts := map[string]bool{}
		var count int
		for n := range databases {
			text := read(t, pool, fmt.Sprintf("SELECT v FROM d%d.t", n))
			_, err := fmt.Sscan(text, &count)
			must(t, err)
			counts[text] = true
		}
		if len(counts) != 1 || count < least {
			t.Errorf("counts %v, want one of at least %d", counts, least)
		}
	}
	wantSame(30)
	rewind(t, db, "forward", rewound.From)
	wantSame(60)
}
