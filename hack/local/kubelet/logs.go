package kubelet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	corev1 "k8s.io/api/core/v1"
)

// keptLogs is how many pods' logs stay after the pods are gone: what went wrong is often seen too late.
const keptLogs = 200

// logDir is the folder of a pod's logs.
func logDir(logs string, pod *corev1.Pod) string {
	return filepath.Join(logs, fmt.Sprintf("%s_%s_%.8s", pod.Namespace, pod.Name, pod.UID))
}

// logFile is the log of one run of a container.
func (w *worker) logFile(container string, restarts int32) string {
	return filepath.Join(w.logs, fmt.Sprintf("%s.%d.log", container, restarts))
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the names in it are checked by the API server
}

// pruneLogs removes the oldest of the pods' logs, but for those of pods that are there.
func pruneLogs(dir string, inUse map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	type log struct {
		path string
		time time.Time
	}
	var logs []log
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if info, err := entry.Info(); err == nil && !inUse[path] {
			logs = append(logs, log{path, info.ModTime()})
		}
	}
	slices.SortFunc(logs, func(a, b log) int { return cmp.Compare(a.time.UnixNano(), b.time.UnixNano()) })
	for _, old := range logs[:max(0, len(logs)-keptLogs)] {
		if err := os.RemoveAll(old.path); err != nil {
			return err
		}
	}
	return nil
}

// containerLogs serves `kubectl logs`. Lines have no times of their own, so that --since and --timestamps say nothing.
func (k *Kubelet) containerLogs(ctx context.Context, namespace, pod, container string, opts api.ContainerLogOpts) (io.ReadCloser, error) {
	w := k.find(namespace, pod)
	if w == nil {
		return nil, errdefs.NotFoundf("pod %s/%s is not on this node", namespace, pod)
	}
	restarts, running, err := w.runOf(ctx, container)
	if err != nil {
		return nil, err
	}
	if opts.Previous {
		restarts--
	}
	file, err := os.Open(w.logFile(container, restarts))
	if err != nil {
		return nil, errdefs.NotFoundf("container %s of pod %s/%s has no such log", container, namespace, pod)
	}
	if opts.Tail > 0 {
		if err := seekLines(file, opts.Tail); err != nil {
			file.Close()
			return nil, err
		}
	}
	var reader io.Reader = file
	if opts.Follow && !opts.Previous {
		reader = &follower{ctx: ctx, file: file, running: running}
	}
	if opts.LimitBytes > 0 {
		reader = io.LimitReader(reader, int64(opts.LimitBytes))
	}
	return struct {
		io.Reader
		io.Closer
	}{reader, file}, nil
}

// runOf asks the worker for the number of a container's current or last run, and for a way to see whether it goes on.
func (w *worker) runOf(ctx context.Context, name string) (restarts int32, running func() bool, err error) {
	for _, c := range w.all() {
		if c.spec.Name != name {
			continue
		}
		running = func() bool {
			answer := make(chan bool, 1)
			w.inbox.put(func() { restarts = c.restarts; answer <- c.running() })
			select {
			case is := <-answer:
				return is
			case <-ctx.Done():
			case <-w.over:
			}
			return false
		}
		running()
		return restarts, running, ctx.Err()
	}
	return 0, nil, errdefs.NotFoundf("pod %s/%s has no container %s", w.namespace, w.podName, name)
}

// seekLines goes to where the last lines begin.
func seekLines(file *os.File, lines int) error {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	const chunk = 32 << 10
	buffer := make([]byte, chunk)
	breaks, start := 0, end
	for start > 0 {
		size := min(start, chunk)
		start -= size
		if _, err := file.ReadAt(buffer[:size], start); err != nil {
			return err
		}
		for i := size - 1; i >= 0; i-- {
			// The line break at the very end ends the last line and begins none.
			if buffer[i] != '\n' || start+i == end-1 {
				continue
			}
			if breaks++; breaks == lines {
				_, err := file.Seek(start+i+1, io.SeekStart)
				return err
			}
		}
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}

// follower reads a log on, as long as its container runs.
type follower struct {
	ctx     context.Context
	file    *os.File
	running func() bool
}

// Read waits at the end of the log until there is more.
func (f *follower) Read(p []byte) (int, error) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		// Asked before the read: what is written before the end is read even if the end comes right behind it.
		running := f.running()
		n, err := f.file.Read(p)
		if n > 0 || (err != nil && !errors.Is(err, io.EOF)) || !running {
			return n, err
		}
		select {
		case <-f.ctx.Done():
			return 0, io.EOF
		case <-look.C:
		}
	}
}
