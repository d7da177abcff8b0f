package harness

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// StatusLog looks at every status that is written of every AuroraBacktrack, in the moment in which it is written.
type StatusLog struct {
	env   *Env
	last  map[types.UID]*v1alpha1.AuroraBacktrack
	lines []string // every transition of a step, for the reader of a failure
}

// NewCheckedOperator starts a process whose every write of a status is looked at. The hook may be nil.
func (env *Env) NewCheckedOperator(also Hook) (*Operator, *StatusLog) {
	env.T.Helper()
	t := &StatusLog{env: env, last: map[types.UID]*v1alpha1.AuroraBacktrack{}}
	env.T.Cleanup(func() {
		if env.T.Failed() {
			env.T.Logf("written, in this order:\n%s\nin the end:\n%s", strings.Join(t.lines, "\n"), env.Describe())
		}
	})
	o := env.NewOperator(func(m Moment) error {
		if m.After && strings.HasPrefix(m.What, "patch") && strings.HasSuffix(m.What, "AuroraBacktrack") {
			t.observe()
		}
		if also != nil {
			return also(m)
		}
		return nil
	})
	return o, t
}

// Last gives the object of that name as it was last written, also when it is gone.
func (t *StatusLog) Last(name string) *v1alpha1.AuroraBacktrack {
	for _, b := range t.last {
		if b.Name == name {
			return b
		}
	}
	t.env.T.Fatalf("no status of %s was ever written", name)
	return nil
}

func (t *StatusLog) observe() {
	t.env.T.Helper()
	var list v1alpha1.AuroraBacktrackList
	if err := t.env.API.List(context.Background(), &list); err != nil {
		t.env.T.Fatal(err)
	}
	for i := range list.Items {
		b := &list.Items[i]
		last := t.last[b.UID]
		if last != nil && last.ResourceVersion == b.ResourceVersion || len(b.Status.Conditions) == 0 {
			continue
		}
		t.note(last, b)
		problems := SummaryProblems(b)
		if last != nil && last.Status.ObservedGeneration > 0 {
			problems = append(problems, Regressions(last.Status, b.Status)...)
		}
		for _, problem := range problems {
			t.env.T.Errorf("%s: %s", b.Name, problem)
		}
		t.checkTruth(b)
		t.last[b.UID] = b.DeepCopy()
	}
}

func (t *StatusLog) note(last, b *v1alpha1.AuroraBacktrack) {
	for _, c := range b.Status.Conditions {
		var old *metav1.Condition
		if last != nil {
			old = meta.FindStatusCondition(last.Status.Conditions, c.Type)
		}
		if old == nil || old.Status != c.Status || old.Reason != c.Reason {
			t.lines = append(t.lines, fmt.Sprintf("  %s %s %s %s %s: %s", t.env.Clock.Now().Format("15:04:05"), b.Name, c.Type, c.Status, c.Reason, c.Message))
		}
	}
}

// checkTruth compares what became True with what is so.
func (t *StatusLog) checkTruth(b *v1alpha1.AuroraBacktrack) {
	t.env.T.Helper()
	is := func(condition string) bool { return meta.IsStatusConditionTrue(b.Status.Conditions, condition) }
	ran := b.Status.Claim != nil && t.last[b.UID] != nil // else it says what an earlier run came to
	if is(v1alpha1.ConditionBacktracked) && ran && t.env.RecordStatus(b.Status.Backtrack.ID) != "completed" {
		t.env.T.Errorf("%s says Backtracked and its record reads %q", b.Name, t.env.RecordStatus(b.Status.Backtrack.ID))
	}
	if is(v1alpha1.ConditionSucceeded) && ran {
		for _, condition := range StepConditions() {
			if !is(condition) {
				t.env.T.Errorf("%s succeeded without %s", b.Name, condition)
			}
		}
	}
	if is(v1alpha1.ConditionBacktracked) && !is(v1alpha1.ConditionPreflightPassed) {
		t.env.T.Errorf("%s was rewound without a preflight", b.Name)
	}
}
