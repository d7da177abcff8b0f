package chaos

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
)

// check is one thing that must hold, and everything that is found against it.
type check struct {
	name string
	find func(*facts) []string
}

// checks are what is counted, in the order of the table.
var checks = []check{
	{"backtracks accepted more often than wished", (*facts).tooManyCalls},
	{"successes without an accepted call of their own", (*facts).unearned},
	{"rewinds not at their end", (*facts).notEnded},
	{"endings that nothing accounts for", (*facts).wrongEndings},
	{"conditions that are True and should not be", (*facts).untrue},
	{"conditions that went backwards", func(f *facts) []string { return f.seen }},
	{"locks still held", (*facts).locked},
	{"workloads not as before", (*facts).changed},
	{"events lost or doubled", (*facts).mistold},
}

// breaches are all findings of all checks.
func (f *facts) breaches() []string {
	var all []string
	for _, c := range checks {
		for _, finding := range c.find(f) {
			all = append(all, c.name+": "+finding)
		}
	}
	return all
}

func (f *facts) tooManyCalls() []string {
	var found []string
	known := 0
	for _, w := range f.wishes {
		calls := f.callsFor(w)
		known += len(calls)
		if len(calls) > 1 {
			found = append(found, fmt.Sprintf("%s (%s): %d calls, at %s", w, w.fate, len(calls), timesOf(calls)))
		}
		if len(calls) > 0 && w.fate == suspended && (w.lifted.IsZero() || calls[0].Time.Before(w.lifted)) {
			found = append(found, fmt.Sprintf("%s: called at %s while it was suspended", w, timesOf(calls)))
		}
	}
	if stray := len(f.accepted) - known; stray > 0 {
		found = append(found, fmt.Sprintf("%d calls that nobody wished for", stray))
	}
	return found
}

func timesOf(calls []aurora.Call) []string {
	var times []string
	for _, call := range calls {
		times = append(times, call.Time.UTC().Format("15:04:05.000"))
	}
	return times
}

// unearned are objects that say they succeeded while RDS did not rewind for them, or not under the record they name.
func (f *facts) unearned() []string {
	var found []string
	for _, w := range f.wishes {
		calls := f.callsFor(w)
		for _, object := range f.lives(w) {
			record := object.Status.Backtrack
			if !isTrue(object.Status.Conditions, v1alpha1.ConditionSucceeded) ||
				record != nil && slices.ContainsFunc(calls, func(c aurora.Call) bool { return c.BacktrackID == record.ID }) {
				continue
			}
			found = append(found, fmt.Sprintf("%s (%s): %d calls, and its record is %+v", &object, w.fate, len(calls), record))
		}
	}
	return found
}

func (f *facts) notEnded() []string {
	var found []string
	for _, w := range f.wishes {
		object, there := f.objects[w.String()]
		switch {
		case there && w.fate == deleted:
			found = append(found, fmt.Sprintf("%s: deleted, and still there: %s", w, ending(&object)))
		case there && object.Status.CompletedAt == "":
			found = append(found, fmt.Sprintf("%s (%s): %s", w, w.fate, ending(&object)))
		case !there && w.fate != deleted:
			found = append(found, fmt.Sprintf("%s (%s): is not there: %v", w, w.fate, w.err))
		}
	}
	return found
}

// ending is what the root condition says.
func ending(object *v1alpha1.AuroraBacktrack) string {
	c := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionSucceeded)
	if c == nil {
		return "it was never looked at"
	}
	return fmt.Sprintf("Succeeded=%s, %s: %s", c.Status, c.Reason, c.Message)
}

// reasonOf is the reason of the root condition.
func reasonOf(object *v1alpha1.AuroraBacktrack) string {
	if c := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionSucceeded); c != nil {
		return c.Reason
	}
	return "never looked at"
}

// wrongEndings are objects that ended otherwise than their fate allows. Troubles pass, so they are no excuse. An earlier
// object may have been taken away on its way: then the step that failed by that time is its verdict.
func (f *facts) wrongEndings() []string {
	var found []string
	for _, w := range f.wishes {
		for _, object := range f.lives(w) {
			c := verdict(&object)
			if c != nil && !allowed(w.fate, object.earlier, c.Status, c.Reason) {
				found = append(found, fmt.Sprintf("%s (%s): %s=%s, %s: %s", &object, w.fate, c.Type, c.Status, c.Reason, c.Message))
			}
		}
	}
	return found
}

// verdict is the root condition of an object that has ended, or the condition of the step that failed of one that is
// being unwound; nil while it is on its way.
func verdict(object *life) *metav1.Condition {
	if object.Status.CompletedAt != "" {
		return meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionSucceeded)
	}
	for _, step := range steps {
		if c := meta.FindStatusCondition(object.Status.Conditions, step); c != nil && c.Status == metav1.ConditionFalse {
			return c
		}
	}
	return nil
}

func allowed(f fate, earlier bool, status metav1.ConditionStatus, reason string) bool {
	switch {
	case status == metav1.ConditionTrue && reason == v1alpha1.ReasonSucceeded:
		return earlier || f != again // whose last object comes after the rewind
	case status == metav1.ConditionTrue && reason == v1alpha1.ReasonAlreadyApplied:
		return !earlier && (f == again || f == replaced || f == forced)
	case status == metav1.ConditionFalse && reason == v1alpha1.ReasonCancelled:
		return f == cancelled
	case status == metav1.ConditionFalse && reason == v1alpha1.ReasonDeleted: // before RDS was asked
		return earlier && (f == deleted || f == replaced || f == forced)
	}
	return false
}

// steps are the conditions in the order in which they become true.
var steps = []string{
	v1alpha1.ConditionAdmitted, v1alpha1.ConditionPreflightPassed, v1alpha1.ConditionDependentsPaused,
	v1alpha1.ConditionBacktracked, v1alpha1.ConditionClusterAvailable, v1alpha1.ConditionDependentsReconnected,
}

// untrue are True conditions of finished objects that the facts do not bear out.
func (f *facts) untrue() []string {
	var found []string
	for _, w := range f.wishes {
		calls := len(f.callsFor(w))
		for _, object := range f.lives(w) {
			if object.Status.CompletedAt != "" {
				found = append(found, object.untrue(calls)...)
			}
		}
	}
	return found
}

func (l *life) untrue(calls int) []string {
	var found []string
	conditions := l.Status.Conditions
	root := meta.FindStatusCondition(conditions, v1alpha1.ConditionSucceeded)
	for _, step := range steps {
		if root != nil && root.Reason == v1alpha1.ReasonSucceeded && !isTrue(conditions, step) {
			found = append(found, fmt.Sprintf("%s: Succeeded, and %s is not", l, step))
		}
	}
	if isTrue(conditions, v1alpha1.ConditionBacktracked) && calls == 0 {
		found = append(found, fmt.Sprintf("%s: Backtracked, and RDS was never made to", l))
	}
	if isTrue(conditions, v1alpha1.ConditionReconciling) {
		found = append(found, fmt.Sprintf("%s: Reconciling after its end", l))
	}
	if isTrue(conditions, v1alpha1.ConditionStalled) && root != nil && root.Status == metav1.ConditionTrue {
		found = append(found, fmt.Sprintf("%s: Stalled and Succeeded", l))
	}
	return found
}

func (f *facts) locked() []string {
	var found []string
	for i := range f.clusters {
		if holder := f.clusters[i].Status.ActiveBacktrack; holder != nil {
			found = append(found, fmt.Sprintf("%s by %s/%s", f.clusters[i].Name, holder.Namespace, holder.Name))
		}
	}
	return found
}

func (f *facts) changed() []string {
	var found []string
	for name, before := range f.before {
		after, there := f.after[name]
		switch {
		case !there:
			found = append(found, name+": is gone")
		case after.form != before.form:
			found = append(found, fmt.Sprintf("%s: was %s; is %s", name, before.form, after.form))
		case !after.up:
			found = append(found, name+": is not up")
		}
	}
	slices.Sort(found)
	return found
}
