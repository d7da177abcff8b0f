package backtrack_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/workload"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// elsewhere is a namespace with two dependents of the cluster, that the requester can't read.
const elsewhere = "vault"

func withElsewhere(t testing.TB) *harness.Env {
	env := harness.New(t)
	env.CreateDependents()
	env.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: elsewhere}})
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
		c.Spec.AllowedNamespaces.Names = append(c.Spec.AllowedNamespaces.Names, elsewhere)
	})
	for name, strategy := range map[string]v1alpha1.Strategy{"keys": v1alpha1.StrategyPause, "locks": v1alpha1.StrategyRestart} {
		d := harness.NewDeployment(name, 4, strategy)
		d.Namespace = elsewhere
		env.Create(d)
	}
	env.Kubelet(env)
	return env
}

// tells fails where the object or an event about it has a name from the other namespace.
func tells(env *harness.Env, when string) {
	env.T.Helper()
	var events corev1.EventList
	env.Must(env.API.List(env.T.Context(), &events))
	text, err := json.Marshal(struct{ Object, Events any }{env.Read("undo"), events.Items})
	env.Must(err)
	for _, secret := range []string{elsewhere, "keys", "locks"} {
		if at := strings.Index(string(text), secret); at >= 0 {
			env.T.Fatalf("%s, the requester reads %q: …%s…", when, secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// restored checks that nothing is paused in either namespace.
func restored(env *harness.Env, when string) {
	env.T.Helper()
	env.CheckNothingPaused()
	for _, name := range []string{"keys", "locks"} {
		d := env.ReadDeploymentIn(elsewhere, name)
		if n := ptr.Deref(d.Spec.Replicas, -1); n != 4 || d.Annotations[v1alpha1.PausedAnnotation] != "" {
			env.T.Errorf("%s, %s has %d replicas and the annotations %v", when, name, n, d.Annotations)
		}
	}
}

// TestNamesOfOtherNamespaces stops the operator at every moment of a run, before and after each write and call. The next one
// knows no names: it finds them, whatever became of the labels meanwhile, and the run comes to the same end. At no moment
// does the requester read a name from the other namespace.
func TestNamesOfOtherNamespaces(t *testing.T) {
	t.Parallel()
	restarts := 0
	for n, over := 1, false; !over; n++ {
		env := withElsewhere(t)
		at := ""
		hook := func(m harness.Moment) error {
			if m.After && strings.HasSuffix(m.What, "AuroraBacktrack") || strings.HasPrefix(m.What, "create Event") {
				tells(env, m.What)
			}
			if m.N == n {
				at = m.What
				return harness.ErrKilled
			}
			return nil
		}
		o := env.NewOperator(hook)
		o.ReconcileAll()
		env.Create(harness.NewBacktrack("undo"))
		o.Until("the end, or a stop", func() bool { return at != "" || env.Read("undo").Status.CompletedAt != "" })
		if over = at == ""; !over {
			restarts++
			if d := env.ReadDeploymentIn(elsewhere, "keys"); *d.Spec.Replicas == 0 {
				d.Labels = nil // so that only its alias leads to it
				env.Must(env.API.Update(t.Context(), d))
			}
			o = env.NewOperator(func(m harness.Moment) error {
				if m.After {
					tells(env, m.What)
				}
				return nil
			})
		}
		b := o.Finish("undo")
		if harness.Verdict(b) != v1alpha1.ReasonSucceeded || len(b.Status.Dependents) != 5 {
			t.Errorf("stopped at %s, moment %d, it ended as %s with %+v", at, n, harness.Verdict(b), b.Status.Dependents)
		}
		tells(env, "in the end")
		restored(env, "stopped at "+at)
		if by := env.ReadDeploymentIn(elsewhere, "locks").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]; by != string(b.UID) {
			t.Errorf("stopped at %s, moment %d, locks was restarted by %q", at, n, by)
		}
		if t.Failed() {
			return
		}
	}
	if restarts < 60 {
		t.Errorf("there were %d restarts", restarts)
	}
}

// paused brings a run as far as a pause in the other namespace that goes on, and stops the operator.
func pausedElsewhere(t *testing.T) *harness.Env {
	env := withElsewhere(t)
	env.Kubelet = harness.KeepPodsOf("worker")
	o := env.NewOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	o.Until("keys is paused", func() bool { return *env.ReadDeploymentIn(elsewhere, "keys").Spec.Replicas == 0 })
	env.Kubelet = harness.RollOut
	return env
}

// TestHiddenWorkloadIsDeleted has a workload of the other namespace deleted while no operator runs: it counts as gone.
func TestHiddenWorkloadIsDeleted(t *testing.T) {
	env := pausedElsewhere(t)
	env.Must(env.API.Delete(t.Context(), env.ReadDeploymentIn(elsewhere, "keys")))
	b := env.NewOperator(nil).Finish("undo")
	harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonSucceeded)
	hidden := map[v1alpha1.DependentState]int{}
	for i := range b.Status.Dependents {
		if d := &b.Status.Dependents[i]; workload.IsHidden(d) {
			hidden[d.State]++
		}
	}
	harness.Equal(t, "skipped", hidden[v1alpha1.DependentSkipped], 1)
	harness.Equal(t, "restarted", hidden[v1alpha1.DependentReady], 1)
	env.CheckNothingPaused()
}

// TestHiddenWorkloadCannotBeLookedFor has a restart at a time at which workloads can't be listed: nothing counts as gone, and
// RDS is not asked.
func TestHiddenWorkloadCannotBeLookedFor(t *testing.T) {
	env := pausedElsewhere(t)
	down := true
	o := env.NewOperator(func(m harness.Moment) error {
		if down && m.What == "list DeploymentList" {
			return errors.New("not now")
		}
		return nil
	})
	for range 20 {
		env.Clock.Step(o.ReconcileAll())
	}
	b := env.Read("undo")
	harness.Equal(t, "DependentsPaused", harness.Condition(b, v1alpha1.ConditionDependentsPaused).Reason, v1alpha1.ReasonPausing)
	harness.Equal(t, "the number of calls", env.Calls(), 0)
	for _, d := range b.Status.Dependents {
		if d.Strategy == v1alpha1.StrategyPause && d.State == v1alpha1.DependentSkipped {
			t.Errorf("%+v counts as gone", d)
		}
	}
	down = false
	harness.Equal(t, "the end", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonSucceeded)
	restored(env, "afterwards")
}

// TestCancelAfterARestart has a run cancelled while no operator runs: what it paused in the other namespace is resumed, and
// also where the AuroraCluster does not allow that namespace any more, and its label is gone.
func TestCancelAfterARestart(t *testing.T) {
	env := pausedElsewhere(t)
	env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true })
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Names = []string{"game"} })
	d := env.ReadDeploymentIn(elsewhere, "keys")
	d.Labels = nil
	env.Must(env.API.Update(t.Context(), d))
	b := env.NewOperator(nil).Finish("undo")
	harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonCancelled)
	restored(env, "afterwards")
	tells(env, "in the end")
}
