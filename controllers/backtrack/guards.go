package backtrack

import (
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// guards are the rules that hold wherever the run stands. Each ends a run, or lets the next one speak.
var guards = []struct {
	name  string
	check func(*steps.Facts) steps.Decision
}{
	{"malformed", steps.WellFormed},
	{"deleted", deleted},
	{"cancelled", cancelled},
	{"startDeadline passed", deadlinePassed},
	{"undo not due", steps.UndoDue},
	{"AuroraCluster gone", clusterGone},
	{"grant withdrawn", grantWithdrawn},
}

func guard(f *steps.Facts) steps.Decision {
	for _, g := range guards {
		if d := g.check(f); d.Kind != steps.Continue {
			return d
		}
	}
	return steps.Passed()
}

// deleted: once RDS was asked, the run goes to its end first.
func deleted(f *steps.Facts) steps.Decision {
	if f.CalledRDS() || f.Object.DeletionTimestamp.IsZero() {
		return steps.Passed()
	}
	return steps.Halted(v1alpha1.ReasonDeleted, "deleted before RDS was asked; the database was not touched")
}

// cancelled: once RDS was asked, it is too late.
func cancelled(f *steps.Facts) steps.Decision {
	if f.CalledRDS() || !f.Object.Spec.Cancel {
		return steps.Passed()
	}
	return steps.Halted(v1alpha1.ReasonCancelled, "cancelled before RDS was asked; the database was not touched")
}

func deadlinePassed(f *steps.Facts) steps.Decision {
	deadline := f.Object.Spec.StartDeadline
	if f.CalledRDS() || deadline == "" || !f.Now.After(deadline.Time()) {
		return steps.Passed()
	}
	return steps.Halted(v1alpha1.ReasonExpired, fmt.Sprintf("spec.startDeadline %s has passed; the database was not touched: create a new AuroraBacktrack if it is still wanted", deadline))
}

// clusterGone ends a run whose AuroraCluster was taken away. Without it nobody can ask RDS.
func clusterGone(f *steps.Facts) steps.Decision {
	cluster, d := steps.ClusterOf(f)
	name := f.Object.Spec.ClusterRef.Name
	switch {
	case d.Kind != steps.Continue:
		return d
	case cluster != nil || !f.Started() && !f.CalledRDS():
		return steps.Passed()
	case !f.CalledRDS():
		return steps.Halted(v1alpha1.ReasonClusterNotFound, fmt.Sprintf("AuroraCluster %s was deleted before RDS was asked; the database was not touched", name))
	case f.Is(v1alpha1.ConditionClusterAvailable): // all that is left needs no AuroraCluster
		return steps.Passed()
	}
	return steps.Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("AuroraCluster %s was deleted after RDS was asked; nobody can follow the backtrack: create it again, and look at the cluster in RDS", name))
}

// grantWithdrawn ends a run that the AuroraCluster's policy refuses for good, until RDS was asked.
func grantWithdrawn(f *steps.Facts) steps.Decision {
	cluster, d := steps.ClusterOf(f)
	if f.CalledRDS() || d.Kind != steps.Continue || cluster == nil || !cluster.DeletionTimestamp.IsZero() && !f.Started() {
		return steps.Passed()
	}
	if f.Object.Spec.Suspend && !f.Started() {
		return steps.NamespaceGranted(f, cluster) // the plan shows what else would be refused
	}
	return steps.Granted(f, cluster)
}
