package bench

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/aurora-backtrack/operator/hack/local/bench/world"
)

// machine says on what is measured.
func machine() string {
	memory := "unknown"
	if content, err := os.ReadFile("/proc/meminfo"); err == nil {
		if n, err := world.Kibibytes(string(content), "MemTotal:"); err == nil {
			memory = fmt.Sprintf("%d GiB", n>>30)
		}
	}
	return fmt.Sprintf("%s/%s, %d cores, %s of memory", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), memory)
}

// load is the load average of the last minute: with everything that is measured, and whatever else the machine has to do.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(content))[0]
}

// commit names the checkout that is measured: the last commit that changed the operator.
func commit(ctx context.Context, root string) string {
	args := []string{"-C", root, "log", "-1", "--format=%h", "--abbrev=8", "--", "api", "cmd", "controllers", "go.mod"}
	out, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // reads only
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
