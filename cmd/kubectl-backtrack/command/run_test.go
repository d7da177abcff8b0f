package command

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// objects lists the test's AuroraBacktracks.
func (w *world) objects() []v1alpha1.AuroraBacktrack {
	w.Helper()
	var list v1alpha1.AuroraBacktrackList
	w.must(admin.List(w.Context(), &list, client.InNamespace(w.name)))
	return list.Items
}

func asksForApproval(approval v1alpha1.Approval) func(*v1alpha1.AuroraCluster) {
	return func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.Approval = approval }
}

func TestRun(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.operates("the preflight would pass", w.rewinds()...)
	w.answer = "y\n"
	w.run("run", w.name, "--to", "-15m").want(exit.Succeeded,
		"rewind "+w.name+" to "+string(w.at(15*time.Minute))+", 15m ago",
		"Plan of", "pauses 1 workload meanwhile", "! 30m0s of writes are discarded", "pause   Deployment "+w.name+"/api (2 replicas)",
		"Rewind now? [y/N]",
		"PreflightPassed", "Deployment "+w.name+"/api Paused", "RDS's record: applying", "✓ Succeeded the data is rewound",
		"kubectl backtrack undo "+w.name+"-to-", "-n "+w.name)
	all := w.objects()
	if len(all) != 1 || all[0].Annotations[v1alpha1.RequestedByAnnotation] != alice || all[0].Spec.Suspend {
		t.Errorf("the objects are %+v, want one that runs and names who asked", all)
	}
	if got, want := all[0].Spec.BacktrackTo, w.at(15*time.Minute); got != want {
		t.Errorf("backtrackTo is %s, want the absolute time %s", got, want)
	}
}

func TestRunWithoutQuestions(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.operates("", w.rewinds()...)
	w.run("run", w.name, "--to", "-15m", "--yes", "--name", "scripted", "-o", "name").want(exit.Succeeded, "aurorabacktrack.aurora-backtrack.io/scripted").
		without("Plan of", "PreflightPassed")
	w.run("run", w.name, "--to", "-20m", "--yes", "--name", "scripted").want(exit.NotAsked, "choose another --name")
}

func TestRunIsNotStarted(t *testing.T) {
	for name, test := range map[string]struct {
		answer, finding string
		args            []string
		code            int
		want            []string
	}{
		"the answer is no":       {answer: "n\n", finding: "the preflight would pass", code: exit.NotAsked, want: []string{"not started"}},
		"no answer":              {answer: "\n", finding: "the preflight would pass", code: exit.NotAsked, want: []string{"not started"}},
		"it can not be done":     {answer: "y\n", finding: "the preflight would not pass now (TargetBeforeWindow): too early", code: exit.Ended, want: []string{"it can not be done", "TargetBeforeWindow"}},
		"there is no terminal":   {code: exit.NotAsked, want: []string{"no terminal to ask on: add --yes"}},
		"no such cluster":        {answer: "y\n", args: []string{"gmae"}, code: exit.NotAsked, want: []string{`there is no AuroraCluster "gmae": choose from`}},
		"no time":                {args: []string{"x", "--to", ""}, code: exit.NotAsked, want: []string{"is not a time"}},
		"a time to come":         {args: []string{"x", "--to", "2999-01-01T00:00:00Z"}, code: exit.NotAsked, want: []string{"has not come yet"}},
		"no cluster":             {args: []string{}, code: exit.NotAsked, want: []string{"give exactly one CLUSTER"}},
		"an unknown flag":        {args: []string{"x", "--nope"}, code: exit.NotAsked, want: []string{"unknown flag: --nope: see kubectl backtrack run --help"}},
		"an unknown dry run":     {args: []string{"x", "--dry-run=maybe"}, code: exit.NotAsked, want: []string{"choose none, client or server"}},
		"a deadline in the past": {args: []string{"x", "--start-deadline", "2020-01-01T00:00:00Z"}, code: exit.NotAsked, want: []string{"has passed"}},
		"a colour that is none":  {args: []string{"x", "--color=pink"}, code: exit.NotAsked, want: []string{"choose auto, always or never"}},
		"a ttl out of range":     {args: []string{"x", "--ttl=-1s"}, code: exit.NotAsked, want: []string{"out of range"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster()
			w.operates(test.finding)
			w.answer = test.answer
			args := test.args
			if args == nil {
				args = []string{w.name}
			}
			w.run(append([]string{"run", "--to", "-15m"}, args...)...).want(test.code, test.want...)
			if left := w.objects(); len(left) != 0 {
				t.Errorf("it left %s behind", left[0].Name)
			}
		})
	}
}

func TestRunWithoutOperator(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.answer = "y\n"
	w.run("run", w.name, "--to", "-15m", "--plan-timeout", "300ms").want(exit.TimedOut, "there is no plan after 300ms", "kubectl get pods -n aurora-backtrack-system")
	if left := w.objects(); len(left) != 0 {
		t.Errorf("it left %s behind", left[0].Name)
	}
}

func TestRunOfTheSameTwice(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.object("first", waitsFor(v1alpha1.ReasonQueued, "another holds it"))
	w.run("run", w.name, "--to", "-30m", "--yes").want(exit.NotAsked, "to the same time is under way or waits: kubectl backtrack watch first")
}

func TestRunThatNeedsApproval(t *testing.T) {
	w := newWorld(t)
	w.cluster(asksForApproval(v1alpha1.ApprovalRequired))
	w.operates("the preflight would pass")
	w.run("run", w.name, "--to", "-15m", "--yes").want(exit.NeedsPerson, "Plan of", "kubectl backtrack approve "+w.name+"-to-")
	if all := w.objects(); len(all) != 1 || !all[0].Spec.Suspend {
		t.Errorf("the objects are %+v, want one that waits", all)
	}
}

func TestRunSuspended(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.operates("the preflight would pass")
	w.run("run", w.name, "--to", "-15m", "--suspend", "--name", "later").want(exit.Succeeded, "Plan of", "kubectl backtrack start later")
}

func TestRunEnds(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.operates("", ended(metav1.ConditionFalse, v1alpha1.ReasonRejected, "RDS: no\x1b[31m way\nerror: forged"))
	w.run("run", w.name, "--to", "-15m", "--yes").want(exit.Ended, "ended without success: Rejected: RDS: no [31m way error: forged")
}

func TestRunIsInterrupted(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	ctx, cancel := context.WithCancel(t.Context())
	w.operates("", func(b *v1alpha1.AuroraBacktrack) {
		waitsFor(v1alpha1.ReasonBacktracking, "RDS is at it")(b)
		cancel()
	})
	r := w.runWith(ctx, "run", w.name, "--to", "-15m", "--yes", "--name", "long").want(exit.Interrupted, "It goes on. To come back: kubectl backtrack watch long")
	if strings.Contains(r.errOut, "error:") {
		t.Errorf("an interrupt is no error: %s", r.errOut)
	}
	if all := w.objects(); len(all) != 1 || all[0].Spec.Cancel {
		t.Errorf("the objects are %+v, want the one that goes on", all)
	}
}

func TestDryRun(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	const manifest = `apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraBacktrack
metadata:
  name: for-git
  namespace: NAMESPACE
spec:
  backtrackTo: "2023-12-23T13:55:00Z"
  clusterRef:
    name: NAMESPACE
  force: true
  repeat: b2c3d4e5-0000-4000-8000-000000000009
  ttlSecondsAfterFinished: 3600
`
	args := []string{"run", w.name, "--to", "2023-12-23T14:55:00+01:00", "--name", "for-git", "--force", "--repeat", "b2c3d4e5-0000-4000-8000-000000000009", "--ttl", "1h", "-o", "yaml"}
	r := w.run(append(args, "--dry-run=client")...).want(exit.Succeeded)
	if want := strings.ReplaceAll(manifest, "NAMESPACE", w.name); r.out != want {
		t.Errorf("the manifest is\n%s\nwant\n%s", r.out, want)
	}
	w.run(append(args, "--dry-run=server")...).want(exit.Succeeded, "uid:", `backtrackTo: "2023-12-23T13:55:00Z"`)
	w.run("run", w.name, "--to", "2023-12-23T13:55:00Z", "--dry-run=client").want(exit.Succeeded, "aurorabacktrack/"+w.name+"-to-20231223-135500 would be created (dry run, client)")
	w.run("run", w.name, "--to", "2023-12-23T13:55:00Z", "--name", "Not_A_Name", "--dry-run=server").want(exit.NotAsked, "creating the AuroraBacktrack")
	if left := w.objects(); len(left) != 0 {
		t.Errorf("a dry run created %s", left[0].Name)
	}
}

func TestPlan(t *testing.T) {
	for name, test := range map[string]struct {
		finding string
		args    []string
		code    int
		want    string
		left    int
	}{
		"it could be made":     {finding: "the preflight would pass", code: exit.Succeeded, want: "pauses 1 workload meanwhile"},
		"it could not be made": {finding: "the preflight would not pass now (MaxRewindExceeded): too far", code: exit.Ended, want: "too far"},
		"it is kept":           {finding: "the preflight would pass", args: []string{"--keep", "--name", "kept"}, code: exit.Succeeded, want: "kubectl backtrack start kept", left: 1},
		"as JSON":              {finding: "the preflight would pass", args: []string{"-o", "jsonpath={.status.plan.distance}"}, code: exit.Succeeded, want: "30m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cluster()
			w.operates(test.finding)
			w.run(append([]string{"plan", w.name, "--to", "-15m"}, test.args...)...).want(test.code, test.want)
			if left := w.objects(); len(left) != test.left {
				t.Errorf("it left %d objects, want %d", len(left), test.left)
			}
		})
	}
}

// typist types nothing, and interrupts when asked.
type typist struct{ interrupt func() }

func (p *typist) Read([]byte) (int, error) {
	p.interrupt()
	select {} // whoever thinks about the answer never gives one
}

func TestRunIsInterruptedAtTheQuestion(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.operates("the preflight would pass")
	ctx, cancel := context.WithCancel(t.Context())
	w.stdin = &typist{cancel}
	w.runWith(ctx, "run", w.name, "--to", "-15m").want(exit.Interrupted, "Rewind now?", "interrupted")
	if left := w.objects(); len(left) != 0 {
		t.Errorf("it left %s behind", left[0].Name)
	}
}
