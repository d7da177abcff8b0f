package backtrack

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// readCopy reads what RDS says about the safety copy.
func (r *Reconciler) readCopy(ctx context.Context, f *steps.Facts) fact.Fact[rds.Copy] {
	planned := steps.PlannedCopy(f)
	known, err := r.RDS.DescribeCopy(ctx, rds.TargetOf(f.Cluster.Value()), planned.Type, planned.Identifier)
	if rds.IsCopyAbsent(err) {
		return fact.Absent[rds.Copy]()
	}
	return fact.Of(known, err)
}

// makeCopy asks RDS for the safety copy. What comes of the call is a fact; an error says that RDS was not asked. That it is
// asked stands in the status first: a copy that is made is known, whatever happens to the process.
func (a *performer) makeCopy(ctx context.Context) error {
	f := a.facts
	f.Object.Status.SafetyCopy = steps.CopyToAsk(f)
	if err := a.persist(ctx); err != nil {
		return err
	}
	if err := a.unchanged(ctx); err != nil { // of a process that was deposed, and whose run has ended, RDS gets no request
		return err
	}
	request := copyRequest(f)
	log.FromContext(ctx).Info("asking RDS for the safety copy", "type", request.Type, "identifier", request.Identifier)
	f.CopyAsked = fact.Of(true, a.RDS.MakeCopy(ctx, rds.TargetOf(f.Cluster.Value()), request))
	return nil
}

// makeInstance asks RDS for an instance of the clone.
func (a *performer) makeInstance(ctx context.Context) error {
	f := a.facts
	f.Object.Status.SafetyCopy.Instance = rds.InstanceIdentifier(f.Object.Status.SafetyCopy.Identifier)
	if err := a.persist(ctx); err != nil {
		return err
	}
	if err := a.unchanged(ctx); err != nil {
		return err
	}
	f.InstanceAsked = fact.Of(true, a.RDS.MakeInstance(ctx, rds.TargetOf(f.Cluster.Value()), copyRequest(f)))
	return nil
}

// copyRequest is the copy to make, with the tags that say whose it is and until when it is wanted.
func copyRequest(f *steps.Facts) rds.CopyRequest {
	planned, asked, object := steps.PlannedCopy(f), f.Object.Status.SafetyCopy, f.Object
	return rds.CopyRequest{
		Type: planned.Type, Identifier: planned.Identifier,
		Instance: rds.InstanceIdentifier(planned.Identifier), InstanceClass: string(planned.InstanceClass),
		Tags: map[string]string{
			v1alpha1.CopyUIDTag: string(object.UID), v1alpha1.CopyObjectTag: object.Namespace + "/" + object.Name,
			v1alpha1.CopyClusterTag: object.Spec.ClusterRef.Name, v1alpha1.CopyTimeTag: string(asked.RequestedAt),
			v1alpha1.CopyWantedUntilTag: string(asked.WantedUntil),
		},
	}
}
