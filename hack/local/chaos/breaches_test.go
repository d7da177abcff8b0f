package chaos

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
)

var target = time.Date(2023, 12, 23, 13, 55, 0, 0, time.UTC)

// sound are the facts of one wish that came true, with nothing to complain of.
func sound() *facts {
	w := &wish{name: "wish", target: target, fate: plain}
	object := *w.object()
	object.UID = "uid"
	object.Status.CompletedAt = v1alpha1.NewTimestamp(target.Add(time.Hour))
	object.Status.Backtrack = &v1alpha1.BacktrackRecord{ID: "record"}
	events := []corev1.Event{}
	for _, step := range append(steps[:len(steps):len(steps)], v1alpha1.ConditionSucceeded) {
		reason := step
		if step == v1alpha1.ConditionSucceeded {
			reason = v1alpha1.ReasonSucceeded
		}
		put(&object, step, metav1.ConditionTrue, reason)
		events = append(events, corev1.Event{Reason: reason, Count: 1})
	}
	return &facts{
		wishes:   []*wish{w},
		objects:  map[string]v1alpha1.AuroraBacktrack{w.String(): object},
		clusters: []v1alpha1.AuroraCluster{{ObjectMeta: metav1.ObjectMeta{Name: clusterName(0)}}},
		events:   map[types.UID][]corev1.Event{"uid": events},
		accepted: []aurora.Call{accepted(target, "record")},
		before:   map[string]workload{"Deployment a/b": {form: "size 2", up: true}},
		after:    map[string]workload{"Deployment a/b": {form: "size 2", up: true}},
	}
}

func put(object *v1alpha1.AuroraBacktrack, condition string, status metav1.ConditionStatus, reason string) {
	meta.SetStatusCondition(&object.Status.Conditions, metav1.Condition{Type: condition, Status: status, Reason: reason})
}

func accepted(to time.Time, id string) aurora.Call {
	return aurora.Call{
		Time: to.Add(30 * time.Minute), Operation: "BacktrackDBCluster", BacktrackID: id,
		Parameters: map[string]string{"DBClusterIdentifier": clusterName(0), "BacktrackTo": to.Format("2006-01-02T15:04:05.000Z")},
	}
}

// edit changes the wish's object.
func (f *facts) edit(change func(*v1alpha1.AuroraBacktrack)) {
	object := f.objects[f.wishes[0].String()]
	change(&object)
	f.objects[f.wishes[0].String()] = object
}

// TestBreaches spoils sound facts in one way at a time, and wants that to be found, and nothing else.
func TestBreaches(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*facts)
		want  []string // in the findings, in their order
	}{
		"sound": {func(*facts) {}, nil},
		"two calls": {func(f *facts) { f.accepted = append(f.accepted, accepted(target, "other")) },
			[]string{"2 calls, at"}},
		"a call for nobody": {func(f *facts) { f.accepted = append(f.accepted, accepted(target.Add(time.Millisecond), "other")) },
			[]string{"1 calls that nobody wished for"}},
		"called while suspended": {func(f *facts) { f.wishes[0].fate, f.wishes[0].lifted = suspended, target.Add(time.Hour) },
			[]string{"while it was suspended"}},
		"no call": {func(f *facts) { f.accepted = nil },
			[]string{"0 calls, and its record", "Backtracked, and RDS was never made to"}},
		"another one's record": {func(f *facts) { f.accepted[0].BacktrackID = "other" },
			[]string{"successes without an accepted call"}},
		"gone": {func(f *facts) { clear(f.objects) },
			[]string{"is not there"}},
		"deleted and still there": {func(f *facts) { f.wishes[0].fate = deleted },
			[]string{"deleted, and still there"}},
		"not at its end": {func(f *facts) {
			f.edit(func(b *v1alpha1.AuroraBacktrack) { b.Status.CompletedAt = "" })
		}, []string{"rewinds not at their end"}},
		"ended otherwise": {func(f *facts) {
			f.edit(func(b *v1alpha1.AuroraBacktrack) {
				put(b, v1alpha1.ConditionSucceeded, metav1.ConditionFalse, v1alpha1.ReasonReconnectTimedOut)
			})
			f.events["uid"][6].Reason = v1alpha1.ReasonReconnectTimedOut
		}, []string{"endings that nothing accounts for"}},
		"cancelled as wished": {func(f *facts) {
			f.wishes[0].fate = cancelled
			f.edit(func(b *v1alpha1.AuroraBacktrack) {
				put(b, v1alpha1.ConditionSucceeded, metav1.ConditionFalse, v1alpha1.ReasonCancelled)
			})
			f.events["uid"][6].Reason = v1alpha1.ReasonCancelled
		}, nil},
		"a step that is not done": {func(f *facts) {
			f.edit(func(b *v1alpha1.AuroraBacktrack) {
				put(b, v1alpha1.ConditionClusterAvailable, metav1.ConditionUnknown, v1alpha1.ReasonBacktracking)
			})
			f.events["uid"][4].Reason = v1alpha1.ReasonBacktracking
		}, []string{"Succeeded, and ClusterAvailable is not"}},
		"reconciling for ever": {func(f *facts) {
			f.edit(func(b *v1alpha1.AuroraBacktrack) {
				put(b, v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonReconnecting)
			})
		}, []string{"Reconciling after its end"}},
		"locked": {func(f *facts) {
			f.clusters[0].Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "a", Name: "b"}
		}, []string{"chaos-0 by a/b"}},
		"a workload changed": {func(f *facts) { f.after["Deployment a/b"] = workload{form: "size 0", up: true} },
			[]string{"was size 2; is size 0"}},
		"a workload down": {func(f *facts) { f.after["Deployment a/b"] = workload{form: "size 2"} },
			[]string{"is not up"}},
		"a workload gone": {func(f *facts) { clear(f.after) },
			[]string{"is gone"}},
		"an event lost": {func(f *facts) { f.events["uid"] = f.events["uid"][1:] },
			[]string{"Admitted was told 0 times, want 1"}},
		"an event doubled": {func(f *facts) { f.events["uid"] = append(f.events["uid"], f.events["uid"][3]) },
			[]string{"Backtracked was told 2 times, want 1"}},
		"an event doubled on the way": {func(f *facts) {
			claimed := corev1.Event{Reason: v1alpha1.ReasonClaimed, Count: 1}
			f.events["uid"] = append(f.events["uid"], claimed, claimed)
		}, []string{"Claimed was told 2 times on the way"}},
		"an event counted up": {func(f *facts) { f.events["uid"][0].Count = 2 },
			[]string{"Admitted was told 2 times"}},
		"seen on the way": {func(f *facts) { f.seen = []string{"something"} },
			[]string{"went backwards: something"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := sound()
			test.spoil(f)
			got := f.breaches()
			if len(got) != len(test.want) {
				t.Fatalf("found %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("found %q, want %q in it", got[i], want)
				}
			}
		})
	}
}

// TestEarlierLives has an object that was taken away, as it was seen last, before the one that came true: it is judged
// as well.
func TestEarlierLives(t *testing.T) {
	ended := func(status metav1.ConditionStatus, reason string) func(*v1alpha1.AuroraBacktrack) {
		return func(b *v1alpha1.AuroraBacktrack) {
			b.Status.CompletedAt = v1alpha1.NewTimestamp(target)
			put(b, v1alpha1.ConditionSucceeded, status, reason)
		}
	}
	for name, test := range map[string]struct {
		fate  fate
		first func(*v1alpha1.AuroraBacktrack)
		want  string // in the only finding; empty for none
	}{
		"on its way when it was taken away": {fate: forced, first: func(*v1alpha1.AuroraBacktrack) {}},
		"deleted before the call":           {fate: replaced, first: ended(metav1.ConditionFalse, v1alpha1.ReasonDeleted)},
		"deleted, though it was to end":     {fate: again, first: ended(metav1.ConditionFalse, v1alpha1.ReasonDeleted), want: "Deleted"},
		"a verdict without a final fact": {
			fate: again, first: ended(metav1.ConditionFalse, v1alpha1.ReasonDependentUnsupported),
			want: "an earlier life, (applied again): Succeeded=False, DependentUnsupported",
		},
		"such a verdict, and taken away before its end": {
			fate: replaced,
			first: func(b *v1alpha1.AuroraBacktrack) {
				put(b, v1alpha1.ConditionPreflightPassed, metav1.ConditionFalse, v1alpha1.ReasonDependentUnsupported)
			},
			want: "an earlier life, (replaced): PreflightPassed=False, DependentUnsupported",
		},
		"applied by nobody before it": {
			fate: replaced,
			first: func(b *v1alpha1.AuroraBacktrack) {
				ended(metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied)(b)
				b.Status.Backtrack = &v1alpha1.BacktrackRecord{ID: "record"}
			},
			want: "Succeeded=True, AlreadyApplied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := sound()
			w := f.wishes[0]
			w.fate = test.fate
			first := *w.object()
			first.UID = "first"
			test.first(&first)
			s := newSight()
			s.see([]v1alpha1.AuroraBacktrack{first})
			s.see([]v1alpha1.AuroraBacktrack{f.objects[w.String()]})
			f.earlier = s.earlier()
			f.edit(func(b *v1alpha1.AuroraBacktrack) { // the second one finds the rewind made, where there was one
				if test.fate == again {
					put(b, v1alpha1.ConditionSucceeded, metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied)
					f.events["uid"][6].Reason = v1alpha1.ReasonAlreadyApplied
				}
			})
			got := f.breaches()
			switch {
			case test.want == "" && len(got) > 0, test.want != "" && len(got) != 1:
				t.Errorf("found %q, want %q", got, test.want)
			case test.want != "" && !strings.Contains(got[0], test.want):
				t.Errorf("found %q, want %q in it", got[0], test.want)
			}
		})
	}
}

// TestRegressions sees what goes backwards between two looks, and only that.
func TestRegressions(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.AuroraBacktrack)
		want   string
	}{
		"nothing": {func(*v1alpha1.AuroraBacktrack) {}, ""},
		"one more": {func(b *v1alpha1.AuroraBacktrack) {
			put(b, v1alpha1.ConditionBacktracked, metav1.ConditionTrue, v1alpha1.ReasonCompleted)
		}, ""},
		"no longer reconciling": {func(b *v1alpha1.AuroraBacktrack) {
			meta.RemoveStatusCondition(&b.Status.Conditions, v1alpha1.ConditionReconciling)
		}, ""},
		"True no more": {func(b *v1alpha1.AuroraBacktrack) {
			put(b, v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonQueued)
		}, "Admitted was True (Admitted) and is Unknown (Queued)"},
		"gone":              {func(b *v1alpha1.AuroraBacktrack) { b.Status.Conditions = nil }, "and is gone"},
		"completed no more": {func(b *v1alpha1.AuroraBacktrack) { b.Status.CompletedAt = "" }, "was completed at"},
	} {
		t.Run(name, func(t *testing.T) {
			before := &v1alpha1.AuroraBacktrack{}
			before.Status.CompletedAt = v1alpha1.NewTimestamp(target)
			put(before, v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted)
			put(before, v1alpha1.ConditionBacktracked, metav1.ConditionUnknown, v1alpha1.ReasonClaimed)
			put(before, v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonClaimed)
			now := before.DeepCopy()
			test.change(now)
			got := strings.Join(regressions(before, now), "; ")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}
