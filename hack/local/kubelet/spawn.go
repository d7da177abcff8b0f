package kubelet

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// spawner starts the processes of all containers from one thread. The kernel is told to kill a child when that thread
// ends, which is when the kubelet does: not even a SIGKILL of the kubelet leaves a container behind.
type spawner struct{ starts chan func() }

func newSpawner() *spawner {
	s := &spawner{starts: make(chan func())}
	go func() {
		// Never unlocked: PR_SET_PDEATHSIG goes by the thread that made the child, not by the process.
		runtime.LockOSThread()
		for start := range s.starts {
			start()
		}
	}()
	return s
}

// process is a running process of a container.
type process struct {
	id processes.Identity
}

// start starts the command as the leader of its own process group, and calls ended once all of the group is gone.
func (s *spawner) start(cmd *exec.Cmd, ended func(exitCode int32)) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	s.starts <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	id, err := processes.Identify(cmd.Process.Pid)
	if err != nil {
		// It has not been waited for yet, so that the number is still its own.
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	go func() { ended(reap(cmd)) }()
	return &process{id: id}, nil
}

// reap waits for the process, and ends what it started in its group before its number can belong to anybody else.
func reap(cmd *exec.Cmd) (exitCode int32) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	return exitCodeOf(cmd.ProcessState)
}

// exitCodeOf is the exit code as container runtimes tell it: 128 and the signal's number if a signal ended it.
func exitCodeOf(state *os.ProcessState) int32 {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int32(status.Signal()) //nolint:gosec // there are 64 signals
	}
	return int32(state.ExitCode()) //nolint:gosec // an exit code is a byte
}

func (p *process) signal(signal syscall.Signal) {
	// It fails only for a process that has ended meanwhile.
	_ = p.id.SignalGroup(signal)
}

// kill ends all of the process group at once.
func (p *process) kill() { p.signal(syscall.SIGKILL) }

// containerID names the process in the pod's status, where whoever wants to do something to it finds it.
func (p *process) containerID() string { return p.id.ContainerID() }
