package world

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// stages are kwok's own files that say what it does to nodes and pods, below its module.
var stages = []string{
	"node/fast/node-initialize.yaml", "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml", "pod/fast/pod-ready.yaml", "pod/fast/pod-delete.yaml",
}

// Simulate adds a node whose pods run nothing, and returns its name. They are ready at once, and gone at once when they are deleted.
// Nobody schedules pods to it: they name it.
func (w *World) Simulate(ctx context.Context) (node string, err error) {
	node = "simulated"
	kwok := programs.Kwok()
	if err := cloud.Build(ctx, w.options, []programs.Program{kwok}); err != nil {
		return "", err
	}
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok")
	list.Dir = filepath.Join(w.options.Root, kwok.Module)
	folder, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("finding kwok's module: %w", err)
	}
	args := []string{"--kubeconfig=" + w.cloud.Kubeconfig(), "--manage-single-node=" + node, "--node-lease-duration-seconds=40", "--node-ip=127.0.0.1"}
	for _, stage := range stages {
		args = append(args, "--config="+filepath.Join(strings.TrimSpace(string(folder)), "kustomize", "stage", stage))
	}
	if _, err := w.cloud.Beside("kwok", kwok.Path(w.cloud.Bin()), args, []string{"HOME=/nonexistent"}).Start(ctx, stopTimeout); err != nil {
		return "", err
	}
	return node, w.API.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node}, Spec: corev1.NodeSpec{Unschedulable: true},
	})
}
