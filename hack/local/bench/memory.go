package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// leader is the process of the manager that leads: the only one whose controllers work, as its log says.
func (b *bench) leader(ctx context.Context) (processes.Identity, error) {
	var pods corev1.PodList
	err := b.kube.API.List(ctx, &pods, client.InNamespace(cloud.OperatorNamespace), client.MatchingLabels{"app.kubernetes.io/component": "manager"})
	if err != nil {
		return processes.Identity{}, err
	}
	for _, pod := range pods.Items {
		log, err := b.kube.Kubectl(ctx, "logs", pod.Name, "--namespace="+pod.Namespace)
		if err != nil {
			return processes.Identity{}, err
		}
		if strings.Contains(log, "Starting workers") && len(pod.Status.ContainerStatuses) == 1 {
			return processes.ParseContainerID(pod.Status.ContainerStatuses[0].ContainerID)
		}
	}
	return processes.Identity{}, errors.New("no manager says that it leads")
}

// resident is the process's resident memory in bytes: VmRSS of proc(5).
func resident(id processes.Identity) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id.PID))
	if err != nil {
		return 0, fmt.Errorf("reading the manager's memory: %w", err)
	}
	return kibibytes(string(content), "VmRSS:")
}

func kibibytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("there is no %s", name)
}

// machine says on what was measured.
func machine() string {
	memory := "unknown"
	if content, err := os.ReadFile("/proc/meminfo"); err == nil {
		if n, err := kibibytes(string(content), "MemTotal:"); err == nil {
			memory = fmt.Sprintf("%d GiB", n>>30)
		}
	}
	load := "unknown"
	if content, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Fields(string(content))[0]
	}
	return fmt.Sprintf("Measured on %s/%s with %d cores and %s of memory, shared with other work and noisy (load average at the end: %s); control plane, pods, local Aurora and operator all on it.",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), memory, load)
}
