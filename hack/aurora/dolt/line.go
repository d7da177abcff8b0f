package dolt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"sync/atomic"
	"time"
)

// version is what one database held at a moment.
type version struct {
	// Incarnation tells databases apart that had the same name one after the
	// other.
	Incarnation string `json:"incarnation"`
	Commit      string `json:"commit"`
	// Segment is the part of the database's history that holds the commit.
	Segment int64 `json:"segment,omitempty"`
}

// versions are all databases of a cluster at a moment, by name.
type versions map[string]version

// moment is one point of a cluster's history at which something had changed.
// It is the state of every time behind After up to the next moment's After.
type moment struct {
	// After is when the state before was last seen to hold.
	After time.Time `json:"after"`
	At    time.Time `json:"at"`
	// Versions were read at At.
	Versions versions `json:"versions"`
	// Users names what the users were at At.
	Users string `json:"users,omitempty"`
	// Rewind names the rewind that put the state here, if one did.
	Rewind string `json:"rewind,omitempty"`
}

// rewind is a rewind as it was meant, written down before it is done.
type rewind struct {
	ID       string    `json:"id"`
	From     time.Time `json:"from"`
	Reached  time.Time `json:"reached"`
	Versions versions  `json:"versions"`
	Users    string    `json:"users,omitempty"`
}

// record is one line of the file.
type record struct {
	Moment  *moment `json:"moment,omitempty"`
	Rewind  *rewind `json:"rewind,omitempty"`
	Resumed string  `json:"resumed,omitempty"`
}

// line is a cluster's history: it only grows. A rewind puts an old state on
// its end.
type line struct {
	file    *os.File
	moments []moment
	last    *rewind // the latest rewind
	resumed bool    // whether clients were let in again after it

	// begins and count are the At of the first moment, in nanoseconds, and how
	// many moments there are, for readers who can't wait.
	begins, count atomic.Int64
}

// openLine reads a history, or begins one.
func openLine(path string) (*line, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the history: %w", err)
	}
	l := &line{resumed: true}
	// What a kill cut off has no end of line and was never acted upon.
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	for n, text := range bytes.Split(bytes.TrimSuffix(whole, []byte{'\n'}), []byte{'\n'}) {
		if len(text) == 0 {
			continue
		}
		var r record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("reading line %d of the history: %w", n+1, err)
		}
		l.take(r)
	}
	if l.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("opening the history: %w", err)
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return nil, errors.Join(fmt.Errorf("mending the history: %w", err), l.file.Close())
	}
	if _, err := l.file.Seek(0, 2); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the history: %w", err), l.file.Close())
	}
	return l, nil
}

// add writes a record down and takes it in.
func (l *line) add(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the history: %w", err)
	}
	if _, err := l.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	l.take(r)
	return nil
}

func (l *line) take(r record) {
	switch {
	case r.Moment != nil:
		l.moments = append(l.moments, *r.Moment)
		l.publish()
	case r.Rewind != nil:
		l.last, l.resumed = r.Rewind, false
	case l.last != nil && r.Resumed == l.last.ID:
		l.resumed = true
	}
}

// trim forgets the moments that are the state of no time from before on, and
// reports whether there were any. The file is written anew, whole or not at
// all.
func (l *line) trim(before time.Time) (bool, error) {
	first := sort.Search(len(l.moments), func(n int) bool { return !l.moments[n].After.Before(before) }) - 1
	if first <= 0 {
		return false, nil
	}
	kept := l.moments[first:]
	var text []byte
	for n := range kept {
		if l.last != nil && kept[n].Rewind == l.last.ID && kept[n].Rewind != "" {
			text = appendRecord(text, record{Rewind: l.last})
			text = appendRecord(text, record{Moment: &kept[n]})
			text = appendRecord(text, record{Resumed: l.last.ID})
			continue
		}
		text = appendRecord(text, record{Moment: &kept[n]})
	}
	if err := l.replace(text); err != nil {
		return false, fmt.Errorf("writing the history anew: %w", err)
	}
	l.moments = append([]moment(nil), kept...)
	l.publish()
	return true, nil
}

func (l *line) publish() {
	l.begins.Store(l.moments[0].At.UnixNano())
	l.count.Store(int64(len(l.moments)))
}

func appendRecord(text []byte, r record) []byte {
	line, err := json.Marshal(r)
	if err != nil { // times, texts and numbers: it can't fail
		panic(err)
	}
	return append(append(text, line...), '\n')
}

// replace puts a new file in the place of the old one.
func (l *line) replace(text []byte) error {
	path := l.file.Name()
	partial := path + ".partial"
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(partial))
	}
	old := l.file
	l.file = file
	return old.Close()
}

// end is the latest moment; the zero moment if there is none.
func (l *line) end() moment {
	if len(l.moments) == 0 {
		return moment{}
	}
	return l.moments[len(l.moments)-1]
}

// done reports whether the latest rewind has put its state on the line.
func (l *line) done() bool {
	if l.last == nil {
		return true
	}
	for n := len(l.moments) - 1; n >= 0; n-- {
		if l.moments[n].Rewind == l.last.ID {
			return true
		}
	}
	return false
}

// next is t, or the first millisecond behind the end of the line if t is not
// behind it: times on the line only grow.
func (l *line) next(t time.Time) time.Time {
	if earliest := l.end().At.Add(time.Millisecond); t.Before(earliest) {
		return earliest
	}
	return t
}

// find is the state of the time t and the consistent time that it was read at:
// everything committed before t is in it.
func (l *line) find(t time.Time) (moment, time.Time, error) {
	n := sort.Search(len(l.moments), func(n int) bool { return !l.moments[n].After.Before(t) })
	if n == 0 {
		return moment{}, t, fmt.Errorf("there is no state of %s: the history begins later", t.Format(time.RFC3339Nano))
	}
	found := l.moments[n-1]
	if t.Before(found.At) {
		return found, found.At, nil
	}
	return found, t, nil
}
