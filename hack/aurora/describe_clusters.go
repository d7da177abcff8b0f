package aurora

import (
	"slices"
	"strings"
)

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
	filters, err := c.filters("clone-group-id", "db-cluster-id", "db-cluster-resource-id", "domain", "engine")
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

// passes reports whether all filters let the cluster through. No cluster is in
// a domain.
func (c *Cluster) passes(filters []filter) bool {
	values := map[string][]string{
		"clone-group-id":         {c.CloneGroupID},
		"db-cluster-id":          {c.Identifier, c.ARN()},
		"db-cluster-resource-id": {c.ResourceID},
		"engine":                 {c.Engine},
	}
	for _, f := range filters {
		if !slices.ContainsFunc(values[f.name], func(value string) bool { return value != "" && f.accepts(value) }) {
			return false
		}
	}
	return true
}
