package backtrack

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// What kstatus, and with it kubectl wait, Argo CD and Flux, reads in an object.
const (
	inProgress  = "InProgress"
	terminating = "Terminating"
	isFailed    = "Failed"
	current     = "Current"
)

// kstatus reads an object as the library of that name does: the deletion first, then the generation, then the
// two conditions that it knows, then Ready. An object that says nothing of this is Current.
func kstatus(o metav1.Object, observedGeneration int64, conditions []metav1.Condition) string {
	switch {
	case o.GetDeletionTimestamp() != nil:
		return terminating
	case observedGeneration != o.GetGeneration():
		return inProgress
	}
	for _, c := range conditions {
		switch {
		case c.Type == v1alpha1.ConditionReconciling && c.Status == metav1.ConditionTrue:
			return inProgress
		case c.Type == v1alpha1.ConditionStalled && c.Status == metav1.ConditionTrue:
			return isFailed
		}
	}
	if ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); ready != nil && ready.Status != metav1.ConditionTrue {
		return inProgress
	}
	return current
}

// trail looks at every status that is written of every AuroraBacktrack, in the moment in which it is written.
type trail struct {
	w     *world
	last  map[types.UID]*v1alpha1.AuroraBacktrack
	lines []string // every transition of a step, for the reader of a failure
}

// watched starts a process whose every write of a status is looked at. The hook may be nil.
func (w *world) watched(also hook) (*operator, *trail) {
	w.t.Helper()
	t := &trail{w: w, last: map[types.UID]*v1alpha1.AuroraBacktrack{}}
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("written, in this order:\n%s\nin the end:\n%s", strings.Join(t.lines, "\n"), w.describe())
		}
	})
	o := w.newOperator(func(m moment) error {
		if m.After && strings.HasPrefix(m.What, "patch") && strings.HasSuffix(m.What, "AuroraBacktrack") {
			t.look()
		}
		if also != nil {
			return also(m)
		}
		return nil
	})
	return o, t
}

// of gives the object of that name as it was last written, also when it is gone.
func (t *trail) of(name string) *v1alpha1.AuroraBacktrack {
	for _, b := range t.last {
		if b.Name == name {
			return b
		}
	}
	t.w.t.Fatalf("no status of %s was ever written", name)
	return nil
}

func (t *trail) look() {
	t.w.t.Helper()
	var list v1alpha1.AuroraBacktrackList
	if err := t.w.api.List(context.Background(), &list); err != nil {
		t.w.t.Fatal(err)
	}
	for i := range list.Items {
		b := &list.Items[i]
		last := t.last[b.UID]
		if last != nil && last.ResourceVersion == b.ResourceVersion || len(b.Status.Conditions) == 0 {
			continue
		}
		t.note(last, b)
		t.readsRight(b)
		t.isTrue(b)
		if last != nil && last.Status.ObservedGeneration > 0 {
			t.goesForward(last, b)
		}
		t.last[b.UID] = b.DeepCopy()
	}
}

func (t *trail) note(last, b *v1alpha1.AuroraBacktrack) {
	for _, c := range b.Status.Conditions {
		var old *metav1.Condition
		if last != nil {
			old = meta.FindStatusCondition(last.Status.Conditions, c.Type)
		}
		if old == nil || old.Status != c.Status || old.Reason != c.Reason {
			t.lines = append(t.lines, fmt.Sprintf("  %s %s %s %s %s: %s", t.w.clock.Now().Format("15:04:05"), b.Name, c.Type, c.Status, c.Reason, c.Message))
		}
	}
}

// readsRight holds what a reader of the status goes by at this moment.
func (t *trail) readsRight(b *v1alpha1.AuroraBacktrack) {
	t.w.t.Helper()
	status, finished := kstatus(b, b.Status.ObservedGeneration, b.Status.Conditions), b.Status.CompletedAt != ""
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if succeeded == nil {
		t.w.t.Errorf("%s was written without Succeeded", b.Name)
		return
	}
	want := inProgress
	switch {
	case b.DeletionTimestamp != nil:
		want = terminating
	case finished && succeeded.Status == metav1.ConditionTrue:
		want = current
	case finished:
		want = isFailed
	}
	if status != want {
		t.w.t.Errorf("%s reads %s, want %s", b.Name, status, want)
	}
	if finished == (succeeded.Status == metav1.ConditionUnknown) {
		t.w.t.Errorf("%s has Succeeded %s and completedAt %q", b.Name, succeeded.Status, b.Status.CompletedAt)
	}
	reconciling := meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReconciling)
	stalled := meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled)
	if reconciling == finished || stalled != (finished && succeeded.Status == metav1.ConditionFalse) {
		t.w.t.Errorf("%s, finished %v, has Reconciling %v and Stalled %v", b.Name, finished, reconciling, stalled)
	}
	for _, c := range b.Status.Conditions {
		mirror := c.Type == v1alpha1.ConditionReconciling || c.Type == v1alpha1.ConditionStalled
		if c.Message == "" || c.Reason == "" || mirror && c.Status != metav1.ConditionTrue {
			t.w.t.Errorf("%s has the condition %+v", b.Name, c)
		}
	}
}

// isTrue compares what became True with what is so.
func (t *trail) isTrue(b *v1alpha1.AuroraBacktrack) {
	t.w.t.Helper()
	is := func(condition string) bool { return meta.IsStatusConditionTrue(b.Status.Conditions, condition) }
	ran := b.Status.Claim != nil && t.last[b.UID] != nil // else it says what an earlier run came to
	if is(v1alpha1.ConditionBacktracked) && ran && t.w.record(b.Status.Backtrack.ID) != "completed" {
		t.w.t.Errorf("%s says Backtracked and its record reads %q", b.Name, t.w.record(b.Status.Backtrack.ID))
	}
	if is(v1alpha1.ConditionSucceeded) && ran {
		for _, condition := range stepConditions() {
			if !is(condition) {
				t.w.t.Errorf("%s succeeded without %s", b.Name, condition)
			}
		}
	}
	if is(v1alpha1.ConditionBacktracked) && !is(v1alpha1.ConditionPreflightPassed) {
		t.w.t.Errorf("%s was rewound without a preflight", b.Name)
	}
}

// goesForward holds that nothing that was said is taken back.
func (t *trail) goesForward(last, b *v1alpha1.AuroraBacktrack) {
	t.w.t.Helper()
	for _, old := range last.Status.Conditions {
		if old.Type == v1alpha1.ConditionReconciling || old.Type == v1alpha1.ConditionStalled {
			continue
		}
		c := meta.FindStatusCondition(b.Status.Conditions, old.Type)
		switch {
		case c == nil:
			t.w.t.Errorf("%s lost its condition %s", b.Name, old.Type)
		case old.Status != metav1.ConditionUnknown && (c.Status != old.Status || c.Reason != old.Reason):
			t.w.t.Errorf("%s: %s went from %s %s to %s %s", b.Name, c.Type, old.Status, old.Reason, c.Status, c.Reason)
		case c.LastTransitionTime.Before(&old.LastTransitionTime):
			t.w.t.Errorf("%s: the transition of %s went back in time", b.Name, c.Type)
		}
	}
	before, after := last.Status, b.Status
	if before.StartedAt != "" && after.StartedAt != before.StartedAt || before.CompletedAt != "" && after.CompletedAt != before.CompletedAt {
		t.w.t.Errorf("%s: startedAt went from %q to %q, completedAt from %q to %q", b.Name, before.StartedAt, after.StartedAt, before.CompletedAt, after.CompletedAt)
	}
	if before.Backtrack != nil && (after.Backtrack == nil || after.Backtrack.ID != before.Backtrack.ID) {
		t.w.t.Errorf("%s: its record went from %+v to %+v", b.Name, before.Backtrack, after.Backtrack)
	}
	if before.Claim != nil && after.Claim != nil && after.Claim.Attempt < before.Claim.Attempt {
		t.w.t.Errorf("%s: its attempt went from %d to %d", b.Name, before.Claim.Attempt, after.Claim.Attempt)
	}
}
