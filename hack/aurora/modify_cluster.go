package aurora

import (
	"strings"
	"time"
)

func (s *Server) modifyDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if err := cluster.idle(c.now); err != nil {
		return nil, err
	}
	changed := *cluster
	pending, err := s.readChange(c, &changed)
	if err != nil {
		return nil, err
	}
	if err := s.changePassword(c, cluster, &changed); err != nil {
		return nil, err
	}
	*cluster = changed
	s.event(cluster, c.now, "configuration change", "DB cluster modified.")
	s.dirty = true
	immediately := false
	r := c.reader()
	if r.flag(&immediately, "ApplyImmediately"); pending != nil {
		cluster.Pending = pending
		if immediately {
			pending.At = c.now
			s.applyPending(cluster, c.now)
		}
	}
	cluster.Operation = newOperation("modifying", c.now, s.opts.Timing.Lifecycle)
	shape := s.clusterShape(cluster, c)
	s.settle(c.ctx, cluster, c.now)
	return oneCluster{shape}, nil
}

// readChange applies what a ModifyDBCluster asks for to a copy of the cluster,
// and gives what may have to wait for the maintenance window.
func (s *Server) readChange(c *call, changed *Cluster) (*PendingChanges, error) {
	if err := s.readWindow(c, changed); err != nil {
		return nil, err
	}
	r := c.reader()
	var pending PendingChanges
	immediately := false
	r.text(&pending.Identifier, "NewDBClusterIdentifier")
	r.text(&pending.EngineVersion, "EngineVersion")
	r.flag(&immediately, "ApplyImmediately")
	r.flag(&changed.DeletionProtection, "DeletionProtection")
	r.text(&changed.MaintenanceWindow, "PreferredMaintenanceWindow")
	r.text(&changed.DatabaseInsightsMode, "DatabaseInsightsMode")
	r.readSettings(&changed.Settings)
	if r.err != nil {
		return nil, r.err
	}
	if err := changed.Settings.check(); err != nil {
		return nil, err
	}
	if err := s.checkGroups(changed); err != nil {
		return nil, err
	}
	if err := s.checkRename(changed, &pending); err != nil {
		return nil, err
	}
	if err := checkUpgrade(c, changed, &pending); err != nil {
		return nil, err
	}
	if pending == (PendingChanges{}) {
		return nil, nil
	}
	pending.At = nextMaintenance(changed.MaintenanceWindow, c.now)
	return &pending, nil
}

// readWindow changes the backtrack window of a copy of the cluster. History
// that a shorter window left is gone, also when the window grows again.
func (s *Server) readWindow(c *call, changed *Cluster) error {
	window, err := c.integer("BacktrackWindow", changed.BacktrackWindow)
	if err != nil {
		return err
	}
	if err := changed.checkWindow(window); err != nil {
		return err
	}
	if window > 0 && changed.BacktrackWindow == 0 {
		return fail(codeInvalidCombination, "Backtrack cannot currently be enabled for this cluster. It is only possible when a cluster is created, or restored from a snapshot.")
	}
	if window == changed.BacktrackWindow {
		return nil
	}
	kept := min(window, changed.BacktrackWindow)
	changed.HistoryFrom = milliseconds(latestOf(changed.HistoryFrom, c.now.Add(-time.Duration(kept)*time.Second)))
	changed.BacktrackWindow = window
	return nil
}

func (s *Server) checkRename(changed *Cluster, pending *PendingChanges) error {
	pending.Identifier = strings.ToLower(pending.Identifier)
	if pending.Identifier == "" || pending.Identifier == changed.Identifier {
		pending.Identifier = ""
		return nil
	}
	if err := checkIdentifier("NewDBClusterIdentifier", pending.Identifier); err != nil {
		return err
	}
	if s.state.cluster(changed.AccountID, changed.Region, pending.Identifier) != nil {
		return fail(faultClusterExists, "DB Cluster %s already exists.", pending.Identifier)
	}
	return nil
}

func checkUpgrade(c *call, changed *Cluster, pending *PendingChanges) error {
	if pending.EngineVersion == changed.EngineVersion {
		pending.EngineVersion = ""
	}
	if pending.EngineVersion == "" {
		return nil
	}
	if err := checkVersion(changed.Engine, pending.EngineVersion); err != nil {
		return err
	}
	allowed, err := c.boolean("AllowMajorVersionUpgrade")
	if err != nil {
		return err
	}
	from, to := majorVersion(changed.Engine, changed.EngineVersion), majorVersion(changed.Engine, pending.EngineVersion)
	if from != to && !allowed {
		return fail(codeInvalidCombination, "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
	}
	return nil
}

// applyPending does the changes that waited. A cluster that was upgraded to
// another major version can't go back before that.
func (s *Server) applyPending(c *Cluster, now time.Time) {
	pending := *c.Pending
	c.Pending = nil
	if name := pending.Identifier; name != "" && s.state.cluster(c.AccountID, c.Region, name) == nil {
		for _, instance := range s.state.members(c) {
			instance.ClusterIdentifier = name
		}
		c.Identifier = name
	}
	if version := pending.EngineVersion; version != "" {
		if majorVersion(c.Engine, version) != majorVersion(c.Engine, c.EngineVersion) {
			c.HistoryFrom = now
		}
		c.EngineVersion = version
	}
	s.dirty = true
}

// changePassword sets the master user's password; RDS does so at once,
// whatever ApplyImmediately says.
func (s *Server) changePassword(c *call, cluster, changed *Cluster) error {
	r := c.reader()
	rotate := false
	r.flag(&changed.ManagedPassword, "ManageMasterUserPassword")
	r.flag(&rotate, "RotateMasterUserPassword")
	password := c.Get("MasterUserPassword")
	switch {
	case r.err != nil:
		return r.err
	case rotate:
		return fail(codeInvalidParameter, "RotateMasterUserPassword is not modelled by the local Aurora: a managed password stays as it is.")
	case changed.ManagedPassword && password != "":
		return fail(codeInvalidCombination, "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
	case cluster.ManagedPassword && !changed.ManagedPassword && password == "":
		return fail(codeInvalidCombination, "MasterUserPassword is required when ManageMasterUserPassword is turned off.")
	case changed.ManagedPassword && !cluster.ManagedPassword:
		password = s.managedPassword(cluster.ResourceID)
	case password == "":
		return nil
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	return cluster.database.SetMasterPassword(c.ctx, cluster.MasterUsername, password)
}
