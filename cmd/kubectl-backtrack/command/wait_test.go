package command

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// as gives a client of somebody's.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(kubeconfigs, user))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// endings are all reasons by which an object ends or waits for a person, and the exit code of each.
var endings = map[string]struct {
	state func(*v1alpha1.AuroraBacktrack)
	code  int
	want  string
}{
	"Succeeded":                 {success, exit.Succeeded, "Succeeded: the data is rewound"},
	"AlreadyApplied":            {ended(metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied, "it ran before"), exit.Succeeded, "AlreadyApplied: it ran before"},
	"AlreadyApplied, by others": {ended(metav1.ConditionFalse, v1alpha1.ReasonAlreadyApplied, "RDS shows one"), exit.Ended, "AlreadyApplied: RDS shows one"},
	"OutcomeUnknown":            {ended(metav1.ConditionFalse, v1alpha1.ReasonOutcomeUnknown, "the answer was lost"), exit.Unknown, "RDS may have rewound the data"},
	"Suspended":                 {suspended, exit.NeedsPerson, "to let it run: kubectl backtrack start back"},
	"ApprovalRequired":          {waitsFor(v1alpha1.ReasonApprovalRequired, "nobody has approved it"), exit.NeedsPerson, "to let it run: kubectl backtrack approve back"},
	"ApprovalNotEnforced":       {waitsFor(v1alpha1.ReasonApprovalNotEnforced, "not installed"), exit.NeedsPerson, "waits for a person (ApprovalNotEnforced)"},
	"InvalidSpec":               failure(v1alpha1.ReasonInvalidSpec),
	"NamespaceNotAllowed":       failure(v1alpha1.ReasonNamespaceNotAllowed),
	"Expired":                   failure(v1alpha1.ReasonExpired),
	"Cancelled":                 failure(v1alpha1.ReasonCancelled),
	"Deleted":                   failure(v1alpha1.ReasonDeleted),
	"TargetInFuture":            failure(v1alpha1.ReasonTargetInFuture),
	"TargetBeforeWindow":        failure(v1alpha1.ReasonTargetBeforeWindow),
	"MaxRewindExceeded":         failure(v1alpha1.ReasonMaxRewindExceeded),
	"ForceNotAllowed":           failure(v1alpha1.ReasonForceNotAllowed),
	"EngineNotSupported":        failure(v1alpha1.ReasonEngineNotSupported),
	"BacktrackNotEnabled":       failure(v1alpha1.ReasonBacktrackNotEnabled),
	"ClusterReplaced":           failure(v1alpha1.ReasonClusterReplaced),
	"DependentNotFound":         failure(v1alpha1.ReasonDependentNotFound),
	"DependentUnsupported":      failure(v1alpha1.ReasonDependentUnsupported),
	"PauseTimedOut":             failure(v1alpha1.ReasonPauseTimedOut),
	"PauseReverted":             failure(v1alpha1.ReasonPauseReverted),
	"Rejected":                  failure(v1alpha1.ReasonRejected),
	"Failed":                    failure(v1alpha1.ReasonFailed),
	"ReconnectTimedOut":         failure(v1alpha1.ReasonReconnectTimedOut),
}

func failure(reason string) (ending struct {
	state func(*v1alpha1.AuroraBacktrack)
	code  int
	want  string
}) {
	ending.state, ending.code, ending.want = ended(metav1.ConditionFalse, reason, "because"), exit.Ended, "ended without success: "+reason+": because"
	return ending
}

func TestWaitAndWatchOnEveryEnding(t *testing.T) {
	for name, test := range endings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster()
			w.object("back", test.state)
			w.run("wait", "back").want(test.code, test.want)
			want := test.want
			if test.code == exit.Succeeded {
				want = strings.Replace(want, ": ", " ", 1)
			}
			w.run("watch", "back").want(test.code, want, w.name+" to ")
		})
	}
}

func TestWaitForAnEndThatComes(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.object("back", waitsFor(v1alpha1.ReasonQueued, "another holds it"))
	w.operates("", w.rewinds()...)
	w.run("wait", "back").want(exit.Succeeded, "Succeeded: the data is rewound")
}

func TestWaitPastApproval(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	b := w.object("back", suspended)
	w.operates("the preflight would pass", w.rewinds()...)
	done := make(chan result)
	go func() { done <- w.run("wait", "back", "--wait-for-approval") }()
	w.must(admin.Patch(t.Context(), b, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"suspend":false}}`))))
	(<-done).want(exit.Succeeded)
}

func TestWaitTimesOut(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.object("back", waitsFor(v1alpha1.ReasonBacktracking, "RDS is at it"))
	w.run("wait", "back", "--timeout", "200ms").want(exit.TimedOut, "has not ended within 200ms (Backtracking: RDS is at it), and goes on: kubectl backtrack watch back")
	w.run("watch", "back", "--timeout", "200ms").want(exit.TimedOut)
}

func TestWaitForWhatIsDeleted(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	b := w.object("back", waitsFor(v1alpha1.ReasonQueued, "another holds it"))
	done := make(chan result)
	go func() { done <- w.run("wait", "back") }()
	w.must(admin.Delete(context.Background(), b))
	r := <-done
	if r.code != exit.Ended && r.code != exit.NotAsked { // it may be gone before the first look
		t.Errorf("the exit code is %d: %s", r.code, r.errOut)
	}
}

func TestWaitForWhatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	w.run("wait", "nothing").want(exit.NotAsked, `there is no AuroraBacktrack "nothing" in the namespace `+w.name)
	w.run("wait").want(exit.NotAsked, "give exactly one NAME")
}
