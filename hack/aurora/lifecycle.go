package aurora

import (
	"fmt"
	"slices"
	"time"
)

// maxStopped is how long a cluster stays stopped before it starts by itself.
const maxStopped = 7 * 24 * time.Hour

func (s *Server) deleteDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	skip, err := c.boolean("SkipFinalSnapshot")
	if err != nil {
		return nil, err
	}
	final := c.Get("FinalDBSnapshotIdentifier")
	switch {
	case cluster.DeletionProtection:
		return nil, fail(codeInvalidCombination, "Cannot delete protected Cluster, please disable deletion protection and try again.")
	case skip == (final != ""):
		return nil, fail(codeInvalidCombination, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and excluded if it is.")
	case slices.ContainsFunc(s.state.members(cluster), func(i *Instance) bool { return i.statusAt(cluster, c.now) != "deleting" }):
		return nil, fail(faultClusterState, "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	case cluster.active() != nil:
		return nil, fail(faultClusterState, "DB cluster %s is not in available state.", cluster.Identifier)
	case cluster.Operation.underWay(c.now) && cluster.Operation.Status == "deleting":
		return nil, fail(faultClusterState, "DB cluster %s is already being deleted.", cluster.Identifier)
	}
	if final != "" {
		if _, err := s.snapshotCluster(c, cluster, final, nil); err != nil {
			return nil, err
		}
	}
	cluster.Operation = newOperation("deleting", c.now, s.opts.Timing.Lifecycle)
	shape := s.clusterShape(cluster, c)
	shape.Status = "deleting"
	s.dirty = true
	s.settle(c.ctx, cluster, c.now)
	return oneCluster{shape}, nil
}

func (s *Server) stopDBCluster(c *call) (any, error) {
	cluster, err := s.findIdle(c)
	if err != nil {
		return nil, err
	}
	// Clients are turned away from the beginning.
	if err := shut(c.ctx, cluster.database); err != nil {
		return nil, err
	}
	return s.change(c, cluster, newOperation("stopping", c.now, s.opts.Timing.Lifecycle))
}

func (s *Server) startDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if cluster.statusAt(c.now) != "stopped" {
		return nil, fail(faultClusterState, "DbCluster %s is in %s state but expected it to be one of stopped,inaccessible-encryption-credentials-recoverable.",
			cluster.Identifier, cluster.statusAt(c.now))
	}
	return s.change(c, cluster, newOperation("starting", c.now, s.opts.Timing.Lifecycle))
}

func (s *Server) failoverDBCluster(c *call) (any, error) {
	cluster, err := s.findIdle(c)
	if err != nil {
		return nil, err
	}
	target, err := s.failoverTarget(c, cluster)
	if err != nil {
		return nil, err
	}
	if err := shut(c.ctx, cluster.database); err != nil {
		return nil, err
	}
	s.event(cluster, c.now, "failover", fmt.Sprintf("Started failover to DB instance: %s", target))
	began := newOperation("failing-over", c.now, s.opts.Timing.Lifecycle)
	began.Target = target
	return s.change(c, cluster, began)
}

// failoverTarget is the reader that a failover promotes: the one named, else
// the one with the lowest promotion tier.
func (s *Server) failoverTarget(c *call, cluster *Cluster) (string, error) {
	writer := s.writer(cluster)
	var readers []*Instance
	for _, i := range s.state.members(cluster) {
		if i != writer && i.statusAt(cluster, c.now) == "available" {
			readers = append(readers, i)
		}
	}
	slices.SortStableFunc(readers, func(a, b *Instance) int { return int(a.PromotionTier - b.PromotionTier) })
	named := c.Get("TargetDBInstanceIdentifier")
	for _, i := range readers {
		if named == "" || named == i.Identifier {
			return i.Identifier, nil
		}
	}
	if named != "" {
		return "", fail(faultInstanceState, "Target instance %s is not an available reader of DB cluster %s.", named, cluster.Identifier)
	}
	return "", fail(faultClusterState, "DB cluster %s has no available reader to fail over to.", cluster.Identifier)
}

// writer is the instance that writes, or nil.
func (s *Server) writer(cluster *Cluster) *Instance {
	members := s.state.members(cluster)
	for _, i := range members {
		if i.Identifier == cluster.Writer {
			return i
		}
	}
	if len(members) == 0 {
		return nil
	}
	return members[0]
}

// change begins an operation of a cluster, and answers with the cluster.
func (s *Server) change(c *call, cluster *Cluster, began *Operation) (any, error) {
	cluster.Operation = began
	s.dirty = true
	shape := s.clusterShape(cluster, c)
	shape.Status = began.Status
	s.settle(c.ctx, cluster, c.now)
	return oneCluster{shape}, nil
}

// findIdle is the cluster that a call names, if nothing is under way there.
func (s *Server) findIdle(c *call) (*Cluster, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return cluster, cluster.idle(c.now)
}
