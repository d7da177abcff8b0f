package aurora

import (
	"slices"
	"strings"
)

const (
	// defaultSubnetGroup is the group of clusters that name none.
	defaultSubnetGroup   = "default"
	defaultSecurityGroup = "sg-00000000000000000"
	localVPC             = "vpc-00000000000000000"
)

// SubnetGroup is a DB subnet group. There are no subnets here: their ids are
// believed.
type SubnetGroup struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	AccountID   string   `json:"accountId"`
	Region      string   `json:"region"`
	Subnets     []string `json:"subnets"`
	Tags        []Tag    `json:"tags,omitempty"`
}

// ARN is the group's Amazon Resource Name.
func (g *SubnetGroup) ARN() string { return arn(g.Region, g.AccountID, "subgrp:"+g.Name) }

type subnetGroupShape struct {
	DBSubnetGroupArn         string
	DBSubnetGroupDescription string
	DBSubnetGroupName        string
	SubnetGroupStatus        string
	Subnets                  []subnetShape `xml:"Subnets>Subnet"`
	SupportedNetworkTypes    []string      `xml:"SupportedNetworkTypes>member"`
	VpcId                    string
}

type subnetShape struct {
	SubnetIdentifier       string
	SubnetAvailabilityZone struct{ Name string }
	SubnetStatus           string
}

// oneSubnetGroup is the result of the calls that answer with a single group.
type oneSubnetGroup struct{ DBSubnetGroup subnetGroupShape }

func (g *SubnetGroup) shape() subnetGroupShape {
	shape := subnetGroupShape{
		DBSubnetGroupArn: g.ARN(), DBSubnetGroupDescription: g.Description, DBSubnetGroupName: g.Name,
		SubnetGroupStatus: "Complete", SupportedNetworkTypes: []string{"IPV4"}, VpcId: localVPC,
	}
	for n, id := range g.Subnets {
		subnet := subnetShape{SubnetIdentifier: id, SubnetStatus: "Active"}
		subnet.SubnetAvailabilityZone.Name = g.Region + string(rune('a'+n%3))
		shape.Subnets = append(shape.Subnets, subnet)
	}
	return shape
}

// subnetGroup finds a group by name; "default" is there without being made.
func (s *Server) subnetGroup(account, region, name string) *SubnetGroup {
	for _, g := range s.state.SubnetGroups {
		if strings.EqualFold(g.Name, name) && g.AccountID == account && g.Region == region {
			return g
		}
	}
	if !strings.EqualFold(name, defaultSubnetGroup) {
		return nil
	}
	return &SubnetGroup{
		Name: defaultSubnetGroup, Description: "default", AccountID: account, Region: region,
		Subnets: []string{"subnet-0000000000000000a", "subnet-0000000000000000b", "subnet-0000000000000000c"},
	}
}

// subnetGroupName is the subnet group of a cluster.
func (s *Server) subnetGroupName(c *Cluster) string {
	if c.SubnetGroup == "" {
		return defaultSubnetGroup
	}
	return c.SubnetGroup
}

func (s *Server) subnetGroupShape(c *Cluster, name string) *subnetGroupShape {
	group := s.subnetGroup(c.AccountID, c.Region, name)
	if group == nil {
		return nil
	}
	shape := group.shape()
	return &shape
}

func (s *Server) createDBSubnetGroup(c *call) (any, error) {
	r := c.reader()
	group := &SubnetGroup{AccountID: c.caller.account, Region: c.caller.region}
	r.must(&group.Name, "DBSubnetGroupName")
	r.must(&group.Description, "DBSubnetGroupDescription")
	r.names(&group.Subnets, "SubnetIds", "SubnetIdentifier")
	r.tagsInto(&group.Tags)
	if r.err != nil {
		return nil, r.err
	}
	group.Name = strings.ToLower(group.Name)
	if s.subnetGroup(group.AccountID, group.Region, group.Name) != nil {
		return nil, fail(faultSubnetGroupExists, "The DB subnet group '%s' already exists.", group.Name)
	}
	if err := checkSubnets(group.Subnets); err != nil {
		return nil, err
	}
	s.state.SubnetGroups = append(s.state.SubnetGroups, group)
	s.dirty = true
	return oneSubnetGroup{group.shape()}, nil
}

func checkSubnets(ids []string) error {
	if len(ids) < 2 {
		return fail("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.")
	}
	for _, id := range ids {
		if !strings.HasPrefix(id, "subnet-") {
			return fail(codeInvalidParameter, "Invalid subnet id: %s", id)
		}
	}
	return nil
}

// findSubnetGroup is the group that a call names and that was made by one.
func (s *Server) findSubnetGroup(c *call) (*SubnetGroup, error) {
	name, err := c.required("DBSubnetGroupName")
	if err != nil {
		return nil, err
	}
	group := s.subnetGroup(c.caller.account, c.caller.region, name)
	if group == nil {
		return nil, fail(faultSubnetGroupNotFound, "DB subnet group '%s' does not exist.", name)
	}
	return group, nil
}

func (s *Server) modifyDBSubnetGroup(c *call) (any, error) {
	group, err := s.findSubnetGroup(c)
	if err != nil {
		return nil, err
	}
	changed := *group
	r := c.reader()
	r.text(&changed.Description, "DBSubnetGroupDescription")
	r.names(&changed.Subnets, "SubnetIds", "SubnetIdentifier")
	if r.err != nil {
		return nil, r.err
	}
	if err := checkSubnets(changed.Subnets); err != nil {
		return nil, err
	}
	*group, s.dirty = changed, true
	return oneSubnetGroup{group.shape()}, nil
}

func (s *Server) deleteDBSubnetGroup(c *call) (any, error) {
	group, err := s.findSubnetGroup(c)
	if err != nil {
		return nil, err
	}
	for _, cluster := range s.clustersOf(c) {
		if strings.EqualFold(s.subnetGroupName(cluster), group.Name) {
			return nil, fail(faultSubnetGroupState, "Cannot delete the subnet group '%s' because at least one database cluster: %s is still using it.", group.Name, cluster.Identifier)
		}
	}
	s.state.SubnetGroups = slices.DeleteFunc(s.state.SubnetGroups, func(g *SubnetGroup) bool { return g == group })
	s.dirty = true
	return nil, nil
}

func (s *Server) describeDBSubnetGroups(c *call) (any, error) {
	if _, err := c.filters(); err != nil {
		return nil, err
	}
	var found []*SubnetGroup
	if c.Get("DBSubnetGroupName") != "" {
		group, err := s.findSubnetGroup(c)
		if err != nil {
			return nil, err
		}
		found = append(found, group)
	} else {
		for _, g := range s.state.SubnetGroups {
			if g.AccountID == c.caller.account && g.Region == c.caller.region {
				found = append(found, g)
			}
		}
		found = append(found, s.subnetGroup(c.caller.account, c.caller.region, defaultSubnetGroup))
	}
	slices.SortFunc(found, func(a, b *SubnetGroup) int { return strings.Compare(a.Name, b.Name) })
	found, marker, err := page(c.params, found, func(g *SubnetGroup) string { return g.Name })
	if err != nil {
		return nil, err
	}
	result := struct {
		Marker         string             `xml:",omitempty"`
		DBSubnetGroups []subnetGroupShape `xml:"DBSubnetGroups>DBSubnetGroup"`
	}{Marker: marker}
	for _, group := range found {
		result.DBSubnetGroups = append(result.DBSubnetGroups, group.shape())
	}
	return result, nil
}
