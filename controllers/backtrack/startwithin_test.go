package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestStartsInTimeOrNotAtAll has what keeps a rewind from starting pass by itself, in time and too late: then it does not start
// by itself any more. What waits for a person or for the window does not count.
func TestStartsInTimeOrNotAtAll(t *testing.T) {
	resume := func(env *harness.Env) {
		env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
	}
	for name, test := range map[string]struct {
		given  func(*harness.Env)
		object func(*v1alpha1.AuroraBacktrack)
		remedy func(*harness.Env)
		wait   time.Duration

		wantReason string
	}{
		"the cluster is available in time": {
			given: harness.SetDBClusterStatus("modifying"), remedy: harness.SetDBClusterStatus(""), wait: 50 * time.Minute, wantReason: v1alpha1.ReasonSucceeded,
		},
		"the cluster is available too late": {
			given: harness.SetDBClusterStatus("modifying"), remedy: harness.SetDBClusterStatus(""), wait: 70 * time.Minute, wantReason: v1alpha1.ReasonExpired,
		},
		"the cluster's policy gives it longer": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.StartWithin = "2h" })
				harness.SetDBClusterStatus("modifying")(env)
			},
			remedy: harness.SetDBClusterStatus(""), wait: 70 * time.Minute, wantReason: v1alpha1.ReasonSucceeded,
		},
		"it is suspended for longer": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true }, remedy: resume, wait: 70 * time.Minute, wantReason: v1alpha1.ReasonSucceeded,
		},
		"the window opens later": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "40 15 * * *", Duration: "1h", TimeZone: "Etc/UTC"}}
				})
			},
			remedy: func(*harness.Env) {}, wait: 80 * time.Minute, wantReason: v1alpha1.ReasonSucceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			env.EditDBCluster(longWindow)
			if test.given != nil {
				test.given(env)
			}
			o := env.NewOperator(nil)
			o.ReconcileAll()
			b := harness.NewBacktrack("undo")
			if test.object != nil {
				test.object(b)
			}
			env.Create(b)
			for begun := env.Clock.Now(); env.Clock.Now().Sub(begun) < test.wait; {
				env.Clock.Step(o.ReconcileAll())
			}
			if env.Read("undo").Status.CompletedAt == "" {
				test.remedy(env)
			}
			b = o.Finish("undo")
			harness.Equal(t, "the reason", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, test.wantReason)
			wantCalls := 0
			if test.wantReason == v1alpha1.ReasonSucceeded {
				wantCalls = 1
			}
			harness.Equal(t, "the number of calls", env.Calls(), wantCalls)
			env.CheckNothingPaused()
		})
	}
}
