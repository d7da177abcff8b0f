package backtrack

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

var (
	// errLockLost says that the lock went to another object, or the AuroraCluster went.
	errLockLost = errors.New("the lock is not ours any more")
	// errStale says that somebody wrote the object since it was read.
	errStale = errors.New("the object changed meanwhile")
)

// store writes an object and its AuroraCluster, each with an optimistic lock.
type store struct {
	client client.Client
	live   client.Reader
	facts  *steps.Facts
	saved  *v1alpha1.AuroraBacktrack // the object as the API server has it
	names  *hiddenNames              // of dependents in other namespaces: the facts have them, and what is stored has not
	woken  []workload.Woken          // dependents that somebody else brought back, to be told once the status is written
}

// persist writes the status, if there is anything to write, without the names of workloads in other namespaces. The facts
// keep them.
func (s *store) persist(ctx context.Context) error {
	written := s.facts.Object.DeepCopy()
	named := written.Status.Dependents
	redact(written, named)
	if equality.Semantic.DeepEqual(written.Status, s.saved.Status) {
		return nil
	}
	if aliases := s.names.learn(s.facts.Object); len(aliases) > 0 {
		log.FromContext(ctx).Info("the status has aliases for dependents in other namespaces", "aliases", aliases)
	}
	patch := client.MergeFromWithOptions(s.saved, client.MergeFromWithOptimisticLock{})
	if err := s.client.Status().Patch(ctx, written, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	s.facts.Object, s.saved = written, written.DeepCopy()
	s.facts.Object.Status.Dependents = named
	return nil
}

// unchanged fails with errStale unless the object is still as it was read.
func (s *store) unchanged(ctx context.Context) error {
	now := &v1alpha1.AuroraBacktrack{}
	if err := s.live.Get(ctx, client.ObjectKeyFromObject(s.saved), now); err != nil {
		return fmt.Errorf("reading the object again: %w", err)
	}
	if now.UID != s.saved.UID || now.ResourceVersion != s.saved.ResourceVersion {
		return errStale
	}
	return nil
}

// updateMeta patches the object's metadata. The status that is yet to be written stays.
func (s *store) updateMeta(ctx context.Context, change func(*v1alpha1.AuroraBacktrack)) error {
	changed := s.saved.DeepCopy()
	change(changed)
	patch := client.MergeFromWithOptions(s.saved, client.MergeFromWithOptimisticLock{})
	if err := s.client.Patch(ctx, changed, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("writing the metadata: %w", err)
	}
	status := s.facts.Object.Status
	s.saved, s.facts.Object = changed, changed.DeepCopy()
	s.facts.Object.Status = status
	return nil
}

// changeCluster changes the AuroraCluster's status as it was read. The change reports whether it changed anything; without
// an AuroraCluster there is nothing to change.
func (s *store) changeCluster(ctx context.Context, change func(*v1alpha1.AuroraCluster) bool) error {
	if !s.facts.Cluster.Read() || s.facts.Cluster.Err() != nil {
		s.facts.Cluster = readCluster(ctx, s.live, s.facts.Object.Spec.ClusterRef.Name)
	}
	cluster, ok := s.facts.Cluster.Get()
	if !ok {
		return s.facts.Cluster.Err()
	}
	changed := cluster.DeepCopy()
	if !change(changed) {
		return nil
	}
	patch := client.MergeFromWithOptions(cluster, client.MergeFromWithOptimisticLock{})
	if err := s.client.Status().Patch(ctx, changed, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		s.facts.Cluster = fact.Fact[*v1alpha1.AuroraCluster]{}
		return fmt.Errorf("writing AuroraCluster %s: %w", cluster.Name, err)
	}
	s.facts.Cluster = fact.Known(changed)
	return nil
}

// changeClusterAnyway makes a change that is right whatever else was written: it reads again and retries on a conflict.
func (s *store) changeClusterAnyway(ctx context.Context, change func(*v1alpha1.AuroraCluster) bool) error {
	//nolint:wrapcheck // the errors say what was being done
	return retry.RetryOnConflict(retry.DefaultRetry, func() error { return s.changeCluster(ctx, change) })
}
