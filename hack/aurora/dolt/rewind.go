package dolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/sqle/dsess"
	"github.com/dolthub/go-mysql-server/sql"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// droppedDir is where Dolt keeps the databases that were dropped.
const droppedDir = ".dolt_dropped_databases"

// Rewind puts the state of the time to on the end of the line, and keeps the
// database closed.
func (d *database) Rewind(ctx context.Context, id string, _, to time.Time) (aurora.Rewound, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.server.shut(); err != nil {
		return aurora.Rewound{}, err
	}
	if d.line.last == nil || d.line.last.ID != id {
		if err := d.plan(ctx, id, to); err != nil {
			return aurora.Rewound{}, err
		}
	}
	if !d.line.done() {
		if err := d.apply(ctx); err != nil {
			return aurora.Rewound{}, err
		}
	}
	return aurora.Rewound{From: d.line.last.From, To: d.line.last.Reached}, nil
}

// plan writes down what is to be done. From then on it is done, crash or not.
func (d *database) plan(ctx context.Context, id string, to time.Time) error {
	if err := d.snapshot(ctx); err != nil {
		return fmt.Errorf("keeping the state before the rewind: %w", err)
	}
	found, reached, err := d.line.find(to.UTC())
	if err != nil {
		return err
	}
	from := latest(d.seen, d.line.end().At)
	return d.line.add(record{Rewind: &rewind{ID: id, From: from, Reached: reached, Versions: found.Versions, Users: found.Users}})
}

// apply makes every database what the latest rewind wants, and puts that on
// the line. Done twice it does no harm.
func (d *database) apply(ctx context.Context) error {
	wanted := d.line.last.Versions
	if err := d.dropOthers(ctx, wanted); err != nil {
		return err
	}
	for name, version := range wanted {
		if err := d.bring(ctx, name, version); err != nil {
			return fmt.Errorf("rewinding database %s: %w", name, err)
		}
	}
	if err := d.bringUsers(ctx, d.line.last.Users); err != nil {
		return err
	}
	now := d.engine.now().UTC().Truncate(time.Millisecond)
	at := d.line.next(latest(now, d.line.last.From.Add(time.Millisecond)))
	m := moment{After: d.line.last.From, At: at, Versions: wanted, Users: d.line.last.Users, Rewind: d.line.last.ID}
	if err := d.line.add(record{Moment: &m}); err != nil {
		return err
	}
	d.seen = at
	return nil
}

// dropOthers drops the databases that are not wanted as they are. They can
// come back.
func (d *database) dropOthers(ctx context.Context, wanted versions) error {
	for _, name := range d.databases() {
		incarnation, err := d.incarnation(name)
		if err != nil {
			return err
		}
		if version, ok := wanted[name]; ok && version.Incarnation == incarnation {
			continue
		}
		if err := d.server.run(ctx, "", "DROP DATABASE "+quoteName(name)); err != nil {
			return fmt.Errorf("dropping database %s: %w", name, err)
		}
	}
	return nil
}

// bring makes what clients see of a database a version of it, after it was
// brought back if it had been dropped. AUTO_INCREMENT goes back with the data.
// What it was stays in the history.
func (d *database) bring(ctx context.Context, name string, v version) error {
	if _, err := os.Stat(filepath.Join(d.home, databasesDir, name)); err != nil {
		if err := d.undrop(ctx, name, v.Incarnation); err != nil {
			return err
		}
	}
	return d.server.within(ctx, name, func(c *sql.Context) error {
		tx, err := dsess.DSessFromSess(c.Session).StartTransaction(c, sql.ReadWrite)
		if err != nil {
			return fmt.Errorf("beginning: %w", err)
		}
		c.SetTransaction(tx)
		database, ok := d.server.database(name)
		if !ok {
			return errors.New("it is not there")
		}
		commit, err := commitOf(c, database.DbData().Ddb, v.Commit)
		if err != nil {
			return err
		}
		root, err := commit.GetRootValue(c)
		if err != nil {
			return fmt.Errorf("reading commit %s: %w", v.Commit, err)
		}
		before, err := setRoot(c, name, root)
		if err != nil {
			return err
		}
		return resetAutoIncrement(c, database, before, root)
	})
}

// undrop brings back the incarnation of a database that was dropped. Dolt
// brings back by name, and keeps earlier ones of the same name beside it.
func (d *database) undrop(ctx context.Context, name, incarnation string) error {
	dropped := filepath.Join(d.home, databasesDir, droppedDir)
	entries, err := os.ReadDir(dropped)
	if err != nil {
		return fmt.Errorf("looking for it among the dropped: %w", err)
	}
	place := filepath.Join(dropped, name)
	for _, entry := range entries {
		found := filepath.Join(dropped, entry.Name())
		data, err := os.ReadFile(filepath.Join(found, mark))
		if err != nil || string(data) != incarnation {
			continue // not marked: dropped before any snapshot saw it
		}
		if found != place {
			if err := swap(place, found); err != nil {
				return fmt.Errorf("finding it among the dropped: %w", err)
			}
		}
		return d.server.within(ctx, "", func(c *sql.Context) error { return d.server.provider.UndropDatabase(c, name) })
	}
	return fmt.Errorf("it is not among the dropped databases")
}

// swap puts the directory found in place, and what was in that place where
// found was.
func swap(place, found string) error {
	aside := found + ".aside"
	if err := os.Rename(found, aside); err != nil {
		return err
	}
	if _, err := os.Stat(place); err == nil {
		if err := os.Rename(place, found); err != nil {
			return err
		}
	}
	return os.Rename(aside, place)
}

// Resume lets clients in again.
func (d *database) Resume(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.line.last != nil && !d.line.resumed {
		if err := d.line.add(record{Resumed: d.line.last.ID}); err != nil {
			return err
		}
	}
	d.gate.open()
	return nil
}
