package aurora

import (
	"strings"
	"time"
)

const (
	restoreFullCopy    = "full-copy"
	restoreCopyOnWrite = "copy-on-write"
	// maxClones is how many copy-on-write clones a volume may have; further
	// ones are full copies.
	maxClones = 15
)

func (s *Server) restoreDBClusterToPointInTime(c *call) (any, error) {
	source, err := s.restoreSource(c)
	if err != nil {
		return nil, err
	}
	if err := source.idle(c.now); err != nil {
		return nil, err
	}
	kind, at, err := s.restoreTime(c, source)
	if err != nil {
		return nil, err
	}
	copied, err := s.readCopy(c, source)
	if err != nil {
		return nil, err
	}
	if kind == restoreCopyOnWrite {
		if err := s.joinClones(source, copied); err != nil {
			return nil, err
		}
	}
	return s.created(c, copied, s.opts.Timing.Copying, func(spec DatabaseSpec) (Database, error) {
		// The data passes through a snapshot that nobody sees.
		through := s.state.resourceID("copy-")
		if err := source.database.Save(c.ctx, through, at); err != nil {
			return nil, err
		}
		database, err := s.opts.Engine.Restore(c.ctx, through, spec)
		if err := s.opts.Engine.DeleteSnapshot(c.ctx, through); err != nil {
			s.log.Warn("what a copy passed through could not be removed", "snapshot", through, "error", err)
		}
		return database, err
	})
}

// restoreSource is the cluster that a restore is made of.
func (s *Server) restoreSource(c *call) (*Cluster, error) {
	name, id := c.Get("SourceDBClusterIdentifier"), c.Get("SourceDbClusterResourceId")
	switch {
	case (name == "") == (id == ""):
		return nil, fail(codeInvalidCombination, "Specify one of SourceDBClusterIdentifier and SourceDbClusterResourceId.")
	case name != "":
		return s.named(c, name)
	}
	for _, cluster := range s.clustersOf(c) {
		if cluster.ResourceID == id {
			return cluster, nil
		}
	}
	return nil, fail(faultClusterNotFound, "DBCluster %s not found.", id)
}

// restoreTime is how to copy, and the state of which time; the zero time is
// the present, which is all that a clone can hold.
func (s *Server) restoreTime(c *call, source *Cluster) (kind string, at time.Time, err error) {
	r := c.reader()
	kind, latest := restoreFullCopy, false
	r.text(&kind, "RestoreType")
	r.flag(&latest, "UseLatestRestorableTime")
	if r.err != nil {
		return kind, at, r.err
	}
	if at, err = c.time("RestoreToTime"); err != nil {
		return kind, at, err
	}
	switch {
	case kind != restoreFullCopy && kind != restoreCopyOnWrite:
		err = fail(codeInvalidParameter, "Invalid restore type: %s. Use %s or %s.", kind, restoreFullCopy, restoreCopyOnWrite)
	case kind == restoreCopyOnWrite && !at.IsZero():
		err = fail(codeInvalidCombination, "RestoreToTime can't be specified for a %s restore: a clone holds the present.", restoreCopyOnWrite)
	case latest != at.IsZero():
		err = fail(codeInvalidCombination, "Specify either RestoreToTime or UseLatestRestorableTime.")
	case at.After(c.now):
		err = fail(codeInvalidParameter, "The specified RestoreToTime %s is later than the latest restorable time %s.", timestamp(at), timestamp(c.now))
	case !at.IsZero() && at.Before(source.restorable()):
		err = fail(codeInvalidParameter, "The specified RestoreToTime %s is earlier than the earliest restorable time %s.", timestamp(at), timestamp(source.restorable()))
	}
	return kind, at, err
}

// readCopy is the cluster that a restore asks for: it takes over what belongs
// to the data, and nothing of the source's settings that RDS does not.
func (s *Server) readCopy(c *call, source *Cluster) (*Cluster, error) {
	copied := &Cluster{
		AccountID: c.caller.account, Region: c.caller.region, CreatedAt: c.now,
		Engine: source.Engine, EngineVersion: source.EngineVersion, EngineMode: source.EngineMode,
		DatabaseName: source.DatabaseName, MasterUsername: source.MasterUsername,
	}
	copied.StorageEncrypted, copied.KMSKeyID, copied.StorageType = source.StorageEncrypted, source.KMSKeyID, source.StorageType
	r := c.reader()
	r.must(&copied.Identifier, "DBClusterIdentifier")
	r.text(&copied.EngineVersion, "EngineVersion")
	r.readCreation(copied)
	copied.StorageEncrypted = copied.StorageEncrypted || copied.KMSKeyID != ""
	switch mode := c.Get("EngineMode"); {
	case r.err != nil:
		return nil, r.err
	case mode != "" && mode != source.EngineMode:
		return nil, fail(codeInvalidCombination, "The engine mode %s is not that of the source, %s.", mode, source.EngineMode)
	}
	if err := copied.check(); err != nil {
		return nil, err
	}
	if majorVersion(copied.Engine, copied.EngineVersion) != majorVersion(source.Engine, source.EngineVersion) {
		return nil, fail(codeInvalidCombination, "A restore into another major version is not modelled by the local Aurora.")
	}
	if s.state.cluster(copied.AccountID, copied.Region, copied.Identifier) != nil {
		return nil, fail(faultClusterExists, "DB Cluster %s already exists.", copied.Identifier)
	}
	return copied, s.checkGroups(copied)
}

// joinClones applies the rules of cloning: the source has an instance, a
// window needs one at the source, and the clones of a volume are counted.
func (s *Server) joinClones(source, clone *Cluster) error {
	if len(s.state.members(source)) == 0 {
		return fail(faultClusterState, "DB cluster %s has no DB instance: a cluster needs at least one to be cloned.", source.Identifier)
	}
	if clone.BacktrackWindow > 0 && source.BacktrackWindow == 0 {
		return fail(codeInvalidCombination, "Backtrack cannot currently be enabled for this cluster")
	}
	if source.CloneGroupID == "" {
		source.CloneGroupID = s.state.uuid()
		s.dirty = true
	}
	sharing := 0
	for _, other := range s.state.Clusters {
		if other.CloneGroupID == source.CloneGroupID {
			sharing++
		}
	}
	if sharing <= maxClones {
		clone.CloneGroupID = source.CloneGroupID
	}
	return nil
}

func (s *Server) restoreDBClusterFromSnapshot(c *call) (any, error) {
	snapshot, err := s.findSnapshot(c, "SnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	if status := snapshot.status(c.now); status != "available" {
		return nil, fail(faultSnapshotState, "Snapshot %s is not in available state: its status is %s.", snapshot.Identifier, status)
	}
	engine, err := c.required("Engine")
	if err != nil {
		return nil, err
	}
	if engine != snapshot.Source.Engine {
		return nil, fail(codeInvalidCombination, "The engine %s is not that of the snapshot, %s.", engine, snapshot.Source.Engine)
	}
	if name := c.Get("DatabaseName"); name != "" && !strings.EqualFold(name, snapshot.Source.DatabaseName) {
		return nil, fail(codeInvalidParameter, "DatabaseName is not modelled by the local Aurora for a restore: the snapshot says which databases there are.")
	}
	restored, err := s.readCopy(c, &snapshot.Source)
	if err != nil {
		return nil, err
	}
	return s.created(c, restored, s.opts.Timing.Copying, func(spec DatabaseSpec) (Database, error) {
		return s.opts.Engine.Restore(c.ctx, snapshot.ResourceID, spec)
	})
}
