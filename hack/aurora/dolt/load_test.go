package dolt_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// The size of the load: small by default, so that the test is one of all. The
// README gives the figures of -writers=50 -databases=10 -rewinds=20.
var (
	writers      = flag.Int("writers", 4, "connections that write")
	manyDatabase = flag.Int("databases", 3, "databases that they write to")
	rewinds      = flag.Int("rewinds", 2, "rewinds under that load")
	growth       = flag.Duration("growth", 0, "how long to write for TestGrowth; 0 skips it")
)

// acknowledged is a row that a writer inserted: in every database under one
// transaction.
type acknowledged struct {
	id          int64
	begun, done time.Time
}

// load writes to all databases of a cluster, and knows what was acknowledged.
type load struct {
	t    *testing.T
	db   aurora.Database
	next atomic.Int64

	mu   sync.Mutex
	rows []acknowledged
}

// run writes until it is stopped; what a rewind interrupts is not acknowledged.
func (l *load) run(stop <-chan struct{}) {
	pool := connect(l.t, l.db, "")
	pool.SetMaxOpenConns(*writers)
	var all sync.WaitGroup
	for range *writers {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				row := acknowledged{id: l.next.Add(1), begun: time.Now()}
				if err := l.insert(pool, row.id); err != nil {
					continue
				}
				row.done = time.Now()
				l.mu.Lock()
				l.rows = append(l.rows, row)
				l.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// insert puts a row into every database, in one transaction.
func (l *load) insert(pool *sql.DB, id int64) error {
	tx, err := pool.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for n := range *manyDatabase {
		if _, err := tx.Exec(fmt.Sprintf("INSERT INTO d%d.t VALUES (%d)", n, id)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TestLoad rewinds a cluster under load, back and forward. Of what was
// acknowledged before the time asked for nothing is lost, no transaction is
// cut, and what was begun after that time is there only as far as consistent
// times are apart.
func TestLoad(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t, newEngine(t, t.TempDir()), "cluster-LOAD")
	defer func() { _ = db.Delete(ctx) }()
	setUp := connect(t, db, "")
	for n := range *manyDatabase {
		execute(t, setUp, fmt.Sprintf("CREATE DATABASE d%d", n), fmt.Sprintf("CREATE TABLE d%d.t (id BIGINT PRIMARY KEY)", n))
	}
	var latest time.Duration
	var lost, torn, total int
	for round := range *rewinds {
		l := &load{t: t, db: db}
		l.next.Store(int64(round) * 1_000_000)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() { defer close(stopped); l.run(stop) }()
		waitForRows(l, 10)
		to := time.Now().Truncate(time.Millisecond)
		waitForRows(l, 20)
		rewound, err := db.Rewind(ctx, fmt.Sprint("back-", round), time.Now(), to)
		must(t, err)
		close(stop)
		<-stopped
		must(t, db.Resume(ctx))
		there := present(t, db, &torn)
		for _, row := range l.rows {
			switch {
			case row.done.Before(to) && !there[row.id]:
				lost++
			case row.begun.After(to) && there[row.id]:
				latest = max(latest, row.begun.Sub(to))
			}
		}
		rewind(t, db, fmt.Sprint("forward-", round), rewound.From)
		there = present(t, db, &torn)
		for _, row := range l.rows {
			if !there[row.id] {
				lost++
			}
		}
		total += len(l.rows)
	}
	t.Logf("%d transactions over %d databases acknowledged, %d rewinds: %d lost, %d cut, the latest row was begun %v after the time asked for",
		total, *manyDatabase, *rewinds, lost, torn, latest)
	if lost > 0 || torn > 0 {
		t.Errorf("%d lost, %d cut", lost, torn)
	}
}

// waitForRows waits until so many more rows are acknowledged.
func waitForRows(l *load, more int) {
	count := func() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.rows) }
	for want, deadline := count()+more, time.Now().Add(bound); count() < want && time.Now().Before(deadline); {
		runtime.Gosched()
	}
}

// present are the rows in all databases; torn counts those in some only.
func present(t *testing.T, db aurora.Database, torn *int) map[int64]bool {
	t.Helper()
	pool := connect(t, db, "")
	defer pool.Close()
	counts := map[int64]int{}
	for n := range *manyDatabase {
		rows, err := pool.Query(fmt.Sprintf("SELECT id FROM d%d.t", n))
		must(t, err)
		for rows.Next() {
			var id int64
			must(t, rows.Scan(&id))
			counts[id]++
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	there := map[int64]bool{}
	for id, count := range counts {
		if there[id] = true; count != *manyDatabase {
			*torn++
		}
	}
	return there
}

// TestGrowth writes for as long as -growth says, to a window of a quarter of
// that, and reports how the data grew.
func TestGrowth(t *testing.T) {
	if *growth == 0 {
		t.Skip("-growth is not set")
	}
	dir := t.TempDir()
	db := newDatabase(t, newEngine(t, dir), "cluster-GROWTH")
	defer func() { _ = db.Delete(context.Background()) }()
	pool := connect(t, db, "game")
	execute(t, pool, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))")
	begun, rows := time.Now(), 0
	for quarter := 1; quarter <= 4; quarter++ {
		for time.Since(begun) < time.Duration(quarter)*(*growth)/4 {
			execute(t, pool, fmt.Sprintf("REPLACE INTO t VALUES (%d, '%s')", rows%1000, noise(t, 200)))
			rows++
		}
		before := size(t, dir)
		must(t, db.(aurora.Trimmer).Trim(context.Background(), time.Now().Add(-*growth/4)))
		t.Logf("after %v and %d writes: %d MB, trimmed to %d MB", time.Since(begun).Round(time.Second), rows, before>>20, size(t, dir)>>20)
	}
}
