package processes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Daemon is a process that outlives the program that started it.
type Daemon struct {
	// Name is what people call it, and the name of its record and its log.
	Name string
	// Path is the program, Args are its arguments without the program's name, Env its whole environment.
	Path string
	Args []string
	Env  []string
	// Build tells one build of the program from another.
	Build string
	// Records is the folder of the records by which daemons are found again, Logs the folder of their logs.
	Records string
	Logs    string
}

// LogFile is where everything the daemon prints ends up. It is appended to.
func (d Daemon) LogFile() string { return filepath.Join(d.Logs, d.Name+".log") }

func (d Daemon) recordFile() string { return recordFile(d.Records, d.Name) }

// gate is a shell that becomes the daemon once it is told to. It ends if whoever started it ends before that.
const gate = `read -r _ <&3 && exec "$0" "$@" 3<&-`

// Start starts the daemon unless it runs already, and reports whether it had to. One that runs from another build or
// with other arguments is ended first, and may take the grace period for it.
//
// The record is written before the program's first instruction runs: the child is a shell that waits at a pipe, and an
// end of the starter closes the pipe. So there is no moment at which a kill of the starter leaves a process that
// nobody knows of.
func (d Daemon) Start(ctx context.Context, grace time.Duration) (started bool, err error) {
	if d.Running() {
		if old, err := readRecord(d.recordFile()); err == nil && old.Build == d.Build && slices.Equal(old.Args, d.Args) {
			return false, nil
		}
	}
	if err := d.Stop(ctx, grace); err != nil {
		return false, err
	}
	for _, dir := range []string{d.Records, d.Logs} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return false, err
		}
	}
	log, err := os.OpenFile(d.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return false, err
	}
	defer log.Close()
	waiting, release, err := os.Pipe()
	if err != nil {
		return false, err
	}
	defer release.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", gate, d.Path}, d.Args...)...) //nolint:gosec // to start what it is told to is its task
	cmd.Env, cmd.Stdout, cmd.Stderr = d.Env, log, log
	cmd.ExtraFiles = []*os.File{waiting}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	waiting.Close()
	if err != nil {
		return false, fmt.Errorf("starting %s: %w", d.Name, err)
	}
	// Waited for, so that an early end is seen as one while this program still runs.
	go func() { _ = cmd.Wait() }()
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		return false, err
	}
	if err := writeRecord(d.recordFile(), record{Identity: id, Build: d.Build, Args: d.Args}); err != nil {
		return false, fmt.Errorf("recording %s: %w", d.Name, err)
	}
	if _, err := release.WriteString("go\n"); err != nil {
		return false, fmt.Errorf("starting %s: %w", d.Name, err)
	}
	return true, nil
}

// Identity is the daemon's process. It is not there when the daemon was never started or has been stopped.
func (d Daemon) Identity() (Identity, bool) {
	known, err := readRecord(d.recordFile())
	return known.Identity, err == nil
}

// Running reports whether the daemon's process is alive.
func (d Daemon) Running() bool {
	id, recorded := d.Identity()
	return recorded && id.Alive()
}

// Stop ends the daemon: politely, and after the grace period by force. It is no error if it had ended.
func (d Daemon) Stop(ctx context.Context, grace time.Duration) error {
	return StopRecorded(ctx, d.Records, d.Name, grace)
}
