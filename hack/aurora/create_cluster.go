package aurora

import (
	"regexp"
	"strings"
	"time"
)

var identifierForm = regexp.MustCompile(`^[A-Za-z](-?[A-Za-z0-9])*$`)

func checkIdentifier(name, value string) error {
	if len(value) <= 63 && identifierForm.MatchString(value) {
		return nil
	}
	return fail(codeInvalidParameter, "The parameter %s is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens, at most 63; and must not end with a hyphen or contain two consecutive hyphens.", name)
}

func (s *Server) createDBCluster(c *call) (any, error) {
	cluster, password, err := s.readCluster(c)
	if err != nil {
		return nil, err
	}
	if s.state.cluster(cluster.AccountID, cluster.Region, cluster.Identifier) != nil {
		return nil, fail(faultClusterExists, "DB Cluster %s already exists.", cluster.Identifier)
	}
	return s.created(c, cluster, s.opts.Timing.Lifecycle, func(spec DatabaseSpec) (Database, error) {
		spec.MasterUserPassword = password
		if cluster.ManagedPassword {
			spec.MasterUserPassword = s.managedPassword(spec.ResourceID)
		}
		return s.opts.Engine.Create(c.ctx, spec)
	})
}

// created makes a cluster for a call, which reads it as it is being created.
func (s *Server) created(c *call, cluster *Cluster, takes time.Duration, create func(DatabaseSpec) (Database, error)) (any, error) {
	cluster.Operation = newOperation("creating", c.now, takes)
	if err := s.addWith(cluster, create); err != nil {
		return nil, err
	}
	shape := s.clusterShape(cluster, c)
	shape.Status = "creating"
	s.settle(c.ctx, cluster, c.now)
	return oneCluster{shape}, nil
}

// readCluster is the cluster that a CreateDBCluster asks for, and its password.
func (s *Server) readCluster(c *call) (*Cluster, string, error) {
	r := c.reader()
	cluster := &Cluster{AccountID: c.caller.account, Region: c.caller.region, CreatedAt: c.now}
	r.must(&cluster.Identifier, "DBClusterIdentifier")
	r.must(&cluster.Engine, "Engine")
	r.text(&cluster.EngineVersion, "EngineVersion")
	r.text(&cluster.EngineMode, "EngineMode")
	r.text(&cluster.DatabaseName, "DatabaseName")
	r.text(&cluster.MasterUsername, "MasterUsername")
	r.flag(&cluster.ManagedPassword, "ManageMasterUserPassword")
	r.readCreation(cluster)
	r.flag(&cluster.StorageEncrypted, "StorageEncrypted")
	r.text(&cluster.MaintenanceWindow, "PreferredMaintenanceWindow")
	r.text(&cluster.DatabaseInsightsMode, "DatabaseInsightsMode")
	if r.err != nil {
		return nil, "", r.err
	}
	setDefault(&cluster.EngineMode, modeProvisioned)
	setDefault(&cluster.EngineVersion, defaultVersions[cluster.Engine])
	password := c.Get("MasterUserPassword")
	if err := cluster.check(); err != nil {
		return nil, "", err
	}
	if err := checkCredentials(cluster, password); err != nil {
		return nil, "", err
	}
	return cluster, password, s.checkGroups(cluster)
}

// readCreation reads what every call that makes a cluster can set.
func (r *reader) readCreation(cluster *Cluster) {
	r.number(&cluster.BacktrackWindow, "BacktrackWindow", 0, int64(MaxBacktrackWindow/time.Second))
	r.flag(&cluster.DeletionProtection, "DeletionProtection")
	r.tagsInto(&cluster.Tags)
	r.names(&cluster.AvailabilityZones, "AvailabilityZones", "AvailabilityZone")
	r.text(&cluster.SubnetGroup, "DBSubnetGroupName")
	r.text(&cluster.KMSKeyID, "KmsKeyId")
	r.readSettings(&cluster.Settings)
}

// readSettings reads the settings that a creation and a change can both set.
func (r *reader) readSettings(settings *Settings) {
	r.number(&settings.BackupRetention, "BackupRetentionPeriod", 1, 35)
	r.text(&settings.BackupWindow, "PreferredBackupWindow")
	r.text(&settings.ParameterGroup, "DBClusterParameterGroupName")
	r.names(&settings.SecurityGroups, "VpcSecurityGroupIds", "VpcSecurityGroupId")
	r.text(&settings.StorageType, "StorageType")
	r.flag(&settings.CopyTagsToSnapshot, "CopyTagsToSnapshot")
	r.flag(&settings.IAMAuthentication, "EnableIAMDatabaseAuthentication")
	r.text(&settings.NetworkType, "NetworkType")
	r.text(&settings.LifecycleSupport, "EngineLifecycleSupport")
	r.names(&settings.EnabledLogs, "EnableCloudwatchLogsExports", "member")
}

// check says what RDS would not create.
func (c *Cluster) check() error {
	checks := []func() error{
		func() error { return checkIdentifier("DBClusterIdentifier", c.Identifier) },
		func() error { return checkEngine(c.Engine, c.EngineMode) },
		func() error { return checkVersion(c.Engine, c.EngineVersion) },
		func() error { return c.checkWindow(c.BacktrackWindow) },
		c.Settings.check,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	c.Identifier = strings.ToLower(c.Identifier)
	if c.DatabaseName != "" && !databaseNameForm.MatchString(c.DatabaseName) {
		return fail(codeInvalidParameter, "DatabaseName must be 1 to 64 letters, digits or underscores, the first a letter.")
	}
	return nil
}

var (
	masterUsernameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,15}$`)
	databaseNameForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	backupWindowForm   = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`)
)

func (s *Settings) check() error {
	switch {
	case s.MaintenanceWindow != "" && !windowForm.MatchString(strings.ToLower(s.MaintenanceWindow)):
		return fail(codeInvalidParameter, "Invalid maintenance window %s: write it as ddd:hh24:mi-ddd:hh24:mi.", s.MaintenanceWindow)
	case s.BackupWindow != "" && !backupWindowForm.MatchString(s.BackupWindow):
		return fail(codeInvalidParameter, "Invalid backup window %s: write it as hh24:mi-hh24:mi.", s.BackupWindow)
	case s.StorageType != "" && s.StorageType != "aurora" && s.StorageType != "aurora-iopt1":
		return fail(codeInvalidParameter, "Invalid storage type: %s", s.StorageType)
	case s.NetworkType != "" && s.NetworkType != "IPV4":
		return fail(codeInvalidParameter, "The network type %s is not modelled by the local Aurora: it listens on an IPv4 address.", s.NetworkType)
	}
	return nil
}

func checkCredentials(c *Cluster, password string) error {
	if !masterUsernameForm.MatchString(c.MasterUsername) {
		return fail(codeInvalidParameter, "The parameter MasterUsername must be 1 to 16 letters or digits, the first a letter.")
	}
	if c.ManagedPassword && password != "" {
		return fail(codeInvalidCombination, "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
	}
	if c.ManagedPassword {
		return nil
	}
	return checkPassword(password)
}

func checkPassword(password string) error {
	if len(password) < 8 || len(password) > 41 || strings.ContainsAny(password, "/\"@ ") {
		return fail(codeInvalidParameter, `The parameter MasterUserPassword is not a valid password: use 8 to 41 characters, none of them /, ", @ or a space.`)
	}
	return nil
}
