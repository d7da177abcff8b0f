package workload

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Restart does one round of restarting: it patches every Restart dependent that is not patched yet. id is
// the UID of the AuroraBacktrack, or the id of the record of a backtrack made elsewhere; the same id
// restarts a workload only once, however often this is called. Call it before Ready in every round, with
// the same deps. All dependents are tried; the errors come back joined.
func (w *Workloads) Restart(ctx context.Context, id string, deps []v1alpha1.DependentStatus) error {
	return each(len(deps), func(i int) error {
		dep := &deps[i]
		if dep.Strategy != v1alpha1.StrategyRestart || (dep.State != "" && dep.State != v1alpha1.DependentPending) {
			return nil
		}
		err := w.restartOne(ctx, id, dep)
		if gone(err) {
			set(dep, v1alpha1.DependentSkipped, "it does not exist any more")
			return nil
		}
		if err != nil {
			err = fmt.Errorf("restart %s: %w", nameOf(dep), err)
			set(dep, dep.State, err.Error())
		}
		return err
	})
}

func (w *Workloads) restartOne(ctx context.Context, id string, dep *v1alpha1.DependentStatus) error {
	k, err := w.kindOf(ctx, dep)
	if err != nil {
		return err
	}
	switch {
	case k.restart == nothingToRestart:
		set(dep, v1alpha1.DependentSkipped, nothingRuns)
		return nil
	case k.restart == cannotRestart:
		set(dep, v1alpha1.DependentFailed, cannot(dep))
		return nil
	case k.restart == byTime:
		err = retryConflicts(func() error { return w.restartAt(ctx, k, id, dep) })
	case k.restart == byTemplate:
		err = w.restartTemplate(ctx, k, id, dep)
	}
	if err == nil {
		set(dep, v1alpha1.DependentRestarting, "")
	}
	return err
}

const nothingRuns = "nothing to restart: it has no running pods of its own, and what it starts next connects anew"

func cannot(dep *v1alpha1.DependentStatus) string {
	return fmt.Sprintf("%s: how to restart a %s is not known: give it strategy Pause or None", nameOf(dep), dep.Kind)
}

// restartTemplate annotates the pod template. The same id again changes nothing, so it needs no read before.
func (w *Workloads) restartTemplate(ctx context.Context, k *kind, id string, dep *v1alpha1.DependentStatus) error {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(k.gvk)
	u.SetNamespace(dep.Namespace)
	u.SetName(dep.Name)
	body := map[string]any{}
	if err := unstructured.SetNestedField(body, id, templateAnnotation...); err != nil {
		return err
	}
	return w.patch(ctx, u, body)
}

var templateAnnotation = []string{"spec", "template", "metadata", "annotations", v1alpha1.RestartedByAnnotation}

// restartAt sets Argo's spec.restartAt, once per id.
func (w *Workloads) restartAt(ctx context.Context, k *kind, id string, dep *v1alpha1.DependentStatus) error {
	u, err := w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	if u.GetAnnotations()[v1alpha1.RestartedByAnnotation] == id {
		return nil
	}
	return w.patch(ctx, u, map[string]any{
		"metadata": map[string]any{
			"resourceVersion": u.GetResourceVersion(),
			"annotations":     map[string]any{v1alpha1.RestartedByAnnotation: id},
		},
		"spec": map[string]any{"restartAt": w.Clock.Now().UTC().Format(time.RFC3339)},
	})
}

// isRestarted answers whether the restart with this id is written on the workload.
func isRestarted(k *kind, u *unstructured.Unstructured, id string) bool {
	if k.restart == byTime {
		return u.GetAnnotations()[v1alpha1.RestartedByAnnotation] == id
	}
	text, _, _ := unstructured.NestedString(u.Object, templateAnnotation...)
	return text == id
}
