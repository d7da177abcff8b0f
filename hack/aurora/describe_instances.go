package aurora

import (
	"cmp"
	"slices"
	"strings"
)

type instanceShape struct {
	ActivityStreamStatus             string
	AssociatedRoles                  *struct{}
	AutoMinorVersionUpgrade          bool
	AvailabilityZone                 string
	BackupRetentionPeriod            int64
	CACertificateIdentifier          string
	CopyTagsToSnapshot               bool
	DatabaseInsightsMode             string
	DBInstanceIdentifier             string
	DBInstanceClass                  string
	DBParameterGroups                []parameterGroupStatus `xml:"DBParameterGroups>DBParameterGroup"`
	DBSecurityGroups                 *struct{}
	DBSubnetGroup                    *subnetGroupShape
	DedicatedLogVolume               bool
	DeletionProtection               bool
	DomainMemberships                *struct{}
	Engine                           string
	EngineLifecycleSupport           string
	DBInstanceStatus                 string
	DBName                           string `xml:",omitempty"`
	MasterUsername                   string `xml:",omitempty"`
	Endpoint                         endpointShape
	IAMDatabaseAuthenticationEnabled bool
	InstanceCreateTime               string
	EngineVersion                    string
	KmsKeyId                         string `xml:",omitempty"`
	LicenseModel                     string
	MonitoringInterval               int64
	MonitoringRoleArn                string `xml:",omitempty"`
	MultiAZ                          bool
	NetworkType                      string
	OptionGroupMemberships           []optionGroupStatus `xml:"OptionGroupMemberships>OptionGroupMembership"`
	PendingModifiedValues            instancePending
	PerformanceInsightsEnabled       bool
	PreferredBackupWindow            string
	PreferredMaintenanceWindow       string
	PromotionTier                    int64
	PubliclyAccessible               bool
	ReadReplicaDBInstanceIdentifiers *struct{}
	StorageEncrypted                 bool
	StorageType                      string
	DbInstancePort                   int
	DBClusterIdentifier              string
	DbiResourceId                    string
	DBInstanceArn                    string
	VpcSecurityGroups                []securityGroup `xml:"VpcSecurityGroups>VpcSecurityGroupMembership"`
	TagList                          []Tag           `xml:"TagList>Tag"`
}

type endpointShape struct {
	Address      string
	Port         int
	HostedZoneId string
}

type parameterGroupStatus struct{ DBParameterGroupName, ParameterApplyStatus string }

type optionGroupStatus struct{ OptionGroupName, Status string }

type instancePending struct {
	DBInstanceClass      string `xml:",omitempty"`
	DBInstanceIdentifier string `xml:",omitempty"`
}

// oneInstance is the result of the calls that answer with a single instance.
type oneInstance struct{ DBInstance instanceShape }

func (s *Server) instanceShape(i *Instance, c *call) instanceShape {
	cluster := s.clusterOf(i)
	of := s.clusterShape(cluster, c)
	shape := instanceShape{
		ActivityStreamStatus: "stopped", AssociatedRoles: &struct{}{}, DBSecurityGroups: &struct{}{},
		DomainMemberships: &struct{}{}, ReadReplicaDBInstanceIdentifiers: &struct{}{},
		AutoMinorVersionUpgrade: !i.NoMinorUpgrade, AvailabilityZone: cmp.Or(i.AvailabilityZone, cluster.zones()[0]),
		BackupRetentionPeriod: of.BackupRetentionPeriod, CACertificateIdentifier: cmp.Or(i.CertificateAuthority, "rds-ca-rsa2048-g1"),
		CopyTagsToSnapshot: i.CopyTagsToSnapshot, DatabaseInsightsMode: of.DatabaseInsightsMode,
		DBInstanceIdentifier: i.Identifier, DBInstanceClass: i.Class,
		DBParameterGroups: []parameterGroupStatus{{cmp.Or(i.ParameterGroup, cluster.defaultParameterGroup()), "in-sync"}},
		DBSubnetGroup:     s.subnetGroupShape(cluster, of.DBSubnetGroup),
		Engine:            cluster.Engine, EngineVersion: cluster.EngineVersion, EngineLifecycleSupport: of.EngineLifecycleSupport,
		DBInstanceStatus: i.statusAt(cluster, c.now), DBName: cluster.DatabaseName, MasterUsername: cluster.MasterUsername,
		Endpoint:                         endpointShape{of.Endpoint, of.Port, hostedZone},
		IAMDatabaseAuthenticationEnabled: of.IAMDatabaseAuthenticationEnabled,
		InstanceCreateTime:               timestamp(i.CreatedAt), KmsKeyId: of.KmsKeyId, LicenseModel: licenses[cluster.Engine],
		MonitoringInterval: i.MonitoringInterval, MonitoringRoleArn: i.MonitoringRoleARN, NetworkType: of.NetworkType,
		OptionGroupMemberships: []optionGroupStatus{{
			"default:" + strings.ReplaceAll(strings.TrimPrefix(cluster.defaultParameterGroup(), "default."), ".", "-"), "in-sync"}},
		PerformanceInsightsEnabled: i.PerformanceInsights, PreferredBackupWindow: of.PreferredBackupWindow,
		PreferredMaintenanceWindow: cmp.Or(i.MaintenanceWindow, of.PreferredMaintenanceWindow),
		PromotionTier:              i.PromotionTier, PubliclyAccessible: i.PubliclyAccessible,
		StorageEncrypted: of.StorageEncrypted, StorageType: cmp.Or(of.StorageType, "aurora"),
		DBClusterIdentifier: cluster.Identifier, DbiResourceId: i.ResourceID, DBInstanceArn: i.ARN(),
		VpcSecurityGroups: of.VpcSecurityGroups, TagList: i.Tags,
	}
	if p := i.Pending; p != nil {
		shape.PendingModifiedValues = instancePending{p.Class, p.Identifier}
	}
	return shape
}

// licenses are the license models as RDS names them.
var licenses = map[string]string{engineMySQL: "general-public-license", enginePostgreSQL: "postgresql-license"}

// clusterOf is an instance's cluster: an instance never outlives it.
func (s *Server) clusterOf(i *Instance) *Cluster {
	return s.state.cluster(i.AccountID, i.Region, i.ClusterIdentifier)
}

func (s *Server) describeDBInstances(c *call) (any, error) {
	filters, err := c.filters("db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine")
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
	found = slices.DeleteFunc(found, func(i *Instance) bool { return !i.passes(s.clusterOf(i), filters) })
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

// passes reports whether all filters let the instance of a cluster through.
func (i *Instance) passes(cluster *Cluster, filters []filter) bool {
	values := map[string][]string{
		"db-cluster-id":   {cluster.Identifier, cluster.ARN()},
		"db-instance-id":  {i.Identifier, i.ARN()},
		"dbi-resource-id": {i.ResourceID},
		"engine":          {cluster.Engine},
	}
	for _, f := range filters {
		if !slices.ContainsFunc(values[f.name], f.accepts) {
			return false
		}
	}
	return true
}
