package report

import (
	"context"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Logs are the operator's.
type Logs struct {
	// Config is how the API server is reached.
	Config func() (*rest.Config, error)
	// Namespace is where the operator runs.
	Namespace string
	// Lines is how many lines of each log are searched, from its end.
	Lines int64
}

// write prints the lines that name the object.
func (l Logs) write(ctx context.Context, c client.Reader, out io.Writer, b *v1alpha1.AuroraBacktrack) error {
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace(l.Namespace), client.MatchingLabels{"app.kubernetes.io/component": "manager"}); err != nil {
		return err
	}
	if len(pods.Items) == 0 {
		return fmt.Errorf("no Pod of the operator runs in the namespace %s: set --operator-namespace", l.Namespace)
	}
	config, err := l.Config()
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	for i := range pods.Items {
		pod := pods.Items[i].Name
		text, err := clients.CoreV1().Pods(l.Namespace).GetLogs(pod, &corev1.PodLogOptions{TailLines: ptr.To(l.Lines)}).DoRaw(ctx)
		if err != nil {
			fmt.Fprintf(out, "(%s: %v)\n", pod, err)
			continue
		}
		for text := range strings.Lines(string(text)) {
			if strings.Contains(text, b.Name) || strings.Contains(text, string(b.UID)) {
				fmt.Fprintf(out, "%s: %s\n", pod, strings.TrimRight(text, "\r\n"))
			}
		}
	}
	return nil
}
