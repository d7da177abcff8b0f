package world

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// Simulate adds a node whose pods run nothing, and returns its name. They are ready at once, and gone at once when they are deleted.
// Nobody schedules pods to it: they name it.
func (w *World) Simulate(ctx context.Context) (node string, err error) {
	node = "simulated"
	if err := cloud.Build(ctx, w.options, []programs.Program{programs.Kwok()}); err != nil {
		return "", err
	}
	daemon := w.cloud.Beside("kwok", programs.Kwok().Path(w.cloud.Bin()), []string{
		"--kubeconfig=" + w.cloud.Kubeconfig(), "--manage-single-node=" + node, "--node-lease-duration-seconds=40", "--node-ip=127.0.0.1",
	}, []string{"HOME=/nonexistent"})
	if _, err := daemon.Start(ctx, stopTimeout); err != nil {
		return "", err
	}
	return node, w.API.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node}, Spec: corev1.NodeSpec{Unschedulable: true},
	})
}
