package gitops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	ssaerrors "github.com/fluxcd/pkg/ssa/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// flux applies objects as Flux's kustomize-controller does, with Flux's own library.
type flux struct {
	*operator
	manager *ssa.ResourceManager
	options ssa.ApplyOptions
}

// newFlux has the options that a Kustomization sets.
func newFlux(o *operator) *flux {
	api := o.server.as(o.T, "system:serviceaccount:flux-system:kustomize-controller", almighty)
	manager := ssa.NewResourceManager(api, nil, ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
	options := ssa.DefaultApplyOptions()
	options.WaitInterval = 50 * time.Millisecond
	options.IfNotPresentSelector = map[string]string{"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
	return &flux{operator: o, manager: manager, options: options}
}

// apply applies the objects while the operator works, and gives what Flux did to each.
func (f *flux) apply(objects ...map[string]any) ([]ssa.ChangeSetEntry, error) {
	f.Helper()
	all := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		all[i] = (&unstructured.Unstructured{Object: object}).DeepCopy()
	}
	type answer struct {
		changes *ssa.ChangeSet
		err     error
	}
	answered := make(chan answer)
	go func() {
		changes, err := f.manager.ApplyAll(f.Context(), all, f.options)
		answered <- answer{changes, err}
	}()
	for {
		select {
		case a := <-answered:
			if a.err != nil {
				return nil, a.err
			}
			return a.changes.Entries, nil
		default:
			_ = f.work() // what fails is tried again
		}
	}
}

func (f *flux) applied(want ssa.Action, objects ...map[string]any) {
	f.Helper()
	entries, err := f.apply(objects...)
	f.must(err)
	for _, entry := range entries {
		if entry.Action != want {
			f.Errorf("Flux %s %s, want %s", entry.Action, entry.Subject, want)
		}
	}
}

// TestFluxForce has what Flux makes of a file that changes, although the object's spec is immutable: without force an error
// that says so; with force the object is deleted and created again. That is not another rewind unless it asks for another
// time: it ends as AlreadyApplied.
func TestFluxForce(t *testing.T) {
	f := newFlux(newOperator(t))
	to, later := f.ago(30*time.Minute), f.ago(20*time.Minute)
	first := f.manifest("rewind", to, nil)
	f.applied(ssa.CreatedAction, first)
	if got := f.finish("rewind"); got != "True Succeeded" || f.accepted() != 1 {
		t.Fatalf("it ends %s with %d calls", got, f.accepted())
	}
	f.applied(ssa.UnchangedAction, first)
	uid := f.read("rewind").UID

	kept := f.manifest("rewind", to, map[string]any{"ttlSecondsAfterFinished": int64(2147483647)})
	_, err := f.apply(kept)
	if err == nil || !ssaerrors.IsImmutableError(err) || !strings.Contains(err.Error(), "create a new AuroraBacktrack") {
		t.Fatalf("without force: %v", err)
	}
	if got := f.read("rewind"); got.UID != uid || f.accepted() != 1 {
		t.Errorf("without force it was replaced")
	}

	f.options.Force = true
	f.applied(ssa.CreatedAction, kept)
	if got := f.finish("rewind"); got != "True "+v1alpha1.ReasonAlreadyApplied || f.accepted() != 1 {
		t.Errorf("with force it ends %s with %d calls, want AlreadyApplied and 1", got, f.accepted())
	}
	if f.read("rewind").UID == uid {
		t.Errorf("with force it was not replaced: the test shows nothing")
	}

	f.applied(ssa.CreatedAction, f.manifest("rewind", later, nil)) // another time is another rewind
	if got := f.finish("rewind"); got != "True Succeeded" || f.accepted() != 2 {
		t.Errorf("another time ends %s with %d calls, want Succeeded and 2", got, f.accepted())
	}
	f.applied(ssa.CreatedAction, kept) // the commit is reverted
	if got := f.finish("rewind"); got != "True "+v1alpha1.ReasonAlreadyApplied || f.accepted() != 2 {
		t.Errorf("the first time again ends %s with %d calls, want AlreadyApplied and 2", got, f.accepted())
	}
	f.applied(ssa.CreatedAction, f.manifest("rewind", to, map[string]any{"startDeadline": f.ago(-24 * time.Hour)})) // is another wish, too
	if got := f.finish("rewind"); got != "True Succeeded" || f.accepted() != 3 {
		t.Errorf("another deadline ends %s with %d calls, want Succeeded and 3", got, f.accepted())
	}
}

// TestFluxForceWhileRunning has the file change while the rewind is under way: Flux waits until it is over.
func TestFluxForceWhileRunning(t *testing.T) {
	f := newFlux(newOperator(t))
	f.options.Force = true
	to := f.ago(30 * time.Minute)
	f.applied(ssa.CreatedAction, f.manifest("rewind", to, nil))
	f.until("RDS took it", func() bool { return f.accepted() == 1 })
	f.applied(ssa.CreatedAction, f.manifest("rewind", to, map[string]any{"ttlSecondsAfterFinished": int64(2147483647)}))
	if got := f.finish("rewind"); got != "True "+v1alpha1.ReasonAlreadyApplied || f.accepted() != 1 {
		t.Errorf("it ends %s with %d calls, want AlreadyApplied and 1", got, f.accepted())
	}
}

// TestFluxIfNotPresent: an object with the annotation is created once, and what people do to it afterwards stays.
func TestFluxIfNotPresent(t *testing.T) {
	f := newFlux(newOperator(t))
	f.options.Force = true
	object := f.manifest("rewind", f.ago(30*time.Minute), map[string]any{"suspend": true})
	object["metadata"].(map[string]any)["annotations"] = map[string]any{"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
	f.applied(ssa.CreatedAction, object)
	b := f.read("rewind")
	b.Spec.Suspend = false
	f.must(f.server.admin.Update(t.Context(), b))
	f.applied(ssa.SkippedAction, object)
	if got := f.finish("rewind"); got != "True Succeeded" {
		t.Errorf("it ends %s", got)
	}
	f.applied(ssa.SkippedAction, object)
	if got := f.read("rewind"); got.UID != b.UID || got.Spec.Suspend {
		t.Errorf("Flux changed it: %+v", got.Spec)
	}
}
