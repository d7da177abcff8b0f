package backtrack

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// ready is what a person reads of an AuroraCluster: Ready, its reason, what kstatus makes of it, the message.
func (w *world) ready(name string) string {
	w.t.Helper()
	c := w.readCluster(name)
	r := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)
	if r == nil {
		return "nothing"
	}
	return strings.Join([]string{string(r.Status), r.Reason, kstatus(c, c.Status.ObservedGeneration, c.Status.Conditions), r.Message}, " | ")
}

func (w *world) clusterEvents(reason string) (messages []string) {
	w.t.Helper()
	var list corev1.EventList
	if err := w.api.List(context.Background(), &list); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list.Items {
		if e.InvolvedObject.Kind == "AuroraCluster" && e.Reason == reason {
			messages = append(messages, e.Type+" "+w.readable(e.Message))
		}
	}
	return messages
}

const fine = "True | Ready | Current | Aurora cluster testcluster can be backtracked"

// TestAuroraClusterReads has what RDS can say about a cluster, and that it is fine again once RDS is.
func TestAuroraClusterReads(t *testing.T) {
	iam := "give the operator's IAM role rds:DescribeDBClusters, rds:DescribeDBClusterBacktracks and rds:BacktrackDBCluster on this cluster (docs/aws.md)"
	for name, test := range map[string]struct {
		given func(*world)
		after time.Duration // for which it was fine before
		want  string
	}{
		"fine":                       {want: fine},
		"busy":                       {given: auroraStatus("modifying"), want: fine},
		"PostgreSQL":                 {given: func(w *world) { w.aurora(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }) }, want: "False | EngineNotSupported | Failed | Aurora cluster testcluster runs engine aurora-postgresql; only aurora-mysql can backtrack"},
		"denied":                     {given: func(w *world) { w.rds.FailNext("*", local.FaultAccessDenied, 0) }, want: "False | AccessDenied | Failed | DescribeDBClusters: AccessDenied: The caller is not authorized to perform this action: " + iam},
		"denied after it was fine":   {given: func(w *world) { w.rds.FailNext("*", local.FaultAccessDenied, 0) }, after: time.Minute, want: "False | AccessDenied | Failed | DescribeDBClusters: AccessDenied: The caller is not authorized to perform this action: " + iam},
		"history is denied":          {given: func(w *world) { w.rds.FailNext("DescribeDBClusterBacktracks", local.FaultAccessDenied, 0) }, want: "False | AccessDenied | Failed | DescribeDBClusterBacktracks: AccessDenied: The caller is not authorized to perform this action: " + iam},
		"no answer":                  {given: func(w *world) { w.rds.FailNext("*", local.FaultConnectionReset, 0) }, want: `False | RDSUnreachable | InProgress | DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`},
		"no answer for a minute":     {given: func(w *world) { w.rds.FailNext("*", local.FaultConnectionReset, 0) }, after: time.Minute, want: "True | Ready | InProgress | Aurora cluster testcluster can be backtracked"},
		"no answer for ten minutes":  {given: func(w *world) { w.rds.FailNext("*", local.FaultConnectionReset, 0) }, after: 10 * time.Minute, want: `False | RDSUnreachable | InProgress | DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`},
		"throttled":                  {given: func(w *world) { w.rds.FailNext("*", local.FaultThrottling, 0) }, want: "False | Throttled | InProgress | DescribeDBClusters: ThrottlingException: Rate exceeded"},
		"throttled, and fine before": {given: func(w *world) { w.rds.FailNext("*", local.FaultThrottling, 0) }, after: time.Minute, want: "True | Ready | InProgress | Aurora cluster testcluster can be backtracked"},
		"written in upper case in it": {given: func(w *world) {
			w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.DBClusterIdentifier = "TestCluster" })
		}, want: fine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			o := w.newOperator(nil)
			if test.after > 0 {
				o.round()
				equal(t, "before", w.ready("game"), fine)
				w.clock.Step(test.after)
			}
			if test.given != nil {
				test.given(w)
			}
			o.round()
			equal(t, "it reads", w.ready("game"), test.want)
			healed(w)
			w.aurora(func(c *local.Cluster) { c.Status, c.Engine = "", "aurora-mysql" })
			o.elapse(2 * time.Minute)
			equal(t, "once RDS is fine", w.ready("game"), fine)
		})
	}
}

// TestDuplicateTarget has two AuroraClusters for one Aurora cluster: the older is Ready, and the younger once
// the older is gone. Nothing of the younger's runs meanwhile.
func TestDuplicateTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	w.clock.Step(time.Second)
	w.create(auroraCluster("a-later-one", "TESTCLUSTER"))
	o := w.newOperator(nil)
	o.round()
	o.round()
	equal(t, "the older one", w.ready("game"), fine)
	equal(t, "the younger one", w.ready("a-later-one"), "False | DuplicateTarget | Failed | AuroraCluster game already stands for Aurora cluster testcluster: delete one of the two")
	b := undo("undo")
	b.Spec.ClusterRef.Name = "a-later-one"
	w.create(b)
	b = o.waits("undo", v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotReady)
	equal(t, "the message", w.message(b, v1alpha1.ConditionAdmitted), "AuroraCluster a-later-one is not Ready (DuplicateTarget): AuroraCluster game already stands for Aurora cluster testcluster: delete one of the two")
	equal(t, "the number of calls", w.asked(), 0)
	if err := w.api.Delete(context.Background(), w.readCluster("game")); err != nil {
		t.Fatal(err)
	}
	o.finish("undo")
	equal(t, "the number of calls", w.asked(), 1)
}

// TestDeletedAuroraCluster has an AuroraCluster that is deleted while a rewind is under way: it waits for it.
func TestDeletedAuroraCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	if err := w.api.Delete(context.Background(), w.readCluster("game")); err != nil {
		t.Fatal(err)
	}
	o.round()
	b := o.finish("undo")
	equal(t, "the path", path(b), fullPath)
	o.until("game gone", func() bool {
		var list v1alpha1.AuroraClusterList
		if err := w.api.List(context.Background(), &list); err != nil {
			t.Fatal(err)
		}
		return len(list.Items) == 0
	})
	late := undo("late")
	w.create(late)
	o.waits("late", v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotFound)
}

// TestTakenAwayByForce has an AuroraCluster that is taken away by force: nobody can ask RDS any more, and
// what was paused is resumed.
func TestTakenAwayByForce(t *testing.T) {
	for name, test := range map[string]struct {
		reach func(*operator)

		wantReason, wantMessage string
		wantRestarted           bool
	}{
		"before the call": {
			reach:      at(v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing),
			wantReason: v1alpha1.ReasonClusterNotFound, wantMessage: "AuroraCluster game was deleted before RDS was asked; the database was not touched",
		},
		"after it": {
			reach:      at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking),
			wantReason: v1alpha1.ReasonOutcomeUnknown, wantRestarted: true,
			wantMessage: "AuroraCluster game was deleted after RDS was asked; nobody can follow the backtrack: create it again, and look at the cluster in RDS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			o, _ := w.watched(nil)
			o.round()
			w.create(undo("undo"))
			test.reach(o)
			c := w.readCluster("game")
			c.Finalizers = nil
			if err := w.api.Update(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			if err := w.api.Delete(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			b := o.finish("undo")
			equal(t, "the reason", verdictOf(b), test.wantReason)
			equal(t, "the message", w.message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			w.asBefore(b, test.wantRestarted)
		})
	}
}

// TestMadeElsewhere has backtracks made in the console: each is told once and kept in the ledger, and the
// dependents are restarted after it where the AuroraCluster asks for it.
func TestMadeElsewhere(t *testing.T) {
	for name, test := range map[string]struct {
		restart bool

		wantRestarts int
	}{
		"told":                {restart: false},
		"told, and restarted": {restart: true, wantRestarts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			w.elsewhere("testcluster", "2023-12-23T13:00:00Z") // before anybody looked, and before the AuroraCluster
			w.clock.Step(time.Minute)
			if err := w.api.Delete(context.Background(), w.readCluster("game")); err != nil {
				t.Fatal(err)
			}
			w.create(auroraCluster("game", "testcluster"))
			w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = test.restart })
			o := w.newOperator(nil)
			o.elapse(time.Minute)
			w.elsewhere("testcluster", "2023-12-23T13:55:00Z")
			o.elapse(15 * time.Minute)
			equal(t, "the ledger", w.ledger(), "completed elsewhere, completed elsewhere")
			equal(t, "what was told", strings.Join(w.clusterEvents(v1alpha1.ReasonExternalBacktrack), "; "),
				"Warning backtrack #2 to 2023-12-23T13:55:00Z, requested at 2023-12-23T14:12:00Z, was made outside of Kubernetes")
			equal(t, "the restarts told", len(w.clusterEvents(v1alpha1.ReasonDependentsRestarted)), test.wantRestarts)
			restartedBy := w.readable(w.readDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation])
			equal(t, "who restarted game-api", restartedBy, strings.Repeat("#2", test.wantRestarts))
			equal(t, "who restarted report", w.readDeployment("report").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation], "")
			w.nothingPaused()

			generation := w.readDeployment("game-api").Generation
			other := w.newOperator(nil) // a new process does not do it again
			other.elapse(15 * time.Minute)
			equal(t, "the generation of game-api later", w.readDeployment("game-api").Generation, generation)
			equal(t, "the restarts told later", len(w.clusterEvents(v1alpha1.ReasonDependentsRestarted)), test.wantRestarts)
		})
	}
}

// TestAllNamespaces warns where everybody is let in.
func TestAllNamespaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Selector = &metav1.LabelSelector{} })
	o := w.newOperator(nil)
	o.elapse(5 * time.Minute)
	equal(t, "what was told", strings.Join(w.clusterEvents(v1alpha1.ReasonAllNamespaces), "; "),
		"Warning spec.allowedNamespaces.selector is {}: every namespace may rewind this cluster")
}
