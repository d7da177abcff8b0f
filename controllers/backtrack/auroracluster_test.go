package backtrack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

const fine = "True | Ready | Current | Aurora cluster testcluster can be backtracked"

// TestAuroraClusterReads has what RDS can say about a cluster, and that it is fine again once RDS is.
func TestAuroraClusterReads(t *testing.T) {
	for name, test := range map[string]struct {
		given func(*harness.Env)
		after time.Duration // for which it was fine before
		want  string
	}{
		"fine":                      {want: fine},
		"busy":                      {given: harness.SetDBClusterStatus("modifying"), want: fine},
		"PostgreSQL":                {given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }) }, want: "False | EngineNotSupported | Failed | Aurora cluster testcluster runs engine aurora-postgresql; only aurora-mysql can backtrack"},
		"denied":                    {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultAccessDenied, 0) }, want: "False | AccessDenied | Failed | " + accessDenied("DescribeDBClusters")},
		"denied after it was fine":  {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultAccessDenied, 0) }, after: time.Minute, want: "False | AccessDenied | Failed | " + accessDenied("DescribeDBClusters")},
		"history is denied":         {given: func(env *harness.Env) { env.RDS.FailNext("DescribeDBClusterBacktracks", local.FaultAccessDenied, 0) }, want: "False | AccessDenied | Failed | " + accessDenied("DescribeDBClusterBacktracks")},
		"no answer":                 {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultConnectionReset, 0) }, want: `False | RDSUnreachable | InProgress | DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`},
		"no answer for a minute":    {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultConnectionReset, 0) }, after: time.Minute, want: "True | Ready | InProgress | Aurora cluster testcluster can be backtracked"},
		"no answer for ten minutes": {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultConnectionReset, 0) }, after: 10 * time.Minute, want: `False | RDSUnreachable | InProgress | DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`},
		"throttled":                 {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultThrottling, 0) }, want: "False | Throttled | InProgress | DescribeDBClusters: ThrottlingException: Rate exceeded"},
		// Throttling says nothing about the cluster and concerns all of them: a metric shows it, and no status is written for it.
		"throttled, and fine before": {given: func(env *harness.Env) { env.RDS.FailNext("*", local.FaultThrottling, 0) }, after: time.Minute, want: "True | Ready | Current | Aurora cluster testcluster can be backtracked"},
		"written in upper case in it": {given: func(env *harness.Env) {
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.DBClusterIdentifier = "TestCluster" })
		}, want: fine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			o := env.NewOperator(nil)
			if test.after > 0 {
				o.ReconcileAll()
				harness.Equal(t, "before", env.ClusterReady("game"), fine)
				env.Clock.Step(test.after)
			}
			if test.given != nil {
				test.given(env)
			}
			o.ReconcileAll()
			harness.Equal(t, "it reads", env.ClusterReady("game"), test.want)
			harness.ClearFaults(env)
			env.EditDBCluster(func(c *local.Cluster) { c.Status, c.Engine = "", "aurora-mysql" })
			o.Elapse(2 * time.Minute)
			harness.Equal(t, "once RDS is fine", env.ClusterReady("game"), fine)
		})
	}
}

// TestSilentRDSIsWrittenOnce: while RDS does not answer, or denies, the status is not written again with every poll.
func TestSilentRDSIsWrittenOnce(t *testing.T) {
	for name, fault := range map[string]string{"no answer": local.FaultConnectionReset, "denied": local.FaultAccessDenied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.RDS.FailNext("*", fault, 0)
			o := env.NewOperator(nil)
			o.Elapse(10 * time.Minute)
			written := env.ReadCluster("game").ResourceVersion
			o.Elapse(time.Hour)
			harness.Equal(t, "the resource version an hour later", env.ReadCluster("game").ResourceVersion, written)
		})
	}
}

// TestDuplicateTarget has two AuroraClusters for one Aurora cluster: the older is Ready, and the younger once
// the older is gone. Nothing of the younger's runs meanwhile.
func TestDuplicateTarget(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	env.Clock.Step(time.Second)
	env.Create(harness.NewAuroraCluster("a-later-one", "TESTCLUSTER"))
	o := env.NewOperator(nil)
	o.ReconcileAll()
	o.ReconcileAll()
	harness.Equal(t, "the older one", env.ClusterReady("game"), fine)
	harness.Equal(t, "the younger one", env.ClusterReady("a-later-one"), "False | DuplicateTarget | Failed | AuroraCluster game already stands for Aurora cluster testcluster: delete one of the two")
	b := harness.NewBacktrack("undo")
	b.Spec.ClusterRef.Name = "a-later-one"
	env.Create(b)
	b = o.WaitFor("undo", v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotReady)
	harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionAdmitted), "AuroraCluster a-later-one is not Ready (DuplicateTarget): AuroraCluster game already stands for Aurora cluster testcluster: delete one of the two")
	harness.Equal(t, "the number of calls", env.Calls(), 0)
	if err := env.API.Delete(context.Background(), env.ReadCluster("game")); err != nil {
		t.Fatal(err)
	}
	o.Finish("undo")
	harness.Equal(t, "the number of calls", env.Calls(), 1)
}

// TestDeletedAuroraCluster has an AuroraCluster that is deleted while a rewind is under way: it waits for it.
func TestDeletedAuroraCluster(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	if err := env.API.Delete(context.Background(), env.ReadCluster("game")); err != nil {
		t.Fatal(err)
	}
	o.ReconcileAll()
	b := o.Finish("undo")
	harness.Equal(t, "the path", harness.Path(b), fullPath)
	o.Until("game gone", func() bool {
		var list v1alpha1.AuroraClusterList
		if err := env.API.List(context.Background(), &list); err != nil {
			t.Fatal(err)
		}
		return len(list.Items) == 0
	})
	late := harness.NewBacktrack("late")
	env.Create(late)
	o.WaitFor("late", v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotFound)
}

// TestTakenAwayByForce has an AuroraCluster that is taken away by force: nobody can ask RDS any more, and
// what was paused is resumed.
func TestTakenAwayByForce(t *testing.T) {
	for name, test := range map[string]struct {
		reach func(*harness.Operator)

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
			env := harness.New(t)
			env.CreateDependents()
			o, _ := env.NewCheckedOperator(nil)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			test.reach(o)
			c := env.ReadCluster("game")
			c.Finalizers = nil
			if err := env.API.Update(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			if err := env.API.Delete(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			b := o.Finish("undo")
			harness.Equal(t, "the reason", harness.Verdict(b), test.wantReason)
			harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			env.CheckRestored(b, test.wantRestarted)
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
			env := harness.New(t)
			env.CreateDependents()
			env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z") // before anybody looked, and before the AuroraCluster
			env.Clock.Step(time.Minute)
			if err := env.API.Delete(context.Background(), env.ReadCluster("game")); err != nil {
				t.Fatal(err)
			}
			env.Create(harness.NewAuroraCluster("game", "testcluster"))
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = test.restart })
			o := env.NewOperator(nil)
			o.Elapse(time.Minute)
			env.BacktrackElsewhere("testcluster", "2023-12-23T13:55:00Z")
			o.Elapse(15 * time.Minute)
			harness.Equal(t, "the ledger", env.Ledger(), "completed elsewhere, completed elsewhere")
			harness.Equal(t, "what was told", strings.Join(env.ClusterEvents(v1alpha1.ReasonExternalBacktrack), "; "),
				"Warning backtrack #2 to 2023-12-23T13:55:00Z, requested at 2023-12-23T14:12:00Z, was made outside of Kubernetes")
			harness.Equal(t, "the restarts told", len(env.ClusterEvents(v1alpha1.ReasonDependentsRestarted)), test.wantRestarts)
			restartedBy := env.Readable(env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation])
			harness.Equal(t, "who restarted game-api", restartedBy, strings.Repeat("#2", test.wantRestarts))
			harness.Equal(t, "who restarted report", env.ReadDeployment("report").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation], "")
			env.CheckNothingPaused()

			generation := env.ReadDeployment("game-api").Generation
			other := env.NewOperator(nil) // a new process does not do it again
			other.Elapse(15 * time.Minute)
			harness.Equal(t, "the generation of game-api later", env.ReadDeployment("game-api").Generation, generation)
			harness.Equal(t, "the restarts told later", len(env.ClusterEvents(v1alpha1.ReasonDependentsRestarted)), test.wantRestarts)
		})
	}
}

// TestAllNamespaces warns where everybody is let in.
func TestAllNamespaces(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Selector = &metav1.LabelSelector{} })
	o := env.NewOperator(nil)
	o.Elapse(5 * time.Minute)
	harness.Equal(t, "what was told", strings.Join(env.ClusterEvents(v1alpha1.ReasonAllNamespaces), "; "),
		"Warning spec.allowedNamespaces.selector is {}: every namespace may rewind this cluster")
}
