package dolt_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/aurora/dolt"
)

const (
	masterUser     = "admin"
	masterPassword = "it's a 'long' one"
	// bound is the longest that anything here may take.
	bound = 30 * time.Second
)

// newEngine is an engine below a directory, on the real clock.
func newEngine(t *testing.T, dir string) *dolt.Engine {
	t.Helper()
	e, err := dolt.NewEngine(dir, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newDatabase is a new cluster's data.
func newDatabase(t *testing.T, e *dolt.Engine, resourceID string) aurora.Database {
	t.Helper()
	db, err := e.Create(context.Background(), aurora.DatabaseSpec{
		ResourceID: resourceID, ClusterIdentifier: "test", DatabaseName: "game",
		MasterUsername: masterUser, MasterUserPassword: masterPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// connect opens a client's pool.
func connect(t *testing.T, db aurora.Database, database string) *sql.DB {
	t.Helper()
	return connectAs(t, db, database, masterUser, masterPassword)
}

func connectAs(t *testing.T, db aurora.Database, database, user, password string) *sql.DB {
	t.Helper()
	host, port := db.Endpoint()
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", fmt.Sprintf("%s:%d", host, port)
	config.User, config.Passwd, config.DBName = user, password, database
	config.Timeout = bound
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func execute(t *testing.T, pool *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := pool.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// read is the first column of a query, joined.
func read(t *testing.T, pool *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := pool.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(values, " ")
}

// moment is a time that lies after all that was done before it and before all
// that is done after it.
func moment(t *testing.T, db aurora.Database) time.Time {
	t.Helper()
	at := time.Now().Truncate(time.Millisecond) // as the API has it
	if err := db.(interface{ Snapshot(context.Context) error }).Snapshot(context.Background()); err != nil {
		t.Fatal(err)
	}
	return at
}

// rewind does a whole backtrack.
func rewind(t *testing.T, db aurora.Database, id string, to time.Time) aurora.Rewound {
	t.Helper()
	ctx := context.Background()
	rewound, err := db.Rewind(ctx, id, time.Now(), to)
	if err != nil {
		t.Fatalf("rewind %s: %v", id, err)
	}
	if err := db.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	return rewound
}

// state is what the experiment looks at.
type state struct{ tables, players, columns string }

func look(t *testing.T, db aurora.Database) state {
	t.Helper()
	pool := connect(t, db, "game")
	defer pool.Close()
	tables := strings.Fields(read(t, pool, "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", "game"))
	slices.Sort(tables)
	return state{
		tables:  strings.Join(tables, " "),
		players: read(t, pool, "SELECT username FROM players WHERE id > ? ORDER BY id", 0),
		columns: read(t, pool, "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position", "players"),
	}
}

// TestExperiment is the experiment of the facts, step by step.
func TestExperiment(t *testing.T) {
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-EXPERIMENT")
	defer func() { _ = db.Delete(context.Background()) }()
	pool := connect(t, db, "game")

	first := state{"players", "Alice Bob Charlie", "id username"}
	second := state{"games players", "Alice Bob Charlie Dave Eve Frank", "id username"}
	third := state{"login_history players", "Alice Bob Charlie George Helen Ivan", "id username sum_score"}
	want := func(step string, want state) {
		t.Helper()
		if got := look(t, db); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", step, got, want)
		}
	}

	execute(t, pool,
		"CREATE TABLE players (id INT AUTO_INCREMENT PRIMARY KEY, username VARCHAR(50) NOT NULL)",
		"INSERT INTO players (username) VALUES ('Alice'), ('Bob'), ('Charlie')")
	at1355 := moment(t, db)
	want("1", first)

	execute(t, pool,
		"INSERT INTO players (username) VALUES ('Dave'), ('Eve'), ('Frank')",
		"CREATE TABLE games (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(50))",
		"INSERT INTO games (title) VALUES ('Chess'), ('Go'), ('Poker')")
	at1405 := moment(t, db)
	want("2", second)

	step3 := rewind(t, db, "step-3", at1355)
	want("3", first)

	pool = connect(t, db, "game")
	execute(t, pool,
		"ALTER TABLE players ADD COLUMN sum_score INT DEFAULT 0",
		"CREATE TABLE login_history (id INT AUTO_INCREMENT PRIMARY KEY, player INT)",
		"INSERT INTO players (username, sum_score) VALUES ('George', 100), ('Helen', 200), ('Ivan', 300)")
	at1415 := moment(t, db)
	want("4", third)
	if got := read(t, pool, "SELECT CONCAT(id, ':', sum_score) FROM players WHERE id > ? ORDER BY id", 3); got != "4:100 5:200 6:300" {
		t.Errorf("4: ids and scores %q", got)
	}

	rewind(t, db, "step-5", at1405)
	want("5", second)
	if got := read(t, connect(t, db, "game"), "SELECT title FROM games ORDER BY id"); got != "Chess Go Poker" {
		t.Errorf("5: games %q", got)
	}

	step6 := rewind(t, db, "step-6", at1415)
	want("6", third)

	rewind(t, db, "undo-6", step6.From)
	want("undone: 5 again", second)
	rewind(t, db, "undo-3", step3.From)
	want("undone: 2 again", second)
}

// size is how many bytes there are below a directory.
func size(t *testing.T, dir string) int64 {
	t.Helper()
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // files come and go
		}
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
