package backtrack

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/approval"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// read reads a fact that a decision asked for.
func (r *Reconciler) read(ctx context.Context, f *steps.Facts, name steps.Name) {
	cluster := f.Cluster.Value()
	switch name {
	case steps.Cluster:
		f.Cluster = readCluster(ctx, r.Live, f.Object.Spec.ClusterRef.Name)
		if c, ok := f.Cluster.Get(); ok {
			f.Skew = r.RDS.Skew(rds.TargetOf(c))
		}
	case steps.NamespaceAllowed:
		f.NamespaceAllowed = fact.Of(r.Workloads.NamespaceAllowed(ctx, cluster, f.Object.Namespace))
	case steps.Approval:
		f.Approval = fact.Of(approval.Enforced(ctx, r.Live, f.Object))
	case steps.Lock:
		f.Lock = fact.Of(r.keeper().View(ctx, cluster, f.Object))
	case steps.Observed:
		f.Observed = fact.Of(r.RDS.Describe(ctx, rds.TargetOf(cluster)))
		f.Skew = r.RDS.Skew(rds.TargetOf(cluster))
	case steps.History:
		f.HistoryAt = r.Clock.Now()
		f.History = fact.Of(r.RDS.History(ctx, rds.TargetOf(cluster)))
		r.hintHistory(cluster, f)
		f.Skew = r.RDS.Skew(rds.TargetOf(cluster))
	case steps.Dependents:
		dependents, problems, err := r.Workloads.Find(ctx, cluster)
		f.Dependents = fact.Of(steps.Found{Dependents: dependents, Problems: problems}, err)
	case steps.SafetyCopy:
		f.SafetyCopy = r.readCopy(ctx, f)
	case steps.LeftPaused:
		f.LeftPaused = fact.Of(r.Workloads.PausedBy(ctx, cluster, f.Object.UID))
	}
}

// hintHistory has the AuroraCluster's own reconciler read the history when it has a backtrack that the ledger does not have:
// what was made elsewhere is told, and entered, there.
func (r *Reconciler) hintHistory(cluster *v1alpha1.AuroraCluster, f *steps.Facts) {
	if past, ok := f.History.Get(); ok && len(claim.Merge(cluster.DeepCopy(), past, f.HistoryAt)) > 0 {
		r.RDS.HintHistory(rds.TargetOf(cluster))
	}
}

func (r *Reconciler) keeper() *lock.Keeper {
	return &lock.Keeper{Cache: r.Client, Live: r.Live, Resumer: r.Workloads, Clock: r.Clock}
}

// readCluster reads the AuroraCluster live.
func readCluster(ctx context.Context, live client.Reader, name string) fact.Fact[*v1alpha1.AuroraCluster] {
	cluster := &v1alpha1.AuroraCluster{}
	err := live.Get(ctx, types.NamespacedName{Name: name}, cluster)
	switch {
	case apierrors.IsNotFound(err):
		return fact.Absent[*v1alpha1.AuroraCluster]()
	case err != nil:
		return fact.Unknown[*v1alpha1.AuroraCluster](fmt.Errorf("reading AuroraCluster %s: %w", name, err))
	}
	return fact.Known(cluster)
}
