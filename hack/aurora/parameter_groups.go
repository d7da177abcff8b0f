package aurora

import (
	"maps"
	"slices"
	"strings"
)

// ParameterGroup is a DB cluster parameter group. Of its parameters the
// stand-in heeds one: with a binlog_format other than OFF, clusters of the
// group have binary logging on.
type ParameterGroup struct {
	Name        string            `json:"name"`
	Family      string            `json:"family"`
	Description string            `json:"description"`
	AccountID   string            `json:"accountId"`
	Region      string            `json:"region"`
	Parameters  map[string]string `json:"parameters,omitempty"`
	Tags        []Tag             `json:"tags,omitempty"`
}

// ARN is the group's Amazon Resource Name.
func (g *ParameterGroup) ARN() string { return arn(g.Region, g.AccountID, "cluster-pg:"+g.Name) }

type parameterGroupShape struct {
	DBClusterParameterGroupArn  string
	DBClusterParameterGroupName string
	DBParameterGroupFamily      string
	Description                 string
}

// oneParameterGroup is the result of the call that answers with a single group.
type oneParameterGroup struct{ DBClusterParameterGroup parameterGroupShape }

func (g *ParameterGroup) shape() parameterGroupShape {
	return parameterGroupShape{g.ARN(), g.Name, g.Family, g.Description}
}

// defaultParameterGroup is the group of clusters and instances that name none.
func (c *Cluster) defaultParameterGroup() string {
	return "default." + c.Engine + majorVersion(c.Engine, c.EngineVersion)
}

// parameterGroup finds a group that a call made, or one of the defaults.
func (s *Server) parameterGroup(account, region, name string) *ParameterGroup {
	for _, g := range s.state.ParameterGroups {
		if strings.EqualFold(g.Name, name) && g.AccountID == account && g.Region == region {
			return g
		}
	}
	if family, isDefault := strings.CutPrefix(name, "default."); isDefault {
		return &ParameterGroup{Name: name, Family: family, Description: "Default cluster parameter group for " + family, AccountID: account, Region: region}
	}
	return nil
}

// checkGroups fails when a cluster names a group that is not there, and reads
// from its parameter group whether binary logging is on.
func (s *Server) checkGroups(c *Cluster) error {
	if c.SubnetGroup != "" && s.subnetGroup(c.AccountID, c.Region, c.SubnetGroup) == nil {
		return fail(faultSubnetGroupNotFound, "DB subnet group '%s' does not exist.", c.SubnetGroup)
	}
	if c.ParameterGroup == "" {
		return nil
	}
	group := s.parameterGroup(c.AccountID, c.Region, c.ParameterGroup)
	if group == nil {
		return fail(faultClusterGroupNotFound, "DBClusterParameterGroup not found: %s", c.ParameterGroup)
	}
	if family := strings.TrimPrefix(c.defaultParameterGroup(), "default."); family != group.Family {
		return fail(codeInvalidCombination, "The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily %s",
			group.Name, group.Family, family)
	}
	c.BinaryLogging = c.BinaryLogging || group.binaryLogging()
	return nil
}

func (g *ParameterGroup) binaryLogging() bool {
	format := g.Parameters["binlog_format"]
	return format != "" && !strings.EqualFold(format, "OFF")
}

// checkInstanceGroup fails for any group but the default: the parameter groups
// of instances are not modelled.
func checkInstanceGroup(name string, c *Cluster) error {
	if name == "" || name == c.defaultParameterGroup() {
		return nil
	}
	return fail(faultParameterGroupNotFound, "DBParameterGroup not found: %s. The local Aurora has %s only.", name, c.defaultParameterGroup())
}

func (s *Server) createDBClusterParameterGroup(c *call) (any, error) {
	r := c.reader()
	group := &ParameterGroup{AccountID: c.caller.account, Region: c.caller.region}
	r.must(&group.Name, "DBClusterParameterGroupName")
	r.must(&group.Family, "DBParameterGroupFamily")
	r.must(&group.Description, "Description")
	r.tagsInto(&group.Tags)
	if r.err != nil {
		return nil, r.err
	}
	group.Name = strings.ToLower(group.Name)
	if err := checkIdentifier("DBClusterParameterGroupName", strings.ReplaceAll(group.Name, ".", "-")); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(group.Family, engineMySQL) && !strings.HasPrefix(group.Family, enginePostgreSQL) {
		return nil, fail(codeInvalidParameter, "ParameterGroupFamily %s is not a valid parameter group family", group.Family)
	}
	if s.parameterGroup(group.AccountID, group.Region, group.Name) != nil {
		return nil, fail(faultParameterGroupExists, "Parameter group %s already exists", group.Name)
	}
	s.state.ParameterGroups = append(s.state.ParameterGroups, group)
	s.dirty = true
	return oneParameterGroup{group.shape()}, nil
}

func (s *Server) findParameterGroup(c *call) (*ParameterGroup, error) {
	name, err := c.required("DBClusterParameterGroupName")
	if err != nil {
		return nil, err
	}
	if group := s.parameterGroup(c.caller.account, c.caller.region, name); group != nil {
		return group, nil
	}
	return nil, fail(faultParameterGroupNotFound, "DBClusterParameterGroup not found: %s", name)
}

func (s *Server) modifyDBClusterParameterGroup(c *call) (any, error) {
	group, err := s.findParameterGroup(c)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(group.Name, "default.") {
		return nil, fail(faultParameterGroupState, "The parameter group %s cannot be modified: it is a default.", group.Name)
	}
	changed := maps.Clone(group.Parameters)
	if changed == nil {
		changed = map[string]string{}
	}
	for n := 1; n <= maxListed; n++ {
		name, ok := c.at("Parameters", "Parameter", n, ".ParameterName")
		if !ok {
			break
		}
		changed[name], _ = c.at("Parameters", "Parameter", n, ".ParameterValue")
	}
	group.Parameters, s.dirty = changed, true
	for _, cluster := range s.clustersOf(c) {
		if strings.EqualFold(cluster.ParameterGroup, group.Name) {
			cluster.BinaryLogging = group.binaryLogging()
		}
	}
	return struct{ DBClusterParameterGroupName string }{group.Name}, nil
}

func (s *Server) deleteDBClusterParameterGroup(c *call) (any, error) {
	group, err := s.findParameterGroup(c)
	if err != nil {
		return nil, err
	}
	used := slices.ContainsFunc(s.clustersOf(c), func(cluster *Cluster) bool { return strings.EqualFold(cluster.ParameterGroup, group.Name) })
	if used || strings.HasPrefix(group.Name, "default.") {
		return nil, fail(faultParameterGroupState, "One or more database clusters are still members of this parameter group %s, or it is a default, so the group cannot be deleted", group.Name)
	}
	s.state.ParameterGroups = slices.DeleteFunc(s.state.ParameterGroups, func(g *ParameterGroup) bool { return g == group })
	s.dirty = true
	return nil, nil
}

func (s *Server) describeDBClusterParameterGroups(c *call) (any, error) {
	if _, err := c.filters(); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(s.state.ParameterGroups), func(g *ParameterGroup) bool {
		return g.AccountID != c.caller.account || g.Region != c.caller.region
	})
	if c.Get("DBClusterParameterGroupName") != "" {
		group, err := s.findParameterGroup(c)
		if err != nil {
			return nil, err
		}
		found = []*ParameterGroup{group}
	}
	slices.SortFunc(found, func(a, b *ParameterGroup) int { return strings.Compare(a.Name, b.Name) })
	found, marker, err := page(c.params, found, func(g *ParameterGroup) string { return g.Name })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker                   string                `xml:",omitempty"`
		DBClusterParameterGroups []parameterGroupShape `xml:"DBClusterParameterGroups>DBClusterParameterGroup"`
	}{Marker: marker}
	for _, group := range found {
		result.DBClusterParameterGroups = append(result.DBClusterParameterGroups, group.shape())
	}
	return result, nil
}

type parameterShape struct {
	ParameterName, ParameterValue, Source, ApplyType, DataType, ApplyMethod string
	IsModifiable                                                            bool
}

// describeDBClusterParameters lists what was set in a group: the thousand
// defaults are not modelled.
func (s *Server) describeDBClusterParameters(c *call) (any, error) {
	group, err := s.findParameterGroup(c)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(group.Parameters))
	if source := c.Get("Source"); source != "" && source != "user" {
		names = nil
	}
	names, marker, err := page(c.params, names, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker     string           `xml:",omitempty"`
		Parameters []parameterShape `xml:"Parameters>Parameter"`
	}{Marker: marker}
	for _, name := range names {
		result.Parameters = append(result.Parameters, parameterShape{name, group.Parameters[name], "user", "dynamic", "string", "pending-reboot", true})
	}
	return result, nil
}

// describeGlobalClusters lists none: global databases are not modelled. Tools
// ask, to learn whether a cluster is a member of one.
func (s *Server) describeGlobalClusters(c *call) (any, error) {
	if _, err := c.filters("db-cluster-id", "region"); err != nil {
		return nil, err
	}
	if name := c.Get("GlobalClusterIdentifier"); name != "" {
		return nil, fail(faultGlobalClusterNotFound, "Global cluster %s not found", name)
	}
	return struct{ GlobalClusters struct{} }{}, nil
}
