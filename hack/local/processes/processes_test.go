package processes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell is a daemon that runs a shell script.
func shell(t *testing.T, dir, script string) Daemon {
	t.Helper()
	d := Daemon{
		Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"},
		Records: filepath.Join(dir, "records"), Logs: filepath.Join(dir, "logs"),
	}
	t.Cleanup(func() {
		if err := d.Stop(context.Background(), 0); err != nil {
			t.Error(err)
		}
	})
	return d
}

func start(t *testing.T, d Daemon) bool {
	t.Helper()
	started, err := d.Start(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func TestDaemonIsStartedOnce(t *testing.T) {
	d := shell(t, t.TempDir(), "echo begun; exec sleep 60")
	if !start(t, d) || start(t, d) {
		t.Error("want it started by the first call only")
	}
	first, _ := d.Identity()
	d.Build = "newer"
	if !start(t, d) {
		t.Error("want it started again from a newer build")
	}
	second, _ := d.Identity()
	if first == second || first.Alive() || !second.Alive() {
		t.Errorf("want %v ended and %v running", first, second)
	}
	if err := d.Stop(t.Context(), time.Second); err != nil || d.Running() || second.Alive() {
		t.Errorf("after the stop: error %v, running %t", err, d.Running())
	}
}

func TestStubbornDaemonIsKilledWithAllItStarted(t *testing.T) {
	dir := t.TempDir()
	d := shell(t, dir, "trap '' TERM; sleep 60 & echo $! > "+dir+"/child; wait; wait; sleep 60")
	start(t, d)
	var child Identity
	deadline := time.After(10 * time.Second)
	for child.PID == 0 {
		select {
		case <-deadline:
			t.Fatal("the child did not start")
		case <-time.After(5 * time.Millisecond):
		}
		content, err := os.ReadFile(filepath.Join(dir, "child"))
		if err == nil && strings.HasSuffix(string(content), "\n") {
			child = identifyText(t, strings.TrimSpace(string(content)))
		}
	}
	if err := d.Stop(t.Context(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if d.Running() || !waitGone(t.Context(), child, 5*time.Second) {
		t.Error("want the daemon and its child gone")
	}
}

func identifyText(t *testing.T, pid string) Identity {
	t.Helper()
	var number int
	for _, digit := range pid {
		number = 10*number + int(digit-'0')
	}
	id, err := Identify(number)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The child must not begin before it is recorded: a starter that ends between the two leaves nothing.
func TestGateStaysShutWithoutTheStarter(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	waiting, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", gate, "/bin/sh", "-c", "echo ran > "+trace)
	cmd.ExtraFiles = []*os.File{waiting}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waiting.Close()
	release.Close() // as the kernel does for a starter that was killed
	if err := cmd.Wait(); err == nil {
		t.Error("want the gate to fail")
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("the program has run without its starter")
	}
}

func TestRecordOfAnotherProcessIsHarmless(t *testing.T) {
	self, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]Identity{
		"a number that was given to another process": {PID: self.PID, StartTime: self.StartTime - 1, BootID: self.BootID},
		"another boot": {PID: self.PID, StartTime: self.StartTime, BootID: "another"},
		"nothing":      {},
	} {
		if id.Alive() {
			t.Errorf("%s is taken for alive", name)
		}
		if err := End(t.Context(), id, 0); err != nil {
			t.Errorf("ending %s: %v", name, err)
		}
	}
	if !self.Alive() {
		t.Error("this process is taken for dead")
	}
	if again, err := ParseContainerID(self.ContainerID()); err != nil || again != self {
		t.Errorf("read %v and error %v, want %v", again, err, self)
	}
	if _, err := ParseContainerID("containerd://1-2-3"); err == nil {
		t.Error("a container of another runtime is taken for a process")
	}
}

func TestLockTakesTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Lock(ctx, path, cancel); err == nil {
		t.Error("two have got the lock")
	}
	unlock()
	again, err := Lock(t.Context(), path, func() { t.Error("waited for a lock that nobody held") })
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("y", 2*longestLine)
	if err := os.WriteFile(path, []byte("a\nb\n"+long+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for lines, want := range map[int]string{1: long[:longestLine] + " …", 2: "b\n" + long[:longestLine] + " …", 9: "a\nb\n" + long[:longestLine] + " …"} {
		if got := Tail(path, lines); got != want {
			t.Errorf("the last %d lines are %q, want %q", lines, got, want)
		}
	}
	if got := Tail(path+"-not-there", 3); got != "" {
		t.Errorf("got %q of a file that is not there", got)
	}
}
