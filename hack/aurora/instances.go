package aurora

import (
	"context"
	"slices"
	"strings"
)

func (s *Server) createDBInstance(c *call) (any, error) {
	instance, cluster, err := s.readInstance(c)
	if err != nil {
		return nil, err
	}
	if s.state.instance(cluster.AccountID, cluster.Region, instance.Identifier) != nil {
		return nil, fail(faultInstanceExists, "DB Instance %s already exists.", instance.Identifier)
	}
	// A cluster that is being created may get its instances already.
	if status := cluster.statusAt(c.now); status != "creating" {
		if err := cluster.idle(c.now); err != nil {
			return nil, err
		}
	}
	instance.ResourceID = s.state.resourceID("db-")
	instance.Operation = newOperation("creating", c.now, s.opts.Timing.Lifecycle)
	s.state.Instances = append(s.state.Instances, instance)
	return s.changed(c, instance)
}

// readInstance is the instance that a CreateDBInstance asks for, and its
// cluster.
func (s *Server) readInstance(c *call) (*Instance, *Cluster, error) {
	r := c.reader()
	instance := &Instance{CreatedAt: c.now, PromotionTier: 1}
	var engine, version string
	r.must(&instance.Identifier, "DBInstanceIdentifier")
	r.must(&instance.Class, "DBInstanceClass")
	r.must(&engine, "Engine")
	r.text(&version, "EngineVersion")
	r.tagsInto(&instance.Tags)
	r.text(&instance.AvailabilityZone, "AvailabilityZone")
	r.flag(&instance.PubliclyAccessible, "PubliclyAccessible")
	r.readInstanceSettings(instance)
	if r.err != nil {
		return nil, nil, r.err
	}
	if err := checkIdentifier("DBInstanceIdentifier", instance.Identifier); err != nil {
		return nil, nil, err
	}
	if err := checkClass(instance.Class); err != nil {
		return nil, nil, err
	}
	cluster, err := s.find(c)
	if err != nil {
		return nil, nil, err
	}
	group := c.Get("DBSubnetGroupName")
	switch {
	case engine != cluster.Engine:
		return nil, nil, fail(codeInvalidCombination, "The engine %s is not the engine of DB cluster %s, %s.", engine, cluster.Identifier, cluster.Engine)
	case version != "" && version != cluster.EngineVersion:
		return nil, nil, fail(codeInvalidCombination, "The engine version that you requested for your DB instance (%s) does not match the engine version of your DB cluster (%s).",
			version, cluster.EngineVersion)
	case group != "" && !strings.EqualFold(group, s.subnetGroupName(cluster)):
		return nil, nil, fail(codeInvalidCombination, "The DB instance and the DB cluster must be in the same DB subnet group, %s.", s.subnetGroupName(cluster))
	}
	instance.Identifier = strings.ToLower(instance.Identifier)
	instance.ClusterIdentifier, instance.AccountID, instance.Region = cluster.Identifier, cluster.AccountID, cluster.Region
	return instance, cluster, checkInstanceGroup(instance.ParameterGroup, cluster)
}

// readInstanceSettings reads what a creation and a change can both set.
func (r *reader) readInstanceSettings(i *Instance) {
	upgrade := !i.NoMinorUpgrade
	r.flag(&upgrade, "AutoMinorVersionUpgrade")
	i.NoMinorUpgrade = !upgrade
	r.number(&i.PromotionTier, "PromotionTier", 0, 15)
	r.text(&i.MaintenanceWindow, "PreferredMaintenanceWindow")
	r.flag(&i.CopyTagsToSnapshot, "CopyTagsToSnapshot")
	r.text(&i.ParameterGroup, "DBParameterGroupName")
	r.text(&i.CertificateAuthority, "CACertificateIdentifier")
	r.number(&i.MonitoringInterval, "MonitoringInterval", 0, 60)
	r.text(&i.MonitoringRoleARN, "MonitoringRoleArn")
	r.flag(&i.PerformanceInsights, "EnablePerformanceInsights")
	if i.MaintenanceWindow != "" && !windowForm.MatchString(strings.ToLower(i.MaintenanceWindow)) {
		r.keep(fail(codeInvalidParameter, "Invalid maintenance window %s: write it as ddd:hh24:mi-ddd:hh24:mi.", i.MaintenanceWindow))
	}
}

func (s *Server) findInstance(c *call) (*Instance, error) {
	identifier, err := c.required("DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	name := identifier
	if strings.HasPrefix(name, "arn:") {
		name = name[strings.LastIndex(name, ":")+1:]
	}
	if i := s.state.instance(c.caller.account, c.caller.region, name); i != nil && (name == identifier || i.ARN() == identifier) {
		return i, nil
	}
	return nil, fail(faultInstanceNotFound, "DBInstance %s not found.", identifier)
}

// findIdleInstance is the instance that a call names, if nothing is under way
// there.
func (s *Server) findIdleInstance(c *call) (*Instance, error) {
	instance, err := s.findInstance(c)
	if err != nil {
		return nil, err
	}
	if status := instance.statusAt(s.clusterOf(instance), c.now); status != "available" || s.clusterOf(instance).active() != nil {
		return nil, fail(faultInstanceState, "Database instance is not in available state: the status of %s is %s.", instance.Identifier, status)
	}
	return instance, nil
}

func (s *Server) modifyDBInstance(c *call) (any, error) {
	instance, err := s.findIdleInstance(c)
	if err != nil {
		return nil, err
	}
	r := c.reader()
	changed := *instance
	pending := PendingChanges{At: c.now}
	immediately := false
	r.text(&pending.Class, "DBInstanceClass")
	r.text(&pending.Identifier, "NewDBInstanceIdentifier")
	r.flag(&immediately, "ApplyImmediately")
	r.flag(&changed.PubliclyAccessible, "PubliclyAccessible")
	r.readInstanceSettings(&changed)
	if r.err != nil {
		return nil, r.err
	}
	if err := s.checkInstanceChange(instance, &pending); err != nil {
		return nil, err
	}
	if err := checkInstanceGroup(changed.ParameterGroup, s.clusterOf(instance)); err != nil {
		return nil, err
	}
	switch {
	case immediately:
		changed.apply(pending)
	case pending.Class != "" || pending.Identifier != "":
		pending.At = nextMaintenance(changed.MaintenanceWindow, c.now)
		changed.Pending = &pending
	}
	*instance = changed
	instance.Operation = newOperation("modifying", c.now, s.opts.Timing.Lifecycle)
	return s.changed(c, instance)
}

func (s *Server) checkInstanceChange(i *Instance, pending *PendingChanges) error {
	if pending.Class != "" {
		if err := checkClass(pending.Class); err != nil {
			return err
		}
	}
	pending.Identifier = strings.ToLower(pending.Identifier)
	if pending.Identifier == "" {
		return nil
	}
	if err := checkIdentifier("NewDBInstanceIdentifier", pending.Identifier); err != nil {
		return err
	}
	if s.state.instance(i.AccountID, i.Region, pending.Identifier) != nil {
		return fail(faultInstanceExists, "DB Instance %s already exists.", pending.Identifier)
	}
	return nil
}

// apply does the changes that may have waited.
func (i *Instance) apply(p PendingChanges) {
	if p.Class != "" {
		i.Class = p.Class
	}
	if p.Identifier != "" {
		i.Identifier = p.Identifier
	}
}

func (s *Server) rebootDBInstance(c *call) (any, error) {
	instance, err := s.findIdleInstance(c)
	if err != nil {
		return nil, err
	}
	if cluster := s.clusterOf(instance); s.writer(cluster) == instance {
		if err := shut(c.ctx, cluster.database); err != nil {
			return nil, err
		}
	}
	instance.Operation = newOperation("rebooting", c.now, s.opts.Timing.Lifecycle)
	return s.changed(c, instance)
}

// openWriter lets clients in again after the writer restarted.
func (s *Server) openWriter(ctx context.Context, i *Instance) {
	cluster := s.clusterOf(i)
	if cluster == nil || cluster.Stopped || s.writer(cluster) != i {
		return
	}
	if err := open(ctx, cluster.database); err != nil {
		s.log.Error("the database could not be opened after a restart", "cluster", cluster.Identifier, "error", err)
	}
}

func (s *Server) deleteDBInstance(c *call) (any, error) {
	instance, err := s.findInstance(c)
	if err != nil {
		return nil, err
	}
	cluster := s.clusterOf(instance)
	switch {
	case c.Get("FinalDBSnapshotIdentifier") != "":
		return nil, fail(codeInvalidCombination, "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance")
	case instance.Operation.underWay(c.now) && instance.Operation.Status == "deleting":
		return nil, fail(faultInstanceState, "Instance %s is already being deleted.", instance.Identifier)
	case cluster.active() != nil:
		return nil, fail(faultClusterState, "DB cluster %s is not in available state.", cluster.Identifier)
	}
	instance.Operation = newOperation("deleting", c.now, s.opts.Timing.Lifecycle)
	return s.changed(c, instance)
}

// changed answers with an instance whose operation has begun.
func (s *Server) changed(c *call, instance *Instance) (any, error) {
	shape := s.instanceShape(instance, c)
	shape.DBInstanceStatus = instance.Operation.Status
	s.dirty = true
	s.settleInstances(c.ctx, c.now)
	return oneInstance{shape}, nil
}

func (s *Server) dropInstance(instance *Instance) {
	s.state.Instances = slices.DeleteFunc(s.state.Instances, func(i *Instance) bool { return i == instance })
}
