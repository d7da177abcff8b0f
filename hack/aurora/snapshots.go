package aurora

import (
	"slices"
	"strings"
	"time"
)

// Snapshot is a DB cluster snapshot: the settings of its cluster as they were,
// and the data, which outlives the cluster.
type Snapshot struct {
	// Identifier is the DBClusterSnapshotIdentifier, in lower case.
	Identifier string `json:"identifier"`
	// ResourceID names the data.
	ResourceID string    `json:"resourceId"`
	CreatedAt  time.Time `json:"createdAt"`
	Tags       []Tag     `json:"tags,omitempty"`
	// Source is the cluster as it was, without history and tags.
	Source Cluster `json:"source"`
	// Operation is the creation under way.
	Operation *Operation `json:"operation,omitempty"`
}

// ARN is the snapshot's Amazon Resource Name.
func (n *Snapshot) ARN() string {
	return arn(n.Source.Region, n.Source.AccountID, "cluster-snapshot:"+n.Identifier)
}

type snapshotShape struct {
	AllocatedStorage                 int
	AvailabilityZones                []string `xml:"AvailabilityZones>AvailabilityZone"`
	BackupRetentionPeriod            int64
	ClusterCreateTime                string
	DBClusterIdentifier              string
	DBClusterSnapshotArn             string
	DBClusterSnapshotIdentifier      string
	DbClusterResourceId              string
	Engine                           string
	EngineMode                       string
	EngineVersion                    string
	IAMDatabaseAuthenticationEnabled bool
	KmsKeyId                         string `xml:",omitempty"`
	LicenseModel                     string
	MasterUsername                   string
	PercentProgress                  int
	Port                             int
	SnapshotCreateTime               string
	SnapshotType                     string
	Status                           string
	StorageEncrypted                 bool
	StorageType                      string
	TagList                          []Tag `xml:"TagList>Tag"`
	VpcId                            string
}

// oneSnapshot is the result of the calls that answer with a single snapshot.
type oneSnapshot struct{ DBClusterSnapshot snapshotShape }

func (n *Snapshot) status(now time.Time) string {
	if n.Operation.underWay(now) {
		return n.Operation.Status
	}
	return "available"
}

func (n *Snapshot) shape(now time.Time) snapshotShape {
	of := &n.Source
	settings := clusterShape{}
	settings.set(of)
	shape := snapshotShape{
		AllocatedStorage: 1, AvailabilityZones: of.zones(), BackupRetentionPeriod: settings.BackupRetentionPeriod,
		ClusterCreateTime: timestamp(of.CreatedAt), DBClusterIdentifier: of.Identifier,
		DBClusterSnapshotArn: n.ARN(), DBClusterSnapshotIdentifier: n.Identifier, DbClusterResourceId: of.ResourceID,
		Engine: of.Engine, EngineMode: of.EngineMode, EngineVersion: of.EngineVersion,
		IAMDatabaseAuthenticationEnabled: of.IAMAuthentication, KmsKeyId: of.key(), LicenseModel: licenses[of.Engine],
		MasterUsername: of.MasterUsername, PercentProgress: n.Operation.percent(now),
		SnapshotCreateTime: timestamp(n.CreatedAt), SnapshotType: "manual", Status: n.status(now),
		StorageEncrypted: of.StorageEncrypted, StorageType: "aurora", TagList: n.Tags, VpcId: localVPC,
	}
	if of.StorageType != "" {
		shape.StorageType = of.StorageType
	}
	return shape
}

func (s *Server) createDBClusterSnapshot(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	identifier, err := c.required("DBClusterSnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	if err := cluster.idle(c.now); err != nil {
		return nil, err
	}
	snapshot, err := s.snapshotCluster(c, cluster, identifier, tags)
	if err != nil {
		return nil, err
	}
	shape := snapshot.shape(c.now)
	shape.Status = "creating"
	return oneSnapshot{shape}, nil
}

// snapshotCluster keeps the present of a cluster as a snapshot.
func (s *Server) snapshotCluster(c *call, cluster *Cluster, identifier string, tags []Tag) (*Snapshot, error) {
	if err := checkIdentifier("DBClusterSnapshotIdentifier", identifier); err != nil {
		return nil, err
	}
	if s.state.snapshot(cluster.AccountID, cluster.Region, identifier) != nil {
		return nil, fail(faultSnapshotExists, "Cannot create the cluster snapshot because one with the identifier %s already exists.", identifier)
	}
	source := *cluster
	source.Tags, source.Backtracks, source.Operation, source.Pending, source.database = nil, nil, nil, nil, nil
	snapshot := &Snapshot{
		Identifier: strings.ToLower(identifier), ResourceID: s.state.resourceID("snapshot-"), CreatedAt: c.now, Tags: tags,
		Source: source, Operation: newOperation("creating", c.now, s.opts.Timing.Copying),
	}
	if cluster.CopyTagsToSnapshot {
		for _, tag := range cluster.Tags {
			snapshot.Tags = setTag(snapshot.Tags, tag)
		}
	}
	if err := cluster.database.Save(c.ctx, snapshot.ResourceID, time.Time{}); err != nil {
		return nil, err
	}
	s.state.Snapshots = append(s.state.Snapshots, snapshot)
	s.event(cluster, c.now, "backup", "Creating manual cluster snapshot")
	s.dirty = true
	return snapshot, nil
}

// findSnapshot finds a snapshot by identifier or ARN.
func (s *Server) findSnapshot(c *call, parameter string) (*Snapshot, error) {
	identifier, err := c.required(parameter)
	if err != nil {
		return nil, err
	}
	name := identifier
	if strings.HasPrefix(name, "arn:") {
		name = name[strings.LastIndex(name, ":")+1:]
	}
	snapshot := s.state.snapshot(c.caller.account, c.caller.region, name)
	if snapshot == nil || name != identifier && snapshot.ARN() != identifier {
		return nil, fail(faultSnapshotNotFound, "DBClusterSnapshot not found: %s", identifier)
	}
	return snapshot, nil
}

func (s *Server) deleteDBClusterSnapshot(c *call) (any, error) {
	snapshot, err := s.findSnapshot(c, "DBClusterSnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	if status := snapshot.status(c.now); status != "available" {
		return nil, fail(faultSnapshotState, "Snapshot %s is not in available state: its status is %s.", snapshot.Identifier, status)
	}
	if err := s.opts.Engine.DeleteSnapshot(c.ctx, snapshot.ResourceID); err != nil {
		return nil, err
	}
	s.state.Snapshots = slices.DeleteFunc(s.state.Snapshots, func(other *Snapshot) bool { return other == snapshot })
	s.dirty = true
	shape := snapshot.shape(c.now)
	shape.Status = "deleted"
	return oneSnapshot{shape}, nil
}

func (s *Server) describeDBClusterSnapshots(c *call) (any, error) {
	filters, err := c.filters("db-cluster-id", "db-cluster-snapshot-id", "engine", "snapshot-type")
	if err != nil {
		return nil, err
	}
	found, err := s.snapshotsOf(c)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(n *Snapshot) bool { return !n.passes(filters) })
	found, marker, err := page(c.params, found, func(n *Snapshot) string { return n.Identifier })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker             string          `xml:",omitempty"`
		DBClusterSnapshots []snapshotShape `xml:"DBClusterSnapshots>DBClusterSnapshot"`
	}{Marker: marker}
	for _, snapshot := range found {
		result.DBClusterSnapshots = append(result.DBClusterSnapshots, snapshot.shape(c.now))
	}
	return result, nil
}

// snapshotsOf are the snapshots that a call asks for, by name: one, those of a
// cluster, or all that the caller can see. Every snapshot is a manual one.
func (s *Server) snapshotsOf(c *call) ([]*Snapshot, error) {
	if c.Get("DBClusterSnapshotIdentifier") != "" {
		snapshot, err := s.findSnapshot(c, "DBClusterSnapshotIdentifier")
		return []*Snapshot{snapshot}, err
	}
	kind := strings.ToLower(c.Get("SnapshotType"))
	if !slices.Contains([]string{"", "manual", "automated", "shared", "public", "awsbackup"}, kind) {
		return nil, fail(codeInvalidParameter, "Invalid snapshot type: %s", kind)
	}
	cluster := c.Get("DBClusterIdentifier")
	var seen []*Snapshot
	for _, n := range s.state.Snapshots {
		here := n.Source.AccountID == c.caller.account && n.Source.Region == c.caller.region
		if here && (kind == "" || kind == "manual") && (cluster == "" || strings.EqualFold(cluster, n.Source.Identifier) || cluster == n.Source.ARN()) {
			seen = append(seen, n)
		}
	}
	slices.SortFunc(seen, func(a, b *Snapshot) int { return strings.Compare(a.Identifier, b.Identifier) })
	return seen, nil
}

func (n *Snapshot) passes(filters []filter) bool {
	values := map[string][]string{
		"db-cluster-id":          {n.Source.Identifier, n.Source.ARN()},
		"db-cluster-snapshot-id": {n.Identifier, n.ARN()},
		"engine":                 {n.Source.Engine},
		"snapshot-type":          {"manual"},
	}
	for _, f := range filters {
		if !slices.ContainsFunc(values[f.name], f.accepts) {
			return false
		}
	}
	return true
}
