package harness

import (
	"context"
	"errors"
	"io"
	"net/url"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// What people, and the tools in their hands, do to the objects.

// DeleteIfPresent deletes the object as kubectl would, without waiting, unless it has gone by itself.
func (env *Env) DeleteIfPresent(name string) {
	env.T.Helper()
	if err := client.IgnoreNotFound(env.API.Delete(context.Background(), env.Read(name))); err != nil {
		env.T.Fatal(err)
	}
}

// Scale does what a careless autoscaler or person would.
func (env *Env) Scale(name string, replicas int32) {
	env.T.Helper()
	env.EditDeployment(name, func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To(replicas) })
}

// EditDeployment changes the Deployment as its owner would.
func (env *Env) EditDeployment(name string, change func(*appsv1.Deployment)) {
	env.T.Helper()
	d := env.ReadDeployment(name)
	change(d)
	d.Generation++
	if err := env.API.Update(context.Background(), d); err != nil {
		env.T.Fatal(err)
	}
}

// EditDBCluster changes the Aurora cluster testcluster behind everybody's back.
func (env *Env) EditDBCluster(change func(*local.Cluster)) {
	env.T.Helper()
	if err := env.RDS.EditCluster("testcluster", change); err != nil {
		env.T.Fatal(err)
	}
}

// SetDBClusterStatus lets the Aurora cluster testcluster read the status, whatever happens; "" lets it tell the truth.
func SetDBClusterStatus(status string) func(*Env) {
	return func(env *Env) { env.EditDBCluster(func(c *local.Cluster) { c.Status = status }) }
}

// Delete deletes the object; the finalizer may hold it.
func (env *Env) Delete(name string) {
	env.T.Helper()
	env.Must(env.API.Delete(context.Background(), env.Read(name)))
}

// ForceDelete takes the object away, finalizer or not.
func (env *Env) ForceDelete(name string) {
	env.T.Helper()
	env.Edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Finalizers = nil })
	if env.Read(name) != nil { // one that is being deleted goes with its finalizer
		env.Delete(name)
	}
}

// RequestBacktrack asks RDS for a backtrack past the operator; RDS may refuse.
func (env *Env) RequestBacktrack(identifier string, to time.Time) {
	env.T.Helper()
	response, err := env.RDS.Client().PostForm("http://rds.local", url.Values{
		"Action": {"BacktrackDBCluster"}, "Version": {"2014-10-31"}, "DBClusterIdentifier": {identifier}, "BacktrackTo": {to.Format(time.RFC3339)},
	})
	if err == nil {
		err = response.Body.Close()
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
		env.T.Fatal(err)
	}
}

// WipeStatus takes the status away, as a restore without status does.
func (env *Env) WipeStatus(name string) {
	env.T.Helper()
	b := env.Read(name)
	b.Status = v1alpha1.AuroraBacktrackStatus{}
	env.Must(env.API.Status().Update(context.Background(), b))
}

// LoseLedger loses the AuroraCluster and with it the ledger, as when a backup of the objects is restored.
func (o *Operator) LoseLedger() {
	o.T.Helper()
	c := o.ReadCluster("game")
	c.Finalizers = nil
	if err := o.API.Update(context.Background(), c); err != nil {
		o.T.Fatal(err)
	}
	if err := o.API.Delete(context.Background(), c); err != nil {
		o.T.Fatal(err)
	}
	o.Create(NewAuroraCluster("game", "testcluster"))
	o.ReconcileAll()
}

// BacktrackElsewhere makes a backtrack as somebody in the console would, and gives its id.
func (env *Env) BacktrackElsewhere(identifier, to string) string {
	env.T.Helper()
	console := rds.NewProvider(rds.Options{Clock: env.Clock, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("console", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: env.RDS.Client(),
	}})
	record, err := console.Backtrack(context.Background(), rds.Target{Identifier: identifier}, rds.Request{To: v1alpha1.Timestamp(to).Time()})
	if err != nil {
		env.T.Fatal(err)
	}
	return record.ID
}

// ClearFaults lets RDS answer as it should again.
func ClearFaults(env *Env) {
	if err := env.RDS.SetFaults(nil); err != nil {
		env.T.Fatal(err)
	}
}
