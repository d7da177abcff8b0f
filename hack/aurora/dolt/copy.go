package dolt

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

const (
	snapshotsDir   = "snapshots"
	versionsFile   = "versions.json"
	privilegesFile = "privileges.db"
)

// Save copies the databases of a cluster as they were at a time, the present
// if that is zero, with its users. Clients read on meanwhile; what they commit
// waits.
func (d *database) Save(ctx context.Context, snapshotID string, at time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.snapshot(ctx); err != nil {
		return fmt.Errorf("taking the state to copy: %w", err)
	}
	wanted := d.line.end()
	if !at.IsZero() {
		var err error
		if wanted, _, err = d.line.find(at.UTC()); err != nil {
			return err
		}
	}
	home := d.engine.snapshotHome(snapshotID)
	d.locks.commits.Lock()
	defer d.locks.commits.Unlock()
	if err := d.copyTo(home, wanted); err != nil {
		_ = os.RemoveAll(home) // the error that counts is the first
		return fmt.Errorf("copying the cluster's data: %w", err)
	}
	return nil
}

func (d *database) copyTo(home string, wanted moment) error {
	if err := os.MkdirAll(filepath.Join(home, databasesDir), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(wanted.Versions)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, versionsFile), text, 0o600); err != nil {
		return err
	}
	users := filepath.Join(d.home, privilegesFile)
	if wanted.Users != "" {
		users = filepath.Join(d.home, usersDir, wanted.Users)
	}
	if err := copyFile(users, filepath.Join(home, privilegesFile)); err != nil {
		return err
	}
	for name, v := range wanted.Versions {
		from, err := d.place(name, v.Incarnation)
		if err != nil {
			return err
		}
		if err := copyTree(from, filepath.Join(home, databasesDir, name)); err != nil {
			return err
		}
	}
	return nil
}

// place is the directory of an incarnation of a database, dropped or not.
func (d *database) place(name, incarnation string) (string, error) {
	all := filepath.Join(d.home, databasesDir)
	places := []string{filepath.Join(all, name)}
	dropped, err := os.ReadDir(filepath.Join(all, droppedDir))
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	for _, entry := range dropped {
		places = append(places, filepath.Join(all, droppedDir, entry.Name()))
	}
	for _, place := range places {
		if data, err := os.ReadFile(filepath.Join(place, mark)); err == nil && string(data) == incarnation {
			return place, nil
		}
	}
	return "", fmt.Errorf("database %s is not there any more", name)
}

// Restore makes the server of a new cluster from a snapshot.
func (e *Engine) Restore(ctx context.Context, snapshotID string, spec aurora.DatabaseSpec) (aurora.Database, error) {
	from, home := e.snapshotHome(snapshotID), e.home(spec.ResourceID)
	d, err := e.restore(ctx, from, home, spec)
	if err != nil {
		_ = os.RemoveAll(home) // the error that counts is the first
		return nil, fmt.Errorf("restoring snapshot %s: %w", snapshotID, err)
	}
	return d, nil
}

func (e *Engine) restore(ctx context.Context, from, home string, spec aurora.DatabaseSpec) (*database, error) {
	text, err := os.ReadFile(filepath.Join(from, versionsFile))
	if err != nil {
		return nil, err
	}
	var wanted versions
	if err := json.Unmarshal(text, &wanted); err != nil {
		return nil, err
	}
	if err := copyTree(from, home); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(home, versionsFile)); err != nil {
		return nil, err
	}
	if err := e.writeVersion(spec); err != nil {
		return nil, err
	}
	d, err := e.start(ctx, spec.ResourceID)
	if err != nil {
		return nil, err
	}
	if err := d.begin(ctx, wanted); err != nil {
		_ = d.Close() // the error that counts is the first
		return nil, err
	}
	return d, nil
}

// begin brings the databases of a copy to the versions that were copied, and
// begins its history.
func (d *database) begin(ctx context.Context, wanted versions) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, v := range wanted {
		if err := d.bring(ctx, name, v); err != nil {
			return fmt.Errorf("resetting database %s: %w", name, err)
		}
	}
	return d.snapshot(ctx)
}

// DeleteSnapshot removes a snapshot.
func (e *Engine) DeleteSnapshot(_ context.Context, snapshotID string) error {
	return os.RemoveAll(e.snapshotHome(snapshotID))
}

func (e *Engine) snapshotHome(id string) string { return filepath.Join(e.dir, snapshotsDir, id) }

// copyTree copies a file, or a directory with all that is in it.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}
