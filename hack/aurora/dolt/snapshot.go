package dolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/store/hash"
)

// observed is what was last seen of a database, so that one in which nothing
// happens costs next to nothing.
type observed struct {
	db      *doltdb.DoltDB
	store   hash.Hash // changes with every write
	root    hash.Hash // the data
	version version
}

// Snapshot makes now a consistent time, without waiting for the next interval.
func (d *database) Snapshot(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.line.resumed {
		return errors.New("no snapshot is taken while a rewind holds the database")
	}
	return d.snapshot(ctx)
}

// snapshot puts the state of all databases on the line if anything changed.
// It is the state of one instant: what is committed before is in it, and
// nothing else. Open transactions stay out of it.
func (d *database) snapshot(ctx context.Context) (err error) {
	at, touched, seen, err := d.observe(ctx)
	defer func() {
		if err != nil && !touched.IsZero() {
			d.locks.touch(touched) // it is still to be kept
		}
	}()
	if err != nil {
		return err
	}
	d.seen = latest(d.seen, touched)
	users, err := d.keepUsers()
	if err != nil {
		return err
	}
	read := versions{}
	for name, o := range seen {
		if o.version.Commit == "" {
			if o.version, err = d.commit(ctx, name, o); err != nil {
				return fmt.Errorf("keeping database %s: %w", name, err)
			}
			seen[name] = o
		}
		read[name] = o.version
	}
	d.known = seen
	end := d.line.end()
	if len(d.line.moments) > 0 && maps.Equal(read, end.Versions) && users == end.Users {
		d.seen = latest(at, d.seen)
		return nil
	}
	at = d.line.next(at)
	if err := d.line.add(record{Moment: &moment{After: d.beginning(at), At: at, Versions: read, Users: users}}); err != nil {
		return err
	}
	d.seen = at
	return nil
}

// observe looks at all databases while nothing is committed, and says when the
// first write since the last look began. A version without a commit is one of
// a database that changed.
func (d *database) observe(ctx context.Context) (at, touched time.Time, seen map[string]observed, err error) {
	d.locks.commits.Lock()
	defer d.locks.commits.Unlock()
	at, touched = d.engine.now().UTC().Truncate(time.Millisecond), d.locks.untouch()
	seen = map[string]observed{}
	for _, database := range d.server.provider.DoltDatabases() {
		name, db := database.Name(), database.DbData().Ddb
		store, err := db.NomsRoot(ctx)
		if err != nil {
			return at, touched, nil, fmt.Errorf("looking at database %s: %w", name, err)
		}
		known, ok := d.known[name]
		if ok && known.db == db && known.store == store {
			seen[name] = known
			continue
		}
		root, err := workingRoot(ctx, db)
		if err != nil {
			return at, touched, nil, fmt.Errorf("looking at database %s: %w", name, err)
		}
		now := observed{db: db, store: store, root: root}
		if ok && known.db == db && known.root == root {
			now.version = known.version // something else was written
		}
		seen[name] = now
	}
	return at, touched, seen, nil
}

// commit keeps a database's data as a commit of its history, unless the line
// ends with that.
func (d *database) commit(ctx context.Context, name string, o observed) (version, error) {
	incarnation, err := d.incarnation(name)
	if err != nil {
		return version{}, err
	}
	last, ok := d.line.end().Versions[name]
	if !ok || last.Incarnation != incarnation {
		return d.addToHistory(ctx, o, version{Incarnation: incarnation})
	}
	root, err := committedRoot(ctx, o.db, last.Commit)
	if err != nil {
		return version{}, err
	}
	if root == o.root {
		return last, nil
	}
	return d.addToHistory(ctx, o, last)
}

// beginning is the After of a moment at a time: the very first moment holds
// from its own time on.
func (d *database) beginning(at time.Time) time.Time {
	if len(d.line.moments) == 0 {
		return at.Add(-time.Millisecond)
	}
	return d.seen
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// databases are the names of the cluster's own databases.
func (d *database) databases() []string {
	var names []string
	for _, database := range d.server.provider.DoltDatabases() {
		names = append(names, database.Name())
	}
	return names
}

// mark is a file in a database's directory with its incarnation. It goes where
// the directory goes, also when the database is dropped.
const mark = "incarnation"

// incarnation reads a database's mark, or sets it if this is a new database.
func (d *database) incarnation(name string) (string, error) {
	path := filepath.Join(d.home, databasesDir, name, mark)
	data, err := os.ReadFile(path)
	if err == nil {
		return string(data), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the mark of database %s: %w", name, err)
	}
	incarnation := rand.Text()
	if err := os.WriteFile(path, []byte(incarnation), 0o600); err != nil {
		return "", fmt.Errorf("marking database %s: %w", name, err)
	}
	return incarnation, nil
}
