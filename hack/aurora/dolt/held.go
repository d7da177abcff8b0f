package dolt

import (
	"os"
	"path/filepath"
	"time"
)

// heldFile says until when the state at the end of the line held, for the case
// that the program is killed before a snapshot.
const heldFile = "held"

// touch is called before anything is committed: what is at the end of the line
// held until now. A time of a millisecond is taken for its beginning, so the
// millisecond before is the last that can be sure of that.
func (d *database) touch() {
	now := d.engine.now().UTC().Truncate(time.Millisecond).Add(-time.Millisecond)
	if !d.locks.touch(now) {
		return
	}
	if err := os.WriteFile(filepath.Join(d.home, heldFile), []byte(now.Format(time.RFC3339Nano)), 0o600); err != nil {
		d.engine.log.Warn("if the program is killed now, consistent times will be further apart", "error", err)
	}
}

// lastHeld is the time that touch wrote down last, zero if there is none whole.
func (d *database) lastHeld() time.Time {
	text, err := os.ReadFile(filepath.Join(d.home, heldFile))
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}
	}
	return at
}

// held reports whether nothing was written since the last snapshot, so that
// its state is that of now.
func (d *database) held() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.locks.commits.Lock()
	defer d.locks.commits.Unlock()
	touched := d.locks.untouch()
	if !touched.IsZero() {
		d.locks.touch(touched)
		return false
	}
	if len(d.line.moments) > 0 {
		d.seen = latest(d.seen, d.engine.now().UTC().Truncate(time.Millisecond))
	}
	return true
}
