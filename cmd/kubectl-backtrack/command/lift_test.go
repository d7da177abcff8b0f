package command

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

func TestApprove(t *testing.T) {
	for name, test := range map[string]struct {
		approval v1alpha1.Approval
		user     string
		by       string // who asked
		answer   string
		state    func(*v1alpha1.AuroraBacktrack)
		code     int
		want     []string
	}{
		"in one's own name": {
			approval: v1alpha1.ApprovalRequired, user: olga, by: alice, answer: "y\n", code: exit.Succeeded,
			want: []string{"Plan of", "asked   by " + alice, "Approve as " + olga, "approved", "kubectl backtrack watch"},
		},
		"from another person":               {approval: v1alpha1.ApprovalRequiredFromAnother, user: olga, by: alice, answer: "y\n", code: exit.Succeeded, want: []string{"approved"}},
		"the answer is no":                  {approval: v1alpha1.ApprovalRequired, user: olga, by: alice, answer: "n\n", code: exit.NotAsked, want: []string{"not approved"}},
		"there is no terminal":              {approval: v1alpha1.ApprovalRequired, user: olga, by: alice, code: exit.NotAsked, want: []string{"add --yes"}},
		"not by the one who asked":          {approval: v1alpha1.ApprovalRequiredFromAnother, user: olga, by: olga, answer: "y\n", code: exit.NotAsked, want: []string{"another approver must approve it"}},
		"not by somebody without the right": {approval: v1alpha1.ApprovalRequired, user: alice, by: alice, answer: "y\n", code: exit.NotAsked, want: []string{`takes the verb approve on AuroraCluster`, "aurora-backtrack-approver"}},
		"not where no approval is asked":    {approval: v1alpha1.ApprovalNone, user: olga, by: alice, answer: "y\n", code: exit.NotAsked, want: []string{"asks for no approval: kubectl backtrack start"}},
		"not what has ended": {
			approval: v1alpha1.ApprovalRequired, user: olga, by: alice, answer: "y\n", code: exit.NotAsked, want: []string{"has ended already (Expired)"},
			state: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.Suspend = true
				ended(metav1.ConditionFalse, v1alpha1.ReasonExpired, "too late")(b)
			},
		},
		"not what is cancelled": {
			approval: v1alpha1.ApprovalRequired, user: olga, by: alice, answer: "y\n", code: exit.NotAsked, want: []string{"is cancelled"},
			state: func(b *v1alpha1.AuroraBacktrack) { suspended(b); b.Spec.Cancel = true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster(asksForApproval(test.approval))
			w.user, w.answer = test.user, test.answer
			state := test.state
			if state == nil {
				state = suspended
			}
			b := w.requested("wanted", test.by, state)
			w.run("approve", b.Name).want(test.code, test.want...)
			w.must(admin.Get(t.Context(), client.ObjectKeyFromObject(b), b))
			approved := test.code == exit.Succeeded
			if (b.Annotations[v1alpha1.ApprovedByAnnotation] == test.user) != approved || b.Spec.Suspend == approved {
				t.Errorf("the object has %v and suspend %t", b.Annotations, b.Spec.Suspend)
			}
		})
	}
}

// requested is an object of somebody's.
func (w *world) requested(name, user string, state func(*v1alpha1.AuroraBacktrack)) *v1alpha1.AuroraBacktrack {
	w.Helper()
	b := &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name, Annotations: map[string]string{v1alpha1.RequestedByAnnotation: user}},
		Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: w.name}, BacktrackTo: w.at(0)},
	}
	state(b)
	status := b.Status
	w.must(as(w.T, user).Create(w.Context(), b))
	b.Status = status
	b.Status.ObservedGeneration = b.Generation
	w.must(operator.Status().Update(w.Context(), b))
	return b
}

func TestStart(t *testing.T) {
	for name, test := range map[string]struct {
		approval v1alpha1.Approval
		answer   string
		state    func(*v1alpha1.AuroraBacktrack)
		code     int
		want     []string
	}{
		"yes":                         {answer: "yes\n", state: suspended, code: exit.Succeeded, want: []string{"Plan of", "started", "kubectl backtrack watch"}},
		"no":                          {answer: "no\n", state: suspended, code: exit.NotAsked, want: []string{"not started: it goes on waiting"}},
		"no terminal":                 {state: suspended, code: exit.NotAsked, want: []string{"add --yes"}},
		"not where approval is asked": {approval: v1alpha1.ApprovalRequired, answer: "y\n", state: suspended, code: exit.NeedsPerson, want: []string{"requires approval: kubectl backtrack approve"}},
		"not what runs":               {answer: "y\n", state: waitsFor(v1alpha1.ReasonBacktracking, "RDS is at it"), code: exit.NotAsked, want: []string{"goes on by itself (Backtracking)"}},
		"not what has ended":          {answer: "y\n", state: success, code: exit.NotAsked, want: []string{"has ended already (Succeeded)"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster(asksForApproval(test.approval))
			w.answer = test.answer
			b := w.object("waits", test.state)
			before := b.Spec.Suspend
			w.run("start", b.Name).want(test.code, test.want...)
			w.must(admin.Get(t.Context(), client.ObjectKeyFromObject(b), b))
			if started := before && !b.Spec.Suspend; started != (test.code == exit.Succeeded) {
				t.Errorf("suspend is %t", b.Spec.Suspend)
			}
		})
	}
}

func TestStartAndWatch(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.object("waits", suspended)
	w.operates("the preflight would pass", w.rewinds()...)
	w.run("start", "waits", "--yes", "--watch").want(exit.Succeeded, "started", "DependentsPaused", "✓ Succeeded")
}

func TestCancel(t *testing.T) {
	for name, test := range map[string]struct {
		state  func(*world) func(*v1alpha1.AuroraBacktrack)
		states []func(*v1alpha1.AuroraBacktrack)
		args   []string
		code   int
		want   []string
	}{
		"in time": {
			state: func(*world) func(*v1alpha1.AuroraBacktrack) { return waitsFor(v1alpha1.ReasonPausing, "pausing") },
			code:  exit.Succeeded, want: []string{"cancel is set", "cancelled before RDS was asked"},
		},
		"without waiting": {
			state: func(*world) func(*v1alpha1.AuroraBacktrack) { return waitsFor(v1alpha1.ReasonPausing, "pausing") },
			args:  []string{"--wait=false"}, code: exit.Succeeded, want: []string{"cancel is set"},
		},
		"too late": {
			state: func(w *world) func(*v1alpha1.AuroraBacktrack) {
				return func(b *v1alpha1.AuroraBacktrack) {
					waitsFor(v1alpha1.ReasonBacktracking, "RDS is at it")(b)
					w.recorded("bt-1", w.at(0), w.at(0))(b)
				}
			},
			states: []func(*v1alpha1.AuroraBacktrack){success},
			code:   exit.Ended, want: []string{"RDS was asked at", "the cancel came too late", "kubectl backtrack undo back"},
		},
		"after the end": {
			state: func(*world) func(*v1alpha1.AuroraBacktrack) { return success }, code: exit.NotAsked, want: []string{"has ended already (Succeeded)"},
		},
		"after the end, with a record": {
			state: func(w *world) func(*v1alpha1.AuroraBacktrack) {
				return func(b *v1alpha1.AuroraBacktrack) { success(b); w.recorded("bt-1", w.at(0), w.at(0))(b) }
			},
			code: exit.NotAsked, want: []string{"to go forward again: kubectl backtrack undo back"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster()
			w.object("back", test.state(w))
			w.ready = func(b *v1alpha1.AuroraBacktrack) bool { return b.Spec.Cancel }
			w.operates("", test.states...)
			w.run(append([]string{"cancel", "back"}, test.args...)...).want(test.code, test.want...)
		})
	}
}
