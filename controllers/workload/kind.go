package workload

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// kind is all that this package knows about one kind of workload. Each is written in a file of its own,
// which also says what pausing takes away from such a workload, and listed in kinds.go.
type kind struct {
	gvk        schema.GroupVersionKind
	pauseField pauseField
	// restart is how it is restarted; nil where there is no way, or nothing to restart.
	restart *restartMethod
	// startsAnew is set on kinds without running pods of their own: there is nothing to restart, since what
	// they start next connects anew.
	startsAnew bool
	// scaleTarget is set on autoscalers, which have no pods but hold another workload's number of replicas:
	// paused after their target, so that the target's own number is known, and resumed before it, so that
	// it is not held down. It names the target.
	scaleTarget func(u *unstructured.Unstructured) targetRef
	// pods gives the pods that are its own; nil where it has none of its own.
	pods func(ctx context.Context, c client.Client, u *unstructured.Unstructured) (podSet, error)
	// reportsPods reports from the workload's status whether pods are certainly there, which saves listing
	// them; nil where the status does not say.
	reportsPods func(u *unstructured.Unstructured) bool
	// running is set on kinds whose pods belong to something that they make (CronJobs). For each of the
	// workloads, all of one namespace, it names what still runs; "" for those of which nothing does.
	running func(ctx context.Context, c client.Client, all []*unstructured.Unstructured) ([]string, error)
	// endRunning deletes what running names.
	endRunning func(ctx context.Context, c client.Client, u *unstructured.Unstructured) error
	// progress reads from the workload's status how far its rollout is.
	progress func(u *unstructured.Unstructured, restarted bool) (progress, error)
	// podProgress is how far the rollout is by its pods, where the status does not say; else nil.
	podProgress func(u *unstructured.Unstructured, pods []corev1.Pod) progress
	// stuck picks the old pods that nobody replaces unless they are evicted; nil where its controller
	// replaces them all.
	stuck func(u *unstructured.Unstructured, pods []corev1.Pod, isOld func(*corev1.Pod) bool) []corev1.Pod
	// unsupported says why the strategy cannot be carried out on the workload, and what to do; "" when it
	// can. Every reason is a fact that does not pass by itself; what may pass is an error.
	unsupported unsupportedFunc
	// destroys says what a pause would destroy for good, and what to do; "" when nothing. It is asked in the
	// preflight and again right before the pause is written; nil where a pause never destroys anything.
	destroys func(u *unstructured.Unstructured) (string, error)
}

type unsupportedFunc func(ctx context.Context, c client.Client, u *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error)

// isAutoscaler reports whether the kind holds another workload's number of replicas.
func (k *kind) isAutoscaler() bool { return k.scaleTarget != nil }

// targetRef names the workload that an autoscaler scales, in its own namespace.
type targetRef struct{ apiVersion, kind, name string }

// names reports whether the reference is to the dependent. The group counts, not the version.
func (r targetRef) names(dep *v1alpha1.DependentStatus) bool {
	return groupOf(r.apiVersion) == groupOf(dep.APIVersion) && r.kind == dep.Kind && r.name == dep.Name
}

// groupOf is the group of an apiVersion; "" for the core group, and for what is no apiVersion.
func groupOf(apiVersion string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	if group == apiVersion {
		return ""
	}
	return group
}

// restartMethod is how a kind is restarted: by one value at one path, to which its controller answers by
// replacing all pods.
type restartMethod struct {
	path  []string
	value func(id string, now time.Time) any
	// inForce reports whether the value that was written for id is on the workload.
	inForce func(u *unstructured.Unstructured, id string) bool
	// isOld reports for a pod whether it is from before the restart.
	isOld func(u *unstructured.Unstructured, id string) func(*corev1.Pod) bool
}

// progress is how far a workload's rollout is.
type progress struct {
	// complete: its controller has seen the newest generation, and everything it wants is updated and available.
	complete bool
	// failed: its controller gave up, or cannot go on without a person. It may still recover.
	failed bool
	// unseen: its controller has not seen the newest generation, so its pods say nothing yet.
	unseen bool
	// message says what is waited for, or why it failed.
	message string
}

func waitingFor(format string, args ...any) progress {
	return progress{message: fmt.Sprintf(format, args...)}
}

var notObserved = progress{unseen: true, message: "waiting for its controller to see the change"}

// replicaProgress is complete when exactly the wanted pods exist and all are updated and available.
func replicaProgress(want, updated, total, available int32) progress {
	switch {
	case updated < want:
		return waitingFor("%d of %d pods are updated", updated, want)
	case total > want:
		return waitingFor("%d pods too many are still there", total-want)
	case available < want:
		return waitingFor("%d of %d pods are available", available, want)
	}
	return progress{complete: true}
}

// typedProgress lets a function that reads a typed workload read the untyped one.
func typedProgress[T any](f func(*T, bool) progress) func(*unstructured.Unstructured, bool) (progress, error) {
	return func(u *unstructured.Unstructured, restarted bool) (progress, error) {
		typed, err := convert[T](u)
		if err != nil {
			return progress{}, err
		}
		return f(typed, restarted), nil
	}
}

// typedUnsupported is typedProgress for what cannot be supported.
func typedUnsupported[T any](f func(*T, v1alpha1.Strategy) string) unsupportedFunc {
	return func(_ context.Context, _ client.Client, u *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error) {
		typed, err := convert[T](u)
		if err != nil {
			return "", err
		}
		return f(typed, strategy), nil
	}
}

func convert[T any](u *unstructured.Unstructured) (*T, error) {
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &typed); err != nil {
		return nil, fmt.Errorf("decode %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return &typed, nil
}

// reportsReplicas reads status.replicas, which most kinds have.
func reportsReplicas(u *unstructured.Unstructured) bool {
	n, _, _ := unstructured.NestedInt64(u.Object, "status", "replicas")
	return n > 0
}

// completeAtOnce is the progress of kinds that roll nothing out.
func completeAtOnce(*unstructured.Unstructured, bool) (progress, error) {
	return progress{complete: true}, nil
}

func alwaysSupported(context.Context, client.Client, *unstructured.Unstructured, v1alpha1.Strategy) (string, error) {
	return "", nil
}
