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
	"slices"
	"strings"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
)

// systemDatabases are not the cluster's own.
var systemDatabases = []string{"information_schema", "mysql", "performance_schema", "sys"}

// Snapshot makes now a consistent time, without waiting for the next interval.
func (d *database) Snapshot(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.line.resumed {
		return errors.New("no snapshot is taken while a rewind holds the database")
	}
	return d.snapshot(ctx)
}

// snapshot commits every database, and puts the outcome on the line if
// anything changed. Open transactions stay out of it.
func (d *database) snapshot(ctx context.Context) error {
	at := d.engine.now().UTC().Truncate(time.Millisecond)
	read, err := d.commit(ctx)
	if err != nil {
		return err
	}
	end := d.line.end()
	if len(d.line.moments) > 0 && maps.Equal(read, end.Versions) {
		d.seen = latest(at, d.seen)
		return nil
	}
	at = d.line.next(at)
	if err := d.line.add(record{Moment: &moment{After: d.beginning(at), At: at, Versions: read}}); err != nil {
		return err
	}
	d.seen = at
	return nil
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

// commit commits every database.
func (d *database) commit(ctx context.Context) (versions, error) {
	names, err := d.databases(ctx)
	if err != nil {
		return nil, err
	}
	read := versions{}
	for _, name := range names {
		incarnation, err := d.incarnation(name)
		if err != nil {
			return nil, err
		}
		hash, err := d.commitOne(ctx, name, d.line.end().Versions[name], incarnation)
		if err != nil {
			return nil, fmt.Errorf("committing database %s: %w", name, err)
		}
		read[name] = version{Incarnation: incarnation, Commit: hash}
	}
	return read, nil
}

// commitOne commits a database and gives the commit, an earlier one if nothing
// changed since.
func (d *database) commitOne(ctx context.Context, name string, known version, incarnation string) (string, error) {
	rows, err := d.server.run(ctx, name, "CALL DOLT_COMMIT('-A', '-f', '--skip-empty', '-m', 'snapshot')")
	if err != nil {
		return "", err
	}
	if hash := text(rows); hash != "" {
		return hash, nil
	}
	if known.Incarnation == incarnation {
		return known.Commit, nil
	}
	if rows, err = d.server.run(ctx, name, "SELECT HASHOF('HEAD')"); err != nil {
		return "", err
	}
	return text(rows), nil
}

// text is the first value of the first row.
func text(rows []sql.Row) string {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return ""
	}
	value, _ := rows[0][0].(string)
	return value
}

// databases are the names of the cluster's own databases.
func (d *database) databases(ctx context.Context) ([]string, error) {
	rows, err := d.server.run(ctx, "", "SHOW DATABASES")
	if err != nil {
		return nil, fmt.Errorf("listing the databases: %w", err)
	}
	var names []string
	for _, row := range rows {
		name, _ := row[0].(string)
		if !slices.Contains(systemDatabases, strings.ToLower(name)) {
			names = append(names, name)
		}
	}
	return names, nil
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
