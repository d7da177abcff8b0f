package backtrack

import (
	"context"
	"fmt"
	"slices"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
)

// besideNoTwin looks, with the lock in hand, whether another AuroraCluster of the same Aurora cluster is locked too. Each
// takes its lock before it looks at the other's, so at the most one of two finds the way free. Where both see the other,
// the one that stands for the Aurora cluster waits with its lock, and the other one gives way.
func (x *run) besideNoTwin(ctx context.Context) outcome {
	twin, err := x.busyTwin(ctx)
	if err != nil {
		return failed(err)
	}
	if twin == nil {
		return done("", "")
	}
	if x.started() || ledger.Outranks(twin, x.cluster) {
		if err := x.unlock(ctx, ledger.Reference(x.object)); err != nil {
			return failed(err)
		}
	}
	return behindTwin(twin)
}

func behindTwin(twin *v1alpha1.AuroraCluster) outcome {
	return waiting(look, v1alpha1.ReasonQueued, fmt.Sprintf("AuroraCluster %s names the same Aurora cluster and is being rewound", twin.Name))
}

// busyTwin gives another AuroraCluster that stands for the same Aurora cluster and is being rewound; nil when there is
// none.
func (x *run) busyTwin(ctx context.Context) (*v1alpha1.AuroraCluster, error) {
	var list v1alpha1.AuroraClusterList
	if err := x.Live.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing AuroraClusters: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		if other.UID == x.cluster.UID || !ledger.Twins(other, x.cluster) {
			continue
		}
		objects, err := x.objectsOf(ctx, other)
		if err != nil {
			return nil, err
		}
		open := func(b v1alpha1.AuroraBacktrack) bool { return b.UID != x.object.UID && isOpen(&b) }
		if other.Status.ActiveBacktrack != nil || slices.ContainsFunc(objects, open) {
			return other, nil
		}
	}
	return nil, nil
}
