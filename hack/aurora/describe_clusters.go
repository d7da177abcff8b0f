package aurora

import (
	"slices"
	"strings"
)

// clusterShape is a DBCluster as the API writes it, as far as it is modelled.
type clusterShape struct {
	AllocatedStorage               int
	DBClusterIdentifier            string
	DatabaseName                   string `xml:",omitempty"`
	DBClusterParameterGroup        string
	Status                         string
	Endpoint                       string
	ReaderEndpoint                 string
	MultiAZ                        bool
	Engine                         string
	EngineVersion                  string
	EngineMode                     string
	Port                           int
	MasterUsername                 string          `xml:",omitempty"`
	DBClusterMembers               []clusterMember `xml:"DBClusterMembers>DBClusterMember"`
	DbClusterResourceId            string
	DBClusterArn                   string
	ClusterCreateTime              string
	EarliestRestorableTime         string
	LatestRestorableTime           string
	EarliestBacktrackTime          string `xml:",omitempty"`
	BacktrackWindow                *int64
	BacktrackConsumedChangeRecords *int64
	DeletionProtection             bool
	StorageEncrypted               bool
	TagList                        []Tag `xml:"TagList>Tag"`
}

type clusterMember struct {
	DBInstanceIdentifier          string
	IsClusterWriter               bool
	DBClusterParameterGroupStatus string
	PromotionTier                 int
}

// oneCluster is the result of the calls that answer with a single cluster.
type oneCluster struct{ DBCluster clusterShape }

func (s *Server) clusterShape(c *Cluster, call *call) clusterShape {
	host, port := c.database.Endpoint()
	shape := clusterShape{
		AllocatedStorage:        1,
		DBClusterIdentifier:     c.Identifier,
		DatabaseName:            c.DatabaseName,
		DBClusterParameterGroup: "default." + c.Engine,
		Status:                  c.statusAt(call.now),
		Endpoint:                host,
		ReaderEndpoint:          host,
		Engine:                  c.Engine,
		EngineVersion:           c.EngineVersion,
		EngineMode:              c.EngineMode,
		Port:                    port,
		MasterUsername:          c.MasterUsername,
		DbClusterResourceId:     c.ResourceID,
		DBClusterArn:            c.ARN(),
		ClusterCreateTime:       timestamp(c.CreatedAt),
		EarliestRestorableTime:  timestamp(c.CreatedAt),
		LatestRestorableTime:    timestamp(call.now),
		DeletionProtection:      c.DeletionProtection,
		TagList:                 c.Tags,
	}
	for i, instance := range s.state.members(c) {
		shape.DBClusterMembers = append(shape.DBClusterMembers, clusterMember{
			DBInstanceIdentifier:          instance.Identifier,
			IsClusterWriter:               i == 0,
			DBClusterParameterGroupStatus: "in-sync",
			PromotionTier:                 1,
		})
	}
	if c.canBacktrack() {
		records := c.database.ChangeRecords()
		shape.EarliestBacktrackTime = timestamp(c.earliest(call.now))
		shape.BacktrackWindow, shape.BacktrackConsumedChangeRecords = &c.BacktrackWindow, &records
	}
	return shape
}

// find is the cluster that a call names in DBClusterIdentifier.
func (s *Server) find(c *call) (*Cluster, error) {
	identifier, err := c.required("DBClusterIdentifier")
	if err != nil {
		return nil, err
	}
	return s.named(c, identifier)
}

// named finds a cluster by identifier or ARN.
func (s *Server) named(c *call, identifier string) (*Cluster, error) {
	name := identifier
	if strings.HasPrefix(name, "arn:") {
		name = name[strings.LastIndex(name, ":")+1:]
	}
	cluster := s.state.cluster(c.caller.account, c.caller.region, name)
	if cluster == nil || name != identifier && cluster.ARN() != identifier {
		return nil, fail(faultClusterNotFound, "DBCluster %s not found.", identifier)
	}
	return cluster, nil
}

func (s *Server) describeDBClusters(c *call) (any, error) {
	filters, err := c.filters("db-cluster-id", "db-cluster-resource-id", "engine")
	if err != nil {
		return nil, err
	}
	var found []*Cluster
	if c.Get("DBClusterIdentifier") != "" {
		cluster, err := s.find(c)
		if err != nil {
			return nil, err
		}
		found = []*Cluster{cluster}
	} else {
		found = s.clustersOf(c)
	}
	found = slices.DeleteFunc(found, func(cluster *Cluster) bool { return !cluster.passes(filters) })
	found, marker, err := page(c.params, found, func(cluster *Cluster) string { return cluster.Identifier })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker     string         `xml:",omitempty"`
		DBClusters []clusterShape `xml:"DBClusters>DBCluster"`
	}{Marker: marker}
	for _, cluster := range found {
		result.DBClusters = append(result.DBClusters, s.clusterShape(cluster, c))
	}
	return result, nil
}

// clustersOf are the clusters that the caller can see, by name.
func (s *Server) clustersOf(c *call) []*Cluster {
	var seen []*Cluster
	for _, cluster := range s.state.Clusters {
		if cluster.AccountID == c.caller.account && cluster.Region == c.caller.region {
			seen = append(seen, cluster)
		}
	}
	slices.SortFunc(seen, func(a, b *Cluster) int { return strings.Compare(a.Identifier, b.Identifier) })
	return seen
}

func (c *Cluster) passes(filters []filter) bool {
	for _, f := range filters {
		switch f.name {
		case "db-cluster-id":
			if !f.accepts(c.Identifier) && !f.accepts(c.ARN()) {
				return false
			}
		case "db-cluster-resource-id":
			if !f.accepts(c.ResourceID) {
				return false
			}
		case "engine":
			if !f.accepts(c.Engine) {
				return false
			}
		}
	}
	return true
}
