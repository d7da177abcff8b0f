// Package processes starts, finds again and ends processes that outlive the program that started them. A process is
// never known by its number alone, which the kernel gives to another one later, but by its number, the moment it
// started and the boot it belongs to.
package processes

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Identity names one process for as long as the machine exists.
type Identity struct {
	PID int `json:"pid"`
	// StartTime is when it started, in clock ticks since boot: field 22 of /proc/<pid>/stat.
	StartTime uint64 `json:"startTime"`
	// BootID tells this boot of the machine from every other one.
	BootID string `json:"bootID"`
}

// Identify reads the identity of the process that has the number now.
func Identify(pid int) (Identity, error) {
	startTime, _, err := readStat(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("reading when process %d started: %w", pid, err)
	}
	return Identity{PID: pid, StartTime: startTime, BootID: bootID()}, nil
}

// Alive reports whether the process still runs. One that has ended but was not yet waited for does not.
func (id Identity) Alive() bool {
	if id.PID <= 0 || id.BootID != bootID() {
		return false
	}
	startTime, state, err := readStat(id.PID)
	if err != nil || startTime != id.StartTime {
		return false
	}
	return (state != 'Z' && state != 'X') || hasOtherThreads(id.PID)
}

// hasOtherThreads tells a process that has ended from one whose first thread only has: the others still hold its ports
// and files for a moment after a SIGKILL.
func hasOtherThreads(pid int) bool {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err == nil && len(threads) > 1
}

// Signal sends the signal to the process, and to nothing if it has ended.
func (id Identity) Signal(signal syscall.Signal) error {
	if !id.Alive() {
		return nil
	}
	if err := syscall.Kill(id.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s to process %d: %w", signal, id.PID, err)
	}
	return nil
}

// SignalGroup sends the signal to the process group that the process leads, and to nothing if it has ended. All that
// is started here leads one.
func (id Identity) SignalGroup(signal syscall.Signal) error {
	if !id.Alive() {
		return nil
	}
	if err := syscall.Kill(-id.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s to process group %d: %w", signal, id.PID, err)
	}
	return nil
}

// String is the form ParseIdentity reads.
func (id Identity) String() string { return fmt.Sprintf("%d-%d-%s", id.PID, id.StartTime, id.BootID) }

// ParseIdentity reads what String wrote.
func ParseIdentity(text string) (Identity, error) {
	parts := strings.SplitN(text, "-", 3)
	if len(parts) != 3 {
		return Identity{}, fmt.Errorf("%q is not <pid>-<start time>-<boot id>", text)
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil {
		return Identity{}, fmt.Errorf("process number in %q: %w", text, err)
	}
	startTime, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return Identity{}, fmt.Errorf("start time in %q: %w", text, err)
	}
	return Identity{PID: pid, StartTime: startTime, BootID: parts[2]}, nil
}

// containerIDScheme begins the container ID of a container that is a process.
const containerIDScheme = "process://"

// ContainerID names the process in the status of a pod.
func (id Identity) ContainerID() string { return containerIDScheme + id.String() }

// ParseContainerID reads what ContainerID wrote.
func ParseContainerID(text string) (Identity, error) {
	id, found := strings.CutPrefix(text, containerIDScheme)
	if !found {
		return Identity{}, fmt.Errorf("container ID %q names no process", text)
	}
	return ParseIdentity(id)
}

// readStat reads the state letter and the start time from /proc/<pid>/stat. The second field is the program's name in
// parentheses, which may hold spaces and parentheses of its own, so that counting starts behind the last one.
func readStat(pid int) (startTime uint64, state byte, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields behind the name, want at least 20", pid, len(fields))
	}
	startTime, err = strconv.ParseUint(string(fields[19]), 10, 64)
	return startTime, fields[0][0], err
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
