package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// ending is a way in which a rewind ends. Whichever it is, nothing may stay paused.
type ending struct {
	title string
	// cluster is more of the AuroraCluster's spec, pod is how the pods of the Deployment end.
	cluster, pod string
	// before is done before the rewind is asked for.
	before func(*estate, context.Context) error
	// meddle is done once, while pods of the Deployment are still ending.
	meddle func(*estate, context.Context, string) error
	// wantReason is the reason of Succeeded; empty where the object is gone in the end.
	wantReason  string
	wantMessage string
	// wantCalls is how many backtracks RDS accepted.
	wantCalls int
}

// How pods end that are told to.
const (
	// slowly: a few seconds later, so that a pause can be met under way.
	slowly = "lifecycle: {preStop: {sleep: {seconds: 5}}}, "
	// ignoring: not at all, for as long as they are let.
	ignoring = "ignoring"
)

// endings in the order of the issue. The names are those of their estates.
var endings = []struct {
	name string
	ending
}{
	{"refused", ending{
		title: "RDS refuses the backtrack", pod: slowly,
		before:     (*estate).denyBacktrack,
		wantReason: v1alpha1.ReasonAccessDenied, wantMessage: "nothing was rewound",
	}},
	{"failed", ending{
		title: "RDS accepts the backtrack and reports it as failed", pod: slowly,
		before: func(e *estate, ctx context.Context) error {
			return e.rds.EditCluster(ctx, e.name, map[string]any{"failNextBacktrack": true})
		},
		wantReason: v1alpha1.ReasonFailed, wantCalls: 1,
	}},
	{"cancelled", ending{
		title: "it is cancelled while workloads are being paused", pod: slowly,
		meddle: func(e *estate, ctx context.Context, name string) error {
			return e.kubectl(ctx, "patch", "aurorabacktrack", name, "--type=merge", `--patch={"spec":{"cancel":true}}`)
		},
		wantReason: v1alpha1.ReasonCancelled,
	}},
	{"deleted", ending{
		title: "it is deleted while workloads are being paused", pod: slowly,
		meddle: func(e *estate, ctx context.Context, name string) error {
			return e.kubectl(ctx, "delete", "aurorabacktrack", name, "--wait=false")
		},
	}},
	{"timed-out", ending{
		title: "a pod ignores SIGTERM, and pauseTimeout passes", cluster: "  pauseTimeout: 4s\n", pod: ignoring,
		wantReason: v1alpha1.ReasonPauseTimedOut, wantMessage: "Deployment timed-out/web",
	}},
	{"reverted", ending{
		title: "somebody scales a paused workload up", pod: slowly,
		meddle: func(e *estate, ctx context.Context, _ string) error {
			return e.kubectl(ctx, "scale", "deployment", "web", "--replicas=2")
		},
		wantReason: v1alpha1.ReasonPauseReverted, wantMessage: `field manager "kubectl" through the scale subresource`,
	}},
	{"renounced", ending{
		title: "the AuroraCluster is deleted while workloads are being paused, which waits for the end", pod: slowly,
		meddle: func(e *estate, ctx context.Context, _ string) error {
			return e.kubectl(ctx, "delete", "auroracluster", e.name, "--wait=false")
		},
		wantReason: v1alpha1.ReasonSucceeded, wantCalls: 1,
	}},
	{"orphaned", ending{
		title: "the AuroraCluster is taken away by force while workloads are being paused", pod: slowly,
		before:     func(e *estate, ctx context.Context) error { return e.guardFinalizers(ctx, false) },
		meddle:     (*estate).takeClusterAway,
		wantReason: v1alpha1.ReasonClusterNotFound,
	}},
	{"killed", ending{
		title: "all managers are killed while workloads are being paused, and again while RDS rewinds", pod: slowly,
		meddle:     (*estate).killTwice,
		wantReason: v1alpha1.ReasonSucceeded, wantCalls: 1,
	}},
	{"overtime", ending{
		title:   "a Job runs on after pauseTimeout, and its entry says to end it",
		cluster: "  pauseTimeout: 3s\n  dependents:\n  - {kind: CronJob, namespace: NAME, name: nightly, deleteRunningJobs: true}\n",
		before: func(e *estate, ctx context.Context) error {
			return e.kubectl(ctx, "create", "job", "long", "--from=cronjob/nightly")
		},
		wantReason: v1alpha1.ReasonSucceeded, wantCalls: 1,
	}},
}

// endingsScene lets a rewind end in every way, each on an estate of its own.
func (t *test) endingsScene(ctx context.Context) error {
	for _, e := range endings {
		if err := t.end(ctx, e.name, e.ending); err != nil {
			return fmt.Errorf("%s: %w", e.title, err)
		}
	}
	return nil
}

// end plays one ending: a Deployment, a StatefulSet, a DaemonSet and a CronJob are to be paused.
func (t *test) end(ctx context.Context, name string, w ending) error {
	spec := "  allowedNamespaces: {names: [NAME]}\n  strategy: Pause\n" + w.cluster
	e, err := t.settle(ctx, name, spec, endingWorkloads(w.pod), 2+1+1)
	if err != nil {
		return err
	}
	if w.before != nil {
		if err := w.before(e, ctx); err != nil {
			return err
		}
	}
	begin := time.Now()
	if err := stage.Pass(ctx, time.Second); err != nil { // the history has begun by then
		return err
	}
	rewind := stage.Rewind{Namespace: name, Name: "rewind", Cluster: name, To: time.Now()}
	if err := t.kube.Apply(ctx, rewind.Manifest()); err != nil {
		return err
	}
	if w.meddle != nil {
		if err := e.goingDown(ctx); err != nil {
			return err
		}
		if err := w.meddle(e, ctx, rewind.Name); err != nil {
			return err
		}
	}
	how, err := e.ended(ctx, rewind.Name, w)
	if err != nil {
		return err
	}
	calls, err := t.rds.Backtracks(ctx, name, begin)
	if err != nil {
		return err
	}
	if len(calls) != w.wantCalls {
		return fmt.Errorf("RDS accepted %d backtracks, want %d", len(calls), w.wantCalls)
	}
	if err := e.asBefore(ctx); err != nil {
		return err
	}
	t.Tell("✓ %s:\n       %s; backtracks accepted: %d; everything is as before", w.title, how, len(calls))
	// What it leaves running is in nobody's way: the faults go, and so do pods that would not end.
	return errors.Join(t.rds.SetFaults(ctx), e.kubectl(ctx, "delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false"))
}

// goingDown waits until the Deployment is at zero while pods of it are still there: the middle of a pause.
func (e *estate) goingDown(ctx context.Context) error {
	return stage.Until(ctx, "the Deployment is being paused", func() (bool, error) {
		now, err := e.workloads(ctx)
		if err != nil {
			return false, err
		}
		web, _ := now["Deployment web"].(map[string]any)
		marks, _ := web["annotations"].(map[string]string)
		return marks[v1alpha1.PausedAnnotation] != "", nil
	})
}

// ended waits for the end that is wanted, and tells in a line how it was.
func (e *estate) ended(ctx context.Context, name string, w ending) (string, error) {
	if w.wantReason == "" {
		err := stage.Until(ctx, "the object is gone", func() (bool, error) {
			_, err := e.kube.Backtrack(ctx, e.name, name)
			if apierrors.IsNotFound(err) {
				return true, nil
			}
			return false, err
		})
		return "the object is gone", err
	}
	object, err := e.kube.Follow(ctx, stage.Patience, e.name, name, nil)
	if err != nil {
		return "", err
	}
	c := stage.Condition(object, v1alpha1.ConditionSucceeded)
	if c.Reason != w.wantReason || !strings.Contains(c.Message, w.wantMessage) {
		return "", fmt.Errorf("it ended with %s, want %s and %q in the message", stage.Summary(object), w.wantReason, w.wantMessage)
	}
	return stage.Summary(object), nil
}

// kubectl does something in the estate's namespace.
func (e *estate) kubectl(ctx context.Context, args ...string) error {
	_, err := e.kube.Kubectl(ctx, append(args, "--namespace="+e.name)...)
	return err
}
