package dolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/libraries/doltcore/ref"
)

const (
	// segmentsPerWindow is in how many parts the history of a window is
	// forgotten: so much more than the window is kept at most.
	segmentsPerWindow = 32
	// minGarbage is how much a cluster's directory must have grown since the
	// last collection to be worth another.
	minGarbage = 16 << 20
)

// Trim forgets what is needed for no time from before on: the moments, the
// segments that hold nothing else, dropped databases, users. What Dolt then
// holds for nobody is collected when it has become much.
func (d *database) Trim(ctx context.Context, before time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.line.resumed || !d.line.done() {
		return nil // a rewind comes first
	}
	if now := d.engine.now(); now.Sub(d.segmentBegan) >= now.Sub(before)/segmentsPerWindow {
		d.newSegment(now)
	}
	dropped, err := d.line.trim(before.UTC())
	if err != nil || !dropped {
		return err
	}
	needed := d.line.needed()
	forgot, err := d.forgetSegments(ctx, needed)
	if err != nil {
		return fmt.Errorf("forgetting history: %w", err)
	}
	if err := d.forgetDropped(needed); err != nil {
		return fmt.Errorf("forgetting dropped databases: %w", err)
	}
	if err := d.forgetUsers(needed); err != nil {
		return fmt.Errorf("forgetting users: %w", err)
	}
	if forgot && d.collecting.CompareAndSwap(false, true) {
		go d.collectSoon(context.WithoutCancel(ctx))
	}
	return nil
}

// collectSoon collects when nothing else is under way, unless the database has
// been closed by then.
func (d *database) collectSoon(ctx context.Context) {
	defer d.collecting.Store(false)
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.stop:
		return
	default:
	}
	if err := d.collect(ctx); err != nil {
		d.engine.log.Warn("garbage could not be collected; tried again later", "error", err)
	}
}

// need is what the moments of a line refer to.
type need struct {
	segments     map[string]map[int64]bool // by incarnation
	users        map[string]bool
	incarnations map[string]bool
}

func (l *line) needed() need {
	n := need{segments: map[string]map[int64]bool{}, users: map[string]bool{}, incarnations: map[string]bool{}}
	add := func(all versions, users string) {
		n.users[users] = true
		for _, v := range all {
			n.incarnations[v.Incarnation] = true
			if n.segments[v.Incarnation] == nil {
				n.segments[v.Incarnation] = map[int64]bool{}
			}
			n.segments[v.Incarnation][v.Segment] = true
		}
	}
	for _, m := range l.moments {
		add(m.Versions, m.Users)
	}
	return n
}

// forgetSegments deletes the references of segments that no moment needs, and
// reports whether there were any.
func (d *database) forgetSegments(ctx context.Context, needed need) (bool, error) {
	forgot := false
	for name, o := range d.known {
		store, err := o.db.NomsRoot(ctx)
		if err != nil {
			return forgot, err
		}
		refs, err := o.db.GetRefsOfTypeByNomsRoot(ctx, map[ref.RefType]struct{}{ref.InternalRefType: {}}, store)
		if err != nil {
			return forgot, err
		}
		for _, r := range refs {
			segment, ok := segmentOf(r)
			if !ok || segment == d.segment || needed.segments[o.version.Incarnation][segment] {
				continue
			}
			if err := o.db.DeleteBranch(ctx, r, nil); err != nil && !errors.Is(err, doltdb.ErrBranchNotFound) {
				return forgot, fmt.Errorf("segment %d of database %s: %w", segment, name, err)
			}
			forgot = true
		}
	}
	return forgot, nil
}

// forgetDropped removes the databases that were dropped before any time that
// can be reached.
func (d *database) forgetDropped(needed need) error {
	dropped := filepath.Join(d.home, databasesDir, droppedDir)
	entries, err := os.ReadDir(dropped)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		place := filepath.Join(dropped, entry.Name())
		if data, err := os.ReadFile(filepath.Join(place, mark)); err == nil && needed.incarnations[string(data)] {
			continue
		}
		if err := os.RemoveAll(place); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) forgetUsers(needed need) error {
	entries, err := os.ReadDir(filepath.Join(d.home, usersDir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != d.users && !needed.users[name] {
			if err := os.Remove(filepath.Join(d.home, usersDir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect gives back the space of what no reference holds, if it has become
// much since the last time. Clients go on meanwhile; snapshots and rewinds wait.
func (d *database) collect(ctx context.Context) error {
	held, err := bytesBelow(filepath.Join(d.home, databasesDir))
	if err != nil {
		return err
	}
	if held < 2*d.collected || held < d.collected+minGarbage {
		return nil
	}
	for name := range d.known {
		if err := d.server.run(ctx, name, "CALL DOLT_GC('--full')"); err != nil {
			return fmt.Errorf("collecting the garbage of database %s: %w", name, err)
		}
	}
	d.collected, err = bytesBelow(filepath.Join(d.home, databasesDir))
	return err
}

func bytesBelow(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // clients work there
		}
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum, err
}
