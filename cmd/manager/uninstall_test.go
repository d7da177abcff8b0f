package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestUninstall removes the operator by config/uninstall.sh, from several states. Each leaves nothing behind.
func TestUninstall(t *testing.T) {
	i := newInstallation(t)
	t.Run("with objects of every kind", i.withTheOperator)
	t.Run("after nothing was used", func(t *testing.T) {
		i.on(t).install()
		i.on(t).uninstall("")
	})
	t.Run("without an operator", i.withoutTheOperator)
	t.Run("after the manifests were deleted", i.afterTheManifests)
	t.Run("once more", func(t *testing.T) { i.on(t).uninstall("") })
}

// withTheOperator has a rewind that is under way, one that waits, one that is suspended and one that has ended.
func (i *installation) withTheOperator(t *testing.T) {
	i = i.on(t)
	i.install()
	w := i.world()
	w.manager()
	w.create(w.cluster())
	w.create(w.backtrack("ended", 3*time.Minute))
	w.succeeds("ended")
	worker := w.deployment("worker", 3, v1alpha1.StrategyPause)
	w.create(worker)
	pod := w.stubbornPod("worker")
	w.create(pod)
	w.create(w.backtrack("under-way", time.Minute))
	w.until("the worker is paused", func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(worker), worker))
		return *worker.Spec.Replicas == 0
	})
	w.create(w.backtrack("queued", 2*time.Minute))
	suspended := w.backtrack("suspended", 2*time.Minute)
	suspended.Spec.Suspend = true
	w.create(suspended)

	i.uninstall("")
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(worker), worker))
	if *worker.Spec.Replicas != 3 || worker.Annotations[v1alpha1.PausedAnnotation] != "" {
		t.Errorf("the worker has %d replicas and the annotations %v", *worker.Spec.Replicas, worker.Annotations)
	}
	i.nothingLeft()
}

// withoutTheOperator has an operator that ended in the middle of a pause and does not come back.
func (i *installation) withoutTheOperator(t *testing.T) {
	i = i.on(t)
	w := i.pausedForGood("example.com/other")
	worker := w.deployment("worker", 0, "")
	said := i.uninstall("exit status 1")
	if want := "These aurorabacktracks.aurora-backtrack.io were not cleaned up within 2s:"; !strings.Contains(said, want) || !strings.Contains(said, "under-way") {
		t.Errorf("it says\n%s\nwant %q", said, want)
	}
	said = i.uninstall("exit status 1", "--without-operator")
	if want := `Deployment ` + w.name + `/worker: {"owner":"`; !strings.Contains(said, want) || !strings.Contains(said, `"restore":3`) {
		t.Errorf("it says\n%s\nwant %q", said, want)
	}
	w.edit(worker, func() {
		*worker.Spec.Replicas = 3
		delete(worker.Annotations, v1alpha1.PausedAnnotation)
	})
	foreign := w.backtrack("under-way", 0)
	done := make(chan struct{})
	go func() { // whoever set the other finalizer takes it away once the operator's is gone
		defer close(done)
		_ = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
			if w.Get(ctx, client.ObjectKeyFromObject(foreign), foreign) != nil || !slices.Equal(foreign.Finalizers, []string{"example.com/other"}) {
				return false, nil
			}
			foreign.Finalizers = nil
			return w.Update(ctx, foreign) == nil, nil
		})
	}()
	i.uninstall("", "--without-operator")
	<-done
	i.nothingLeft()
}

// afterTheManifests has somebody who deleted the manifests first: nobody is left to remove the finalizers, and the kinds
// wait for their objects.
func (i *installation) afterTheManifests(t *testing.T) {
	i = i.on(t)
	w := i.pausedForGood()
	if _, err := i.run("kubectl", "delete", "-f", i.path("config", "install.yaml"), "--timeout=2s"); err == nil {
		t.Error("the kinds went although they had objects")
	}
	i.uninstall("exit status 1")
	worker := w.deployment("worker", 0, "")
	w.edit(worker, func() {
		*worker.Spec.Replicas = 3
		delete(worker.Annotations, v1alpha1.PausedAnnotation)
	})
	i.uninstall("", "--without-operator")
	i.nothingLeft()
}

// pausedForGood installs an operator, which ends while it has a workload paused for an object with those finalizers of
// others.
func (i *installation) pausedForGood(finalizers ...string) *world {
	i.Helper()
	i.install()
	w := i.world()
	stop := w.manager()
	w.create(w.cluster())
	worker := w.deployment("worker", 3, v1alpha1.StrategyPause)
	w.create(worker)
	w.create(w.stubbornPod("worker"))
	b := w.backtrack("under-way", time.Minute)
	b.Finalizers = finalizers
	w.create(b)
	w.until("the worker is paused", func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(worker), worker))
		return *worker.Spec.Replicas == 0
	})
	stop()
	return w
}
