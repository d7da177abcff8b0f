package cluster_test

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestVanishedHolder has a lock whose holder paused the worker, and what has become of the holder since. The lock
// of one that runs, or whose like runs on in its place, stays; otherwise it goes, and what was paused is resumed.
func TestVanishedHolder(t *testing.T) {
	const vanished = types.UID("vanished")
	wish := func(env *harness.Env, change func(*v1alpha1.AuroraBacktrack)) *v1alpha1.AuroraBacktrack {
		b := harness.NewBacktrack("undo")
		change(b)
		env.Create(b)
		return b
	}
	nothing := func(*v1alpha1.AuroraBacktrack) {}
	claims := func(env *harness.Env) {
		gone := harness.NewBacktrack("undo")
		gone.UID = vanished
		editStatus(env, func(c *v1alpha1.AuroraCluster) {
			claim.Enter(c, gone, v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(harness.StartTime), BacktrackTo: gone.Spec.BacktrackTo, Attempt: 1})
		})
	}
	for name, test := range map[string]struct {
		given func(*harness.Env) types.UID // gives the holder's UID

		wantLocked bool
	}{
		"it runs": {
			given:      func(env *harness.Env) types.UID { return wish(env, nothing).UID },
			wantLocked: true,
		},
		"it has finished": {
			given: func(env *harness.Env) types.UID {
				b := wish(env, nothing)
				b.Status.CompletedAt = v1alpha1.NewTimestamp(harness.StartTime)
				env.Must(env.API.Status().Update(context.Background(), b))
				return b.UID
			},
		},
		"it is gone": {
			given: func(*harness.Env) types.UID { return vanished },
		},
		"another wish has its name": {
			given: func(env *harness.Env) types.UID {
				wish(env, func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = "2023-12-23T13:50:00Z" })
				claims(env)
				return vanished
			},
		},
		"the same wish has its name, and it had not claimed": {
			given: func(env *harness.Env) types.UID { wish(env, nothing); return vanished },
		},
		"the same wish has its name and takes its claim over": {
			given:      func(env *harness.Env) types.UID { wish(env, nothing); claims(env); return vanished },
			wantLocked: true,
		},
		"it is gone, and the strategy was changed meanwhile": {
			given: func(env *harness.Env) types.UID {
				d := env.ReadDeployment("worker")
				d.Annotations[v1alpha1.StrategyAnnotation] = string(v1alpha1.StrategyRestart)
				env.Must(env.API.Update(context.Background(), d))
				return vanished
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			o := env.NewOperator(nil)
			reconcile(o)
			createPausedWorker(o, vanished)
			holder := test.given(env)
			if holder != vanished { // one that is there has paused it itself
				env.Must(env.API.Delete(context.Background(), env.ReadDeployment("worker")))
				createPausedWorker(o, holder)
			}
			editStatus(env, func(c *v1alpha1.AuroraCluster) {
				c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "undo", UID: holder}
			})
			c := reconcile(o)
			if locked := c.Status.ActiveBacktrack != nil; locked != test.wantLocked {
				t.Errorf("it is locked by %+v", c.Status.ActiveBacktrack)
			}
			want := int32(3)
			if test.wantLocked {
				want = 0
			}
			if n := *env.ReadDeployment("worker").Spec.Replicas; n != want {
				t.Errorf("the worker has %d replicas, want %d", n, want)
			}
		})
	}
}

// reconcile looks at AuroraCluster game once, and gives it as it is written then.
func reconcile(o *harness.Operator) *v1alpha1.AuroraCluster {
	o.T.Helper()
	_, err := o.Clusters.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Name: "game"}})
	o.Must(err)
	return o.ReadCluster("game")
}

// editStatus changes the status of AuroraCluster game, as the operator would.
func editStatus(env *harness.Env, change func(*v1alpha1.AuroraCluster)) {
	env.T.Helper()
	c := env.ReadCluster("game")
	change(c)
	env.Must(env.API.Status().Update(context.Background(), c))
}

// createPausedWorker creates a Deployment with strategy Pause and three replicas, which the owner has paused.
func createPausedWorker(o *harness.Operator, owner types.UID) {
	o.T.Helper()
	o.Create(harness.NewDeployment("worker", 3, v1alpha1.StrategyPause))
	dependents, _, err := o.Clusters.Workloads.Find(context.Background(), o.ReadCluster("game"))
	o.Must(err)
	_, err = o.Clusters.Workloads.Pause(context.Background(), owner, dependents, false)
	o.Must(err)
	if n := *o.ReadDeployment("worker").Spec.Replicas; n != 0 {
		o.T.Fatalf("the worker has %d replicas while it is paused", n)
	}
}
