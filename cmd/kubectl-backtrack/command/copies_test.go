package command

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

func TestCopies(t *testing.T) {
	w := newWorld(t)
	w.cluster(func(c *v1alpha1.AuroraCluster) { c.Spec.Region = "eu-west-1" })
	w.run("copies", w.name).want(exit.Succeeded, "No AuroraBacktrack that still exists was made with a safety copy")
	w.object("without")
	for name, c := range map[string]v1alpha1.SafetyCopyStatus{
		"cloned": {Type: v1alpha1.CopyClone, Identifier: "aurora-backtrack-1", Instance: "aurora-backtrack-1-1", RequestedAt: w.at(time.Hour), WantedUntil: w.at(-time.Hour), Status: "available", Endpoint: "copy.example.com"},
		"snap":   {Type: v1alpha1.CopySnapshot, Identifier: "aurora-backtrack-2", RequestedAt: w.at(3 * time.Hour), WantedUntil: w.at(2 * time.Hour)},
	} {
		w.object(name, func(b *v1alpha1.AuroraBacktrack) { b.Status.SafetyCopy = &c })
	}
	w.run("copies", w.name).want(exit.Succeeded, "COPY", "aurora-backtrack-1", string(w.at(-time.Hour)), w.name+"/cloned", string(w.at(2*time.Hour))+" (no longer)").without("without", "aws rds")
	w.run("copies", "-o", "wide").want(exit.Succeeded, "copy.example.com",
		"aws rds delete-db-instance --region eu-west-1 --db-instance-identifier aurora-backtrack-1-1 && aws rds delete-db-cluster --region eu-west-1 --skip-final-snapshot --db-cluster-identifier aurora-backtrack-1",
		"aws rds delete-db-cluster-snapshot --region eu-west-1 --db-cluster-snapshot-identifier aurora-backtrack-2")
	w.run("copies", w.name, "-o", "name").want(exit.Succeeded, "aurorabacktrack.aurora-backtrack.io/cloned").without("without")
}

// TestRunWithSafetyCopy has what the flags become.
func TestRunWithSafetyCopy(t *testing.T) {
	w := newWorld(t)
	w.cluster()
	w.run("run", w.name, "--to=-5m", "--safety-copy=clone", "--safety-copy-instance=db.t4g.medium", "--safety-copy-keep=48h", "--dry-run=client", "-o", "yaml").
		want(exit.Succeeded, "safetyCopy:", "type: Clone", "instanceClass: db.t4g.medium", "keepFor: 48h")
	w.run("run", w.name, "--to=-5m", "--safety-copy=none", "--dry-run=client", "-o", "yaml").want(exit.Succeeded, "type: None")
	w.run("run", w.name, "--to=-5m", "--dry-run=client", "-o", "yaml").want(exit.Succeeded).without("safetyCopy")
	w.run("run", w.name, "--to=-5m", "--safety-copy=tape").want(exit.NotAsked, "--safety-copy=tape is not known: choose none, clone or snapshot")
}
