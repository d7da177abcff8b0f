package cluster

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// TestVanishedHolder has a lock whose holder paused the worker, and what has become of the holder since. The lock
// of one that runs, or whose like runs on in its place, stays; otherwise it goes, and what was paused is resumed.
func TestVanishedHolder(t *testing.T) {
	const vanished = types.UID("vanished")
	wish := func(w *world, change func(*v1alpha1.AuroraBacktrack)) *v1alpha1.AuroraBacktrack {
		b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "undo"}, Spec: v1alpha1.AuroraBacktrackSpec{
			ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z",
		}}
		change(b)
		w.create(b)
		return b
	}
	nothing := func(*v1alpha1.AuroraBacktrack) {}
	claims := func(w *world) {
		gone := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "undo", UID: vanished}, Spec: v1alpha1.AuroraBacktrackSpec{
			ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z",
		}}
		w.lock(func(c *v1alpha1.AuroraCluster) {
			claim.Enter(c, gone, v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(start), BacktrackTo: gone.Spec.BacktrackTo, Attempt: 1})
		})
	}
	for name, test := range map[string]struct {
		given func(*world) types.UID // gives the holder's UID

		wantLocked bool
	}{
		"it runs": {
			given:      func(w *world) types.UID { return wish(w, nothing).UID },
			wantLocked: true,
		},
		"it has finished": {
			given: func(w *world) types.UID {
				b := wish(w, nothing)
				b.Status.CompletedAt = v1alpha1.NewTimestamp(start)
				w.must(w.api.Status().Update(context.Background(), b))
				return b.UID
			},
		},
		"it is gone": {
			given: func(*world) types.UID { return vanished },
		},
		"another wish has its name": {
			given: func(w *world) types.UID {
				wish(w, func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = "2023-12-23T13:50:00Z" })
				claims(w)
				return vanished
			},
		},
		"the same wish has its name, and it had not claimed": {
			given: func(w *world) types.UID { wish(w, nothing); return vanished },
		},
		"the same wish has its name and takes its claim over": {
			given:      func(w *world) types.UID { wish(w, nothing); claims(w); return vanished },
			wantLocked: true,
		},
		"it is gone, and the strategy was changed meanwhile": {
			given: func(w *world) types.UID {
				d := w.readWorker()
				d.Annotations[v1alpha1.StrategyAnnotation] = string(v1alpha1.StrategyRestart)
				w.must(w.api.Update(context.Background(), d))
				return vanished
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.look()
			w.worker(vanished)
			holder := test.given(w)
			if holder != vanished { // one that is there has paused it itself
				w.must(w.api.Delete(context.Background(), w.readWorker()))
				w.worker(holder)
			}
			w.lock(func(c *v1alpha1.AuroraCluster) {
				lock.Hold(c, v1alpha1.ObjectReference{Namespace: "game", Name: "undo", UID: holder})
			})
			c := w.look()
			if locked := c.Status.ActiveBacktrack != nil; locked != test.wantLocked {
				t.Errorf("it is locked by %+v", c.Status.ActiveBacktrack)
			}
			want := int32(3)
			if test.wantLocked {
				want = 0
			}
			if n := w.replicas(); n != want {
				t.Errorf("the worker has %d replicas, want %d", n, want)
			}
		})
	}
}
