package aurora

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	engineMySQL      = "aurora-mysql"
	enginePostgreSQL = "aurora-postgresql"

	modeProvisioned = "provisioned"
	modeServerless  = "serverless"
)

// defaultVersions are the engine versions of clusters that name none.
var defaultVersions = map[string]string{
	engineMySQL:      "8.0.mysql_aurora.3.08.2",
	enginePostgreSQL: "16.6",
}

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
	if err := s.add(c.ctx, cluster, password); err != nil {
		return nil, err
	}
	return oneCluster{s.clusterShape(cluster, c)}, nil
}

// readCluster is the cluster that a CreateDBCluster asks for, and its password.
func (s *Server) readCluster(c *call) (*Cluster, string, error) {
	identifier, err := c.required("DBClusterIdentifier")
	if err != nil {
		return nil, "", err
	}
	engine, err := c.required("Engine")
	if err != nil {
		return nil, "", err
	}
	window, err := c.integer("BacktrackWindow", 0)
	if err != nil {
		return nil, "", err
	}
	protected, err := c.boolean("DeletionProtection")
	if err != nil {
		return nil, "", err
	}
	tags, err := c.tags()
	if err != nil {
		return nil, "", err
	}
	cluster := &Cluster{
		Identifier: identifier, AccountID: c.caller.account, Region: c.caller.region,
		Engine: engine, EngineVersion: c.Get("EngineVersion"), EngineMode: c.Get("EngineMode"),
		DatabaseName: c.Get("DatabaseName"), MasterUsername: c.Get("MasterUsername"),
		BacktrackWindow: window, CreatedAt: c.now, DeletionProtection: protected, Tags: tags,
	}
	password := c.Get("MasterUserPassword")
	return cluster, password, cluster.check(password)
}

// check says what RDS would not create.
func (c *Cluster) check(password string) error {
	if err := checkIdentifier("DBClusterIdentifier", c.Identifier); err != nil {
		return err
	}
	if _, known := defaultVersions[c.Engine]; !known {
		return fail(codeInvalidParameter, "Invalid DB engine: %s. Known here: %s, %s.", c.Engine, engineMySQL, enginePostgreSQL)
	}
	if !slices.Contains([]string{"", modeProvisioned, modeServerless}, c.EngineMode) {
		return fail(codeInvalidParameter, "Invalid engine mode: %s. Known here: %s, %s.", c.EngineMode, modeProvisioned, modeServerless)
	}
	if err := c.checkWindow(c.BacktrackWindow); err != nil {
		return err
	}
	if !masterUsernameForm.MatchString(c.MasterUsername) {
		return fail(codeInvalidParameter, "The parameter MasterUsername must be 1 to 16 letters or digits, the first a letter.")
	}
	if c.DatabaseName != "" && !databaseNameForm.MatchString(c.DatabaseName) {
		return fail(codeInvalidParameter, "DatabaseName must be 1 to 64 letters, digits or underscores, the first a letter.")
	}
	return checkPassword(password)
}

var (
	masterUsernameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,15}$`)
	databaseNameForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
)

func (c *Cluster) checkWindow(window int64) error {
	limit := int64(MaxBacktrackWindow / time.Second)
	switch {
	case window < 0 || window > limit:
		return fail(codeInvalidParameter, "Invalid BacktrackWindow %d: it must be 0 to %d seconds.", window, limit)
	case window > 0 && c.Engine != engineMySQL:
		return fail(codeInvalidCombination, "Backtrack is not supported for engine %s.", c.Engine)
	case window > 0 && c.EngineMode == modeServerless:
		return fail(codeInvalidCombination, "Backtrack is not supported for engine mode %s.", c.EngineMode)
	}
	return nil
}

func checkPassword(password string) error {
	if len(password) < 8 || len(password) > 41 || strings.ContainsAny(password, "/\"@ ") {
		return fail(codeInvalidParameter, `The parameter MasterUserPassword is not a valid password: use 8 to 41 characters, none of them /, ", @ or a space.`)
	}
	return nil
}

func (s *Server) modifyDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if err := cluster.idle(c.now); err != nil {
		return nil, err
	}
	changed := *cluster
	if err := s.change(c, &changed); err != nil {
		return nil, err
	}
	if password := c.Get("MasterUserPassword"); password != "" {
		if err := checkPassword(password); err != nil {
			return nil, err
		}
		if err := cluster.database.SetMasterPassword(c.ctx, cluster.MasterUsername, password); err != nil {
			return nil, err
		}
	}
	for _, instance := range s.state.members(cluster) {
		instance.ClusterIdentifier = changed.Identifier
	}
	*cluster = changed
	s.event(cluster, c.now, "configuration change", "DB cluster modified.")
	s.dirty = true
	return oneCluster{s.clusterShape(cluster, c)}, nil
}

// change applies what a ModifyDBCluster asks for to a copy of the cluster.
func (s *Server) change(c *call, changed *Cluster) error {
	window, err := c.integer("BacktrackWindow", changed.BacktrackWindow)
	if err != nil {
		return err
	}
	if err := changed.checkWindow(window); err != nil {
		return err
	}
	if window > 0 && changed.BacktrackWindow == 0 {
		return fail(codeInvalidCombination, "Backtrack can't be enabled on DB cluster %s: it is only possible when a cluster is created or restored.", changed.Identifier)
	}
	changed.BacktrackWindow = window
	if name := c.Get("NewDBClusterIdentifier"); name != "" && !strings.EqualFold(name, changed.Identifier) {
		if err := checkIdentifier("NewDBClusterIdentifier", name); err != nil {
			return err
		}
		if s.state.cluster(changed.AccountID, changed.Region, name) != nil {
			return fail(faultClusterExists, "DB Cluster %s already exists.", name)
		}
		changed.Identifier = strings.ToLower(name)
	}
	if c.Has("DeletionProtection") {
		if changed.DeletionProtection, err = c.boolean("DeletionProtection"); err != nil {
			return err
		}
	}
	if version := c.Get("EngineVersion"); version != "" {
		changed.EngineVersion = version
	}
	return nil
}

// idle fails while something is under way.
func (c *Cluster) idle(now time.Time) error {
	if status := c.statusAt(now); status != "available" || c.active() != nil {
		return fail(faultClusterState, "DB cluster %s is not in available state.", c.Identifier)
	}
	return nil
}

func (s *Server) deleteDBCluster(c *call) (any, error) {
	cluster, err := s.find(c)
	if err != nil {
		return nil, err
	}
	skip, err := c.boolean("SkipFinalSnapshot")
	if err != nil {
		return nil, err
	}
	switch {
	case cluster.DeletionProtection:
		return nil, fail(codeInvalidCombination, "Cannot delete protected Cluster, please disable deletion protection and try again.")
	case skip == (c.Get("FinalDBSnapshotIdentifier") != ""):
		return nil, fail(codeInvalidCombination, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and excluded if it is.")
	case len(s.state.members(cluster)) > 0:
		return nil, fail(faultClusterState, "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	case cluster.active() != nil:
		return nil, fail(faultClusterState, "DB cluster %s is not in available state.", cluster.Identifier)
	}
	shape := s.clusterShape(cluster, c)
	shape.Status = "deleting"
	return oneCluster{shape}, s.remove(c.ctx, cluster)
}
