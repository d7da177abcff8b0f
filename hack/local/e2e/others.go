package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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

// playOthers plays the controllers of Rollouts and Widgets in a namespace, which are not here: of the first it reports
// what they ask for as done, of the second it sees to it. The channel holds its end, after the context's.
func (t *test) playOthers(ctx context.Context, namespace string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		var err error
		for err == nil && stage.Pass(ctx, 200*time.Millisecond) == nil {
			err = errors.Join(
				t.each(ctx, namespace, "Rollout", t.reportRollout),
				t.each(ctx, namespace, "Widget", t.reportWidget))
		}
		if ctx.Err() != nil {
			err = nil // whatever was cut short
		}
		ended <- err
	}()
	return ended
}

func (t *test) each(ctx context.Context, namespace, kind string, do func(context.Context, *unstructured.Unstructured) error) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kinds[slices.IndexFunc(kinds, func(k schema.GroupVersionKind) bool { return k.Kind == kind })])
	if err := t.kube.API.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		if err := do(ctx, &list.Items[i]); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

func (t *test) reportRollout(ctx context.Context, u *unstructured.Unstructured) error {
	replicas, _, _ := unstructured.NestedInt64(u.Object, "spec", "replicas")
	status := map[string]any{
		"phase": "Healthy", "observedGeneration": strconv.FormatInt(u.GetGeneration(), 10),
		"replicas": replicas, "availableReplicas": replicas, "updatedReplicas": replicas,
	}
	if at, there, _ := unstructured.NestedString(u.Object, "spec", "restartAt"); there {
		status["restartedAt"] = at
	}
	return t.report(ctx, u, status)
}

// reportWidget scales the ReplicaSet that the Widget is made of.
func (t *test) reportWidget(ctx context.Context, u *unstructured.Unstructured) error {
	size, _, _ := unstructured.NestedInt64(u.Object, "spec", "size")
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: u.GetNamespace(), Name: u.GetName()}}
	body := fmt.Sprintf(`{"spec":{"replicas":%d}}`, size)
	if err := t.kube.API.Patch(ctx, set, client.RawPatch(types.MergePatchType, []byte(body))); err != nil {
		return err
	}
	return t.report(ctx, u, map[string]any{"replicas": int64(set.Status.Replicas), "selector": "app=" + u.GetName()})
}

func (t *test) report(ctx context.Context, u *unstructured.Unstructured, status map[string]any) error {
	before := u.DeepCopy()
	u.Object["status"] = status
	return t.kube.API.Status().Patch(ctx, u, client.MergeFrom(before))
}
