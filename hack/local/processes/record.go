package processes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// record is how a process is found again.
type record struct {
	Identity
	Build string   `json:"build,omitempty"`
	Args  []string `json:"args,omitempty"`
}

// Record notes that a process belongs to the folder, under a name.
func Record(records, name string, id Identity) error {
	if err := os.MkdirAll(records, 0o750); err != nil {
		return err
	}
	return writeRecord(recordFile(records, name), record{Identity: id})
}

// Forget removes a record.
func Forget(records, name string) error {
	err := os.Remove(recordFile(records, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// StopRecorded ends the process that has the name in the folder and removes its record. It is no error if there is
// none.
func StopRecorded(ctx context.Context, records, name string, grace time.Duration) error {
	known, err := readRecord(recordFile(records, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := End(ctx, known.Identity, grace); err != nil {
		return fmt.Errorf("ending %s: %w", name, err)
	}
	return Forget(records, name)
}

// EndAll ends all processes that have a record in the folder, at once, and removes the records.
func EndAll(ctx context.Context, records string, grace time.Duration) error {
	files, err := filepath.Glob(filepath.Join(records, "*.json"))
	if err != nil {
		return err
	}
	problems := make([]error, len(files))
	var all sync.WaitGroup
	for i, file := range files {
		all.Go(func() {
			problems[i] = StopRecorded(ctx, records, strings.TrimSuffix(filepath.Base(file), ".json"), grace)
		})
	}
	all.Wait()
	return errors.Join(problems...)
}

// End ends a process and the group it leads: SIGTERM first, SIGKILL when the grace period is over, at once if that is
// zero. It returns when the process is gone.
func End(ctx context.Context, id Identity, grace time.Duration) error {
	if grace > 0 {
		if err := id.SignalGroup(syscall.SIGTERM); err != nil {
			return err
		}
		if waitGone(ctx, id, grace) {
			return nil
		}
	}
	if err := id.SignalGroup(syscall.SIGKILL); err != nil {
		return err
	}
	if !waitGone(context.WithoutCancel(ctx), id, 10*time.Second) {
		return fmt.Errorf("process %d does not end, not even by SIGKILL", id.PID)
	}
	return nil
}

// waitGone looks every few milliseconds because a process that is not a child cannot be waited for.
func waitGone(ctx context.Context, id Identity, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return !id.Alive()
		case <-look.C:
		}
	}
	return true
}

func recordFile(records, name string) string { return filepath.Join(records, name+".json") }

func readRecord(path string) (record, error) {
	var known record
	content, err := os.ReadFile(path) //nolint:gosec // a record in the folder that the caller names
	if err != nil {
		return known, err
	}
	if err := json.Unmarshal(content, &known); err != nil {
		return known, fmt.Errorf("reading the record %s: %w", path, err)
	}
	return known, nil
}

// writeRecord writes the file whole or not at all.
func writeRecord(path string, known record) error {
	content, err := json.Marshal(known)
	if err != nil {
		return err
	}
	unfinished := path + ".tmp"
	if err := os.WriteFile(unfinished, content, 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}
