package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/controllers/cluster"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Elapse reconciles for so long.
func (o *Operator) Elapse(d time.Duration) {
	for end := o.Clock.Now().Add(d); o.Clock.Now().Before(end); {
		o.Clock.Step(o.ReconcileAll())
	}
}

// Operator is one process of ours. A dead one reaches nothing any more.
type Operator struct {
	*Env
	Backtracks *backtrack.Reconciler
	Clusters   *cluster.Reconciler
	Connection *Connection
}

// NewOperator starts a process. The hook sees every write to the API server and every call to RDS, before
// and after; see wire.
func (env *Env) NewOperator(hook Hook) *Operator {
	env.T.Helper()
	return env.assemble(&Connection{Hook: hook}, func(live client.Client) client.Client { return live }, backtrack.DefaultSettings())
}

// assemble puts a process together. The cache is what it reads its own kinds from; the rest it reads live.
func (env *Env) assemble(line *Connection, cache func(live client.Client) client.Client, settings backtrack.Settings) *Operator {
	line.now = env.Clock.Now
	api := line.client(env.API)
	rds := rds.NewProvider(rds.Options{Clock: env.Clock, PollInterval: settings.Poll, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: line.http(env.RDS.Client()),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, // the SDK's retries wait in real time
	}})
	workloads := &workload.Workloads{Client: api, Clock: env.Clock}
	cached := cache(api)
	events := &event.Announcer{Client: cached, Clock: env.Clock}
	checks := &verification.Runner{Client: api, Logs: env, Rights: env}
	return &Operator{
		Env: env, Connection: line,
		Backtracks: &backtrack.Reconciler{
			Client: cached, Live: api, RDS: rds, Workloads: workloads, Verification: checks, Clock: env.Clock, Events: events, Settings: settings,
		},
		Clusters: &cluster.Reconciler{Client: cached, Live: api, RDS: rds, Workloads: workloads, Clock: env.Clock, Events: events},
	}
}

// heldStep is the longest that ReconcileAll lets time pass while a rewind is under way.
const heldStep = 5 * time.Second

// ReconcileAll reconciles everything once, with the pollers' answers of this moment, and gives the shortest time after which
// somebody wants to look again.
func (o *Operator) ReconcileAll() time.Duration {
	o.T.Helper()
	next := time.Minute
	note := func(result ctrl.Result, err error) {
		switch {
		case err != nil:
			next = min(next, time.Second)
		case result.RequeueAfter > 0:
			next = min(next, result.RequeueAfter)
		}
	}
	ctx := context.Background()
	var clusters v1alpha1.AuroraClusterList
	var backtracks v1alpha1.AuroraBacktrackList
	if err := errors.Join(o.Env.API.List(ctx, &clusters), o.Env.API.List(ctx, &backtracks)); err != nil {
		o.T.Fatal(err)
	}
	o.Poll()
	for _, c := range clusters.Items {
		if c.Status.ActiveBacktrack != nil { // its end would wake somebody
			next = min(next, heldStep)
		}
		note(o.Clusters.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: c.Name}}))
	}
	for _, name := range o.Poll() { // those that were not watched yet
		note(o.Clusters.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: name}}))
	}
	for _, b := range backtracks.Items {
		note(o.Backtracks.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Namespace: b.Namespace, Name: b.Name}}))
	}
	if o.Kubelet != nil {
		o.Kubelet(o.Env)
	}
	return next
}

// Poll asks RDS about every watched cluster that is due, and gives the names of those that are to be looked at.
func (o *Operator) Poll() (woken []string) {
	unsubscribe := o.Clusters.RDS.Subscribe(func(name string) {
		if !slices.Contains(woken, name) {
			woken = append(woken, name)
		}
	})
	defer unsubscribe()
	o.Clusters.RDS.Poll(context.Background())
	return woken
}

// Until reconciles and lets time pass until the condition holds. It is bounded, and says what it waited for.
func (o *Operator) Until(what string, holds func() bool) {
	o.T.Helper()
	for range 2000 {
		if holds() {
			return
		}
		o.Clock.Step(o.ReconcileAll())
	}
	o.T.Fatalf("never came to be: %s\n%s", what, o.Describe())
}

// Finish waits until the object has come to its end, and gives it.
func (o *Operator) Finish(name string) *v1alpha1.AuroraBacktrack {
	o.T.Helper()
	var b *v1alpha1.AuroraBacktrack
	o.Until(name+" finished", func() bool {
		b = o.Read(name)
		return b == nil || b.Status.CompletedAt != ""
	})
	return b
}

// WaitFor lets the object run until its condition has the reason.
func (o *Operator) WaitFor(name, condition, reason string) *v1alpha1.AuroraBacktrack {
	o.T.Helper()
	var b *v1alpha1.AuroraBacktrack
	o.Until(fmt.Sprintf("%s with %s %s", name, condition, reason), func() bool {
		b = o.Read(name)
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		return c != nil && c.Reason == reason
	})
	return b
}
