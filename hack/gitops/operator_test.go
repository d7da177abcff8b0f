package gitops_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/controllers/cluster"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// operator is both reconcilers on the real API server, in front of an Aurora in memory, and one AuroraCluster.
type operator struct {
	*testing.T
	server     *apiServer
	namespace  string
	database   *local.Server
	clock      *clocktesting.FakeClock
	backtracks *backtrack.Reconciler
	clusters   *cluster.Reconciler
}

// newOperator starts it. The AuroraCluster has the name of the test's namespace.
func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{T: t, server: server(t), clock: clocktesting.NewFakeClock(time.Now().Truncate(time.Second))}
	o.namespace = o.server.namespace(t)
	var err error
	o.database, err = local.NewServer(local.Options{
		Now: o.clock.Now, Wait: func(time.Duration) {},
		Timing: local.Timing{Unlisted: 2 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 2 * time.Second},
	})
	o.must(err)
	o.must(o.database.AddCluster(local.Cluster{Identifier: "db", BacktrackWindow: 7200, CreatedAt: o.clock.Now().Add(-24 * time.Hour)}, ""))
	provider := rds.NewProvider(rds.Options{Clock: o.clock, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: o.database.Client(),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}})
	api := o.server.as(t, "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager", almighty)
	workloads := &workload.Workloads{Client: api, Clock: o.clock}
	events := &event.Announcer{Client: api, Clock: o.clock}
	o.backtracks = &backtrack.Reconciler{
		Client: api, Live: api, RDS: provider, Workloads: workloads, Clock: o.clock, Events: events, Settings: backtrack.DefaultSettings(),
	}
	o.clusters = &cluster.Reconciler{Client: api, Live: api, RDS: provider, Workloads: workloads, Clock: o.clock, Events: events}
	o.must(o.server.admin.Create(t.Context(), &v1alpha1.AuroraCluster{
		ObjectMeta: ctrl.ObjectMeta{Name: o.namespace},
		Spec: v1alpha1.AuroraClusterSpec{
			DBClusterIdentifier: "db", AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{o.namespace}},
		},
	}))
	return o
}

func (o *operator) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// work reconciles everything of the test's namespace once, and lets time pass.
func (o *operator) work() error {
	ctx := o.Context()
	o.clusters.RDS.Poll(ctx)
	_, err := o.clusters.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: o.namespace}})
	o.clusters.RDS.Poll(ctx)
	var all v1alpha1.AuroraBacktrackList
	err = errors.Join(err, o.server.admin.List(ctx, &all, client.InNamespace(o.namespace)))
	for _, b := range all.Items {
		_, failed := o.backtracks.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&b)})
		err = errors.Join(err, failed)
	}
	o.clock.Step(5 * time.Second)
	return err
}

// until works until the condition holds. An error is one that passes, or the condition never holds.
func (o *operator) until(what string, holds func() bool) {
	o.Helper()
	var err error
	for range 200 {
		if holds() {
			return
		}
		err = o.work()
	}
	o.Fatalf("never came to be: %s (last error: %v)\n%s", what, err, inYAML(o.T, o.read("rewind")))
}

// finish waits for the end of an AuroraBacktrack and gives the reason.
func (o *operator) finish(name string) string {
	o.Helper()
	var b *v1alpha1.AuroraBacktrack
	o.until(name+" has finished", func() bool {
		b = o.read(name)
		return b != nil && b.Status.CompletedAt != ""
	})
	for _, c := range b.Status.Conditions {
		if c.Type == v1alpha1.ConditionSucceeded {
			return string(c.Status) + " " + c.Reason
		}
	}
	return ""
}

// read gives the AuroraBacktrack; nil when it is not there.
func (o *operator) read(name string) *v1alpha1.AuroraBacktrack {
	o.Helper()
	b := &v1alpha1.AuroraBacktrack{}
	err := o.server.admin.Get(o.Context(), types.NamespacedName{Namespace: o.namespace, Name: name}, b)
	if client.IgnoreNotFound(err) != nil {
		o.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return b
}

// accepted counts the backtracks that RDS took.
func (o *operator) accepted() int {
	n := 0
	for _, call := range o.database.Calls() {
		if call.Operation == "BacktrackDBCluster" && call.Done() {
			n++
		}
	}
	return n
}

// manifest is a rewind as a file in Git has it.
func (o *operator) manifest(name, to string, more map[string]any) map[string]any {
	spec := map[string]any{"clusterRef": map[string]any{"name": o.namespace}, "backtrackTo": to}
	for field, value := range more {
		spec[field] = value
	}
	return map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "AuroraBacktrack",
		"metadata": map[string]any{"name": name, "namespace": o.namespace}, "spec": spec,
	}
}

// ago is a time before now, as people write it.
func (o *operator) ago(d time.Duration) string {
	return string(v1alpha1.NewTimestamp(o.clock.Now().Add(-d)))
}
