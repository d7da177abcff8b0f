package e2e

import (
	"context"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// installKinds installs the kinds that others bring, and lets the operator at the one that its role does not know.
func (t *test) installKinds(ctx context.Context) error {
	if err := t.kube.Apply(ctx, foreignKinds); err != nil {
		return err
	}
	_, err := t.kube.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
	return err
}

// playArgo plays the controllers of Rollouts and Widgets in a namespace, which are not here: it reports what the
// objects ask for as done. The channel holds its end, after the context's.
func (t *test) playArgo(ctx context.Context, namespace string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		for stage.Pass(ctx, 200*time.Millisecond) == nil {
			for _, kind := range kinds {
				if kind.Kind != "Rollout" && kind.Kind != "Widget" {
					continue
				}
				list := &unstructured.UnstructuredList{}
				list.SetGroupVersionKind(kind)
				err := t.kube.API.List(ctx, list, client.InNamespace(namespace))
				for i := range list.Items {
					if err == nil {
						err = t.report(ctx, &list.Items[i])
					}
				}
				if err != nil && ctx.Err() == nil {
					ended <- err
					return
				}
			}
		}
		ended <- nil
	}()
	return ended
}

// report writes the status that the object's controller would.
func (t *test) report(ctx context.Context, u *unstructured.Unstructured) error {
	before := u.DeepCopy()
	replicas, there, _ := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if !there {
		replicas, _, _ = unstructured.NestedInt64(u.Object, "spec", "size")
	}
	status := map[string]any{
		"replicas": replicas, "availableReplicas": replicas, "updatedReplicas": replicas, "selector": "played=" + u.GetName(),
	}
	if u.GetKind() == "Rollout" {
		status["phase"], status["observedGeneration"] = "Healthy", strconv.FormatInt(u.GetGeneration(), 10)
		if at, there, _ := unstructured.NestedString(u.Object, "spec", "restartAt"); there {
			status["restartedAt"] = at
		}
	}
	u.Object["status"] = status
	return client.IgnoreNotFound(t.kube.API.Status().Patch(ctx, u, client.MergeFrom(before)))
}
