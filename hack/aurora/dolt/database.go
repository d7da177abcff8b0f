package dolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// database is the data of one cluster: an aurora.Database.
type database struct {
	engine *Engine
	home   string
	gate   *gate
	locks  *locks
	server *sqlServer

	stop     chan struct{}
	stopped  chan struct{}
	closed   sync.Once
	closeErr error

	mu   sync.Mutex // guards the line, and keeps snapshots and rewinds apart
	line *line
	// seen is when the state at the end of the line was last seen to hold.
	seen time.Time
	// known is what was last seen of each database, users of the users.
	known             map[string]observed
	users, usersStamp string
	// segment is the part of the history that commits are added to now.
	segment      int64
	segmentBegan time.Time
	// collected is how many bytes the databases had after the last collection.
	collected int64
	// collecting is set while a collection waits or runs.
	collecting atomic.Bool
}

// start serves a cluster's data. What a crash interrupted is finished first.
func (e *Engine) start(ctx context.Context, resourceID string) (*database, error) {
	d := &database{engine: e, home: e.home(resourceID), locks: newLocks(), stop: make(chan struct{}), stopped: make(chan struct{})}
	var err error
	if d.line, err = openLine(filepath.Join(d.home, "history.jsonl")); err != nil {
		return nil, err
	}
	if d.gate, err = d.listen(); err != nil {
		return nil, errors.Join(err, d.line.file.Close())
	}
	version, err := os.ReadFile(filepath.Join(d.home, versionFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, d.gate.Close(), d.line.file.Close())
	}
	if d.server, err = startServer(ctx, d.home, string(version), d.gate, d.locks, d.touch); err != nil {
		return nil, errors.Join(err, d.gate.Close(), d.line.file.Close())
	}
	d.seen = latest(d.line.end().At, d.lastHeld())
	d.newSegment(e.now())
	if err := d.settle(ctx); err != nil {
		return nil, errors.Join(err, d.server.close(), d.line.file.Close())
	}
	go d.watch() //nolint:gosec // it lives as long as the database, not as the call that opened it
	return d, nil
}

// settle finishes an interrupted rewind, and opens the database unless a
// rewind holds it.
func (d *database) settle(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.line.done() && !d.line.resumed {
		if err := d.apply(ctx); err != nil {
			return fmt.Errorf("finishing an interrupted rewind: %w", err)
		}
	}
	if d.line.resumed {
		d.gate.open()
	}
	return nil
}

// listen opens the cluster's gate, on the port that it had before if that is
// still free.
func (d *database) listen() (*gate, error) {
	path := filepath.Join(d.home, "port")
	port := 0
	if text, err := os.ReadFile(path); err == nil {
		port, _ = strconv.Atoi(string(text)) // any port will do if it is unreadable
	}
	g, err := newGate(port)
	if err != nil {
		return nil, fmt.Errorf("listening for MySQL clients: %w", err)
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(g.port())), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("writing down the port: %w", err), g.Close())
	}
	return g, nil
}

// initialize makes the master user and the first database of a new cluster.
func (d *database) initialize(ctx context.Context, spec aurora.DatabaseSpec) error {
	user := quoteText(spec.MasterUsername) + "@'%'"
	statements := []string{
		"CREATE USER " + user + " IDENTIFIED BY " + quoteText(spec.MasterUserPassword),
		"GRANT ALL ON *.* TO " + user + " WITH GRANT OPTION",
	}
	if spec.DatabaseName != "" {
		statements = append(statements, withCollation("CREATE DATABASE "+quoteName(spec.DatabaseName)))
	}
	for n, statement := range statements {
		if err := d.server.run(ctx, "", statement); err != nil {
			// Not the statement itself: the first has the password.
			return fmt.Errorf("preparing the cluster, step %d: %w", n+1, err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.snapshot(ctx)
}

// watch takes snapshots until the database is closed.
func (d *database) watch() {
	defer close(d.stopped)
	ticker := time.NewTicker(SnapshotInterval)
	defer ticker.Stop()
	for {
		select {
		case <-d.stop:
			return
		case <-ticker.C:
		}
		if d.held() {
			continue
		}
		if err := d.Snapshot(context.Background()); err != nil {
			d.engine.log.Debug("no snapshot this time; the next follows", "error", err)
		}
	}
}

// Endpoint is where MySQL clients connect.
func (d *database) Endpoint() (string, int) { return "127.0.0.1", d.gate.port() }

// Earliest is the beginning of the history.
func (d *database) Earliest() time.Time {
	if d.line.count.Load() == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.line.begins.Load()).UTC()
}

// ChangeRecords is the number of states on the line.
func (d *database) ChangeRecords() int64 {
	return d.line.count.Load()
}

// SetMasterPassword changes the master user's password.
func (d *database) SetMasterPassword(ctx context.Context, user, password string) error {
	d.locks.commits.RLock()
	defer d.locks.commits.RUnlock()
	d.touch()
	statement := "ALTER USER " + quoteText(user) + "@'%' IDENTIFIED BY " + quoteText(password)
	if err := d.server.run(ctx, "", statement); err != nil {
		return fmt.Errorf("changing the master user's password: %w", err)
	}
	return nil
}

// Close ends the server and keeps the data, with a last snapshot. Only the
// first Close does anything.
func (d *database) Close() error {
	d.closed.Do(func() {
		close(d.stop)
		<-d.stopped
		d.mu.Lock()
		defer d.mu.Unlock()
		d.closeErr = d.server.shut()
		if d.closeErr == nil && d.line.resumed {
			d.closeErr = d.snapshot(context.Background())
		}
		d.closeErr = errors.Join(d.closeErr, d.server.close(), d.line.file.Close())
	})
	return d.closeErr
}

// Delete ends the server and removes the data.
func (d *database) Delete(context.Context) error {
	if err := d.Close(); err != nil {
		d.engine.log.Warn("a database that is being deleted did not close cleanly", "error", err)
	}
	return os.RemoveAll(d.home)
}

// Shut keeps clients out until Open.
func (d *database) Shut(context.Context) error { return d.server.shut() }

// Open lets clients in, unless a rewind holds the database.
func (d *database) Open(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.line.resumed {
		d.gate.open()
	}
	return nil
}
