package verification

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/controllers/line"
)

const (
	// lastLinesShown is how many lines of a log are shown.
	lastLinesShown = 5
	// longestLog is how many bytes of those lines are shown.
	longestLog = 1024
	// longestRead is how many bytes of a log are read at most, whatever the length of its lines.
	longestRead = 64 << 10
	// logTimeout is how long reading a log may take: it comes from the node, which may be gone.
	logTimeout = 5 * time.Second
)

// Logs reads the last lines of a container's log, at most so many.
type Logs interface {
	Tail(ctx context.Context, namespace, pod, container string, lines int64) (string, error)
}

// PodLogs reads logs from the API server.
type PodLogs struct {
	Pods typedcorev1.PodsGetter
}

// Tail reads the last lines of the container's log.
func (l PodLogs) Tail(ctx context.Context, namespace, pod, container string, lines int64) (string, error) {
	stream, err := l.Pods.Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, TailLines: ptr.To(lines)}).Stream(ctx)
	if err != nil {
		return "", err //nolint:wrapcheck // the caller says what it was doing
	}
	text, err := io.ReadAll(io.LimitReader(stream, longestRead))
	return string(text), errors.Join(err, stream.Close())
}

// lastLines gives the last lines of the log, cleaned and cut, for the end of a message. Without them the outcome is the same.
func (r *Runner) lastLines(ctx context.Context, namespace, pod, container string) string {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	text, err := r.Logs.Tail(ctx, namespace, pod, container, lastLinesShown)
	if err != nil {
		return fmt.Sprintf("; the log of pod %s can't be read: %s", pod, line.Clean(err.Error(), longestLog/2))
	}
	if text = newest(text); text == "" {
		return "; its log is empty"
	}
	return "; the last lines of its log: " + text
}

// newest makes one line of the last lines. Where they are too long, what came last is kept.
func newest(text string) string {
	var lines []string
	for text := range strings.Lines(text) {
		if clean := line.Clean(text, longestLog); clean != "" {
			lines = append(lines, clean)
		}
	}
	length := 0
	for i := len(lines) - 1; i >= 0; i-- {
		if length += len(lines[i]) + len(" | "); length > longestLog+len(" | ") || len(lines)-i > lastLinesShown {
			lines = lines[i+1:]
			break
		}
	}
	return strings.Join(lines, " | ")
}
