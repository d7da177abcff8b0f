package aurora

import (
	"slices"
	"strings"
)

type instanceShape struct {
	DBInstanceIdentifier string
	DBInstanceClass      string
	Engine               string
	DBInstanceStatus     string
	MasterUsername       string `xml:",omitempty"`
	Endpoint             struct {
		Address string
		Port    int
	}
	InstanceCreateTime  string
	EngineVersion       string
	PromotionTier       int
	DbInstancePort      int
	DBClusterIdentifier string
	DbiResourceId       string
	DBInstanceArn       string
	TagList             []Tag `xml:"TagList>Tag"`
}

// oneInstance is the result of the calls that answer with a single instance.
type oneInstance struct{ DBInstance instanceShape }

func (s *Server) instanceShape(i *Instance, c *call) instanceShape {
	shape := instanceShape{
		DBInstanceIdentifier: i.Identifier,
		DBInstanceClass:      i.Class,
		InstanceCreateTime:   timestamp(i.CreatedAt),
		PromotionTier:        1,
		DBClusterIdentifier:  i.ClusterIdentifier,
		DbiResourceId:        i.ResourceID,
		DBInstanceArn:        i.ARN(),
		TagList:              i.Tags,
	}
	if cluster := s.state.cluster(i.AccountID, i.Region, i.ClusterIdentifier); cluster != nil {
		shape.Engine, shape.EngineVersion = cluster.Engine, cluster.EngineVersion
		shape.MasterUsername = cluster.MasterUsername
		shape.DBInstanceStatus = cluster.statusAt(c.now)
		shape.Endpoint.Address, shape.Endpoint.Port = cluster.database.Endpoint()
	}
	return shape
}

func (s *Server) createDBInstance(c *call) (any, error) {
	identifier, err := c.required("DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	if err := checkIdentifier("DBInstanceIdentifier", identifier); err != nil {
		return nil, err
	}
	class, err := c.required("DBInstanceClass")
	if err != nil {
		return nil, err
	}
	engine, err := c.required("Engine")
	if err != nil {
		return nil, err
	}
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	tags, err := c.tags()
	if err != nil {
		return nil, err
	}
	if engine != cluster.Engine {
		return nil, fail(codeInvalidCombination, "The engine %s is not the engine of DB cluster %s, %s.", engine, cluster.Identifier, cluster.Engine)
	}
	if s.state.instance(cluster.AccountID, cluster.Region, identifier) != nil {
		return nil, fail(faultInstanceExists, "DB Instance %s already exists.", identifier)
	}
	instance := &Instance{
		Identifier:        strings.ToLower(identifier),
		ClusterIdentifier: cluster.Identifier,
		ResourceID:        s.state.resourceID("db-"),
		AccountID:         cluster.AccountID,
		Region:            cluster.Region,
		Class:             class,
		CreatedAt:         c.now,
		Tags:              tags,
	}
	s.state.Instances = append(s.state.Instances, instance)
	s.dirty = true
	return oneInstance{s.instanceShape(instance, c)}, nil
}

func (s *Server) findInstance(c *call) (*Instance, error) {
	identifier, err := c.required("DBInstanceIdentifier")
	if err != nil {
		return nil, err
	}
	if i := s.state.instance(c.caller.account, c.caller.region, identifier); i != nil {
		return i, nil
	}
	return nil, fail(faultInstanceNotFound, "DBInstance %s not found.", identifier)
}

func (s *Server) deleteDBInstance(c *call) (any, error) {
	instance, err := s.findInstance(c)
	if err != nil {
		return nil, err
	}
	shape := s.instanceShape(instance, c)
	shape.DBInstanceStatus = "deleting"
	s.state.Instances = slices.DeleteFunc(s.state.Instances, func(i *Instance) bool { return i == instance })
	s.dirty = true
	return oneInstance{shape}, nil
}

func (s *Server) describeDBInstances(c *call) (any, error) {
	filters, err := c.filters("db-cluster-id", "db-instance-id", "dbi-resource-id")
	if err != nil {
		return nil, err
	}
	var found []*Instance
	if c.Get("DBInstanceIdentifier") != "" {
		instance, err := s.findInstance(c)
		if err != nil {
			return nil, err
		}
		found = []*Instance{instance}
	} else {
		found = s.instancesOf(c)
	}
	found = slices.DeleteFunc(found, func(i *Instance) bool { return !i.passes(filters) })
	found, marker, err := page(c.params, found, func(i *Instance) string { return i.Identifier })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker      string          `xml:",omitempty"`
		DBInstances []instanceShape `xml:"DBInstances>DBInstance"`
	}{Marker: marker}
	for _, instance := range found {
		result.DBInstances = append(result.DBInstances, s.instanceShape(instance, c))
	}
	return result, nil
}

// instancesOf are the instances that the caller can see, by name.
func (s *Server) instancesOf(c *call) []*Instance {
	var seen []*Instance
	for _, i := range s.state.Instances {
		if i.AccountID == c.caller.account && i.Region == c.caller.region {
			seen = append(seen, i)
		}
	}
	slices.SortFunc(seen, func(a, b *Instance) int { return strings.Compare(a.Identifier, b.Identifier) })
	return seen
}

func (i *Instance) passes(filters []filter) bool {
	values := map[string]string{
		"db-cluster-id":   i.ClusterIdentifier,
		"db-instance-id":  i.Identifier,
		"dbi-resource-id": i.ResourceID,
	}
	for _, f := range filters {
		if !f.accepts(values[f.name]) {
			return false
		}
	}
	return true
}
