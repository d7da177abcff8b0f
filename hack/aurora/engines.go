package aurora

import (
	"regexp"
	"slices"
	"strings"
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

// versionForms are the engine versions that are modelled: Aurora MySQL 2, 3
// and 8.4, and any Aurora PostgreSQL, of which the stand-in has no more than
// the refusals.
var versionForms = map[string]*regexp.Regexp{
	engineMySQL:      regexp.MustCompile(`^(5\.7\.mysql_aurora\.2\.\d{2}\.\d+|8\.0\.mysql_aurora\.3\.\d{2}\.\d+|8\.4\.mysql_aurora\.(8\.4|4)\.\d+(\.\d+)?)$`),
	enginePostgreSQL: regexp.MustCompile(`^1[1-9]\.\d+$`),
}

// versionWithoutBacktrack matches the Aurora MySQL 2 versions before 2.06,
// with which backtracking began for MySQL 5.7.
var versionWithoutBacktrack = regexp.MustCompile(`^5\.7\.mysql_aurora\.2\.0[0-5]\.`)

// regionsWithoutBacktrack are Regions that the user guide's table of Regions
// leaves out.
var regionsWithoutBacktrack = []string{"eu-north-1", "eu-south-1", "sa-east-1"}

// classForm is an instance class of Aurora MySQL as they are named; not every
// name of the form exists.
var classForm = regexp.MustCompile(`^db\.(t[234]g?|r[3-9](g|gd|i|id|idn)?|x2g|x2iedn|serverless)\.?(small|medium|large|xlarge|\d+xlarge)?$`)

func checkClass(class string) error {
	switch {
	case class == "db.serverless":
		return fail(codeInvalidParameter, "Invalid DB Instance class: %s. Serverless v2 is not modelled by the local Aurora.", class)
	case !classForm.MatchString(class) || strings.Count(class, ".") != 2:
		return fail(codeInvalidParameter, "Invalid DB Instance class: %s", class)
	}
	return nil
}

func checkEngine(engine, mode string) error {
	if _, known := defaultVersions[engine]; !known {
		return fail(codeInvalidParameter, "Invalid DB engine: %s. Known here: %s, %s.", engine, engineMySQL, enginePostgreSQL)
	}
	if !slices.Contains([]string{"", modeProvisioned, modeServerless}, mode) {
		return fail(codeInvalidParameter, "Invalid engine mode: %s. Known here: %s, %s.", mode, modeProvisioned, modeServerless)
	}
	return nil
}

func checkVersion(engine, version string) error {
	if version != "" && !versionForms[engine].MatchString(version) {
		return fail(codeInvalidCombination, "Cannot find version %s for %s", version, engine)
	}
	return nil
}

// majorVersion is the version of MySQL or PostgreSQL that an engine version
// is compatible with.
func majorVersion(engine, version string) string {
	if engine != engineMySQL {
		major, _, _ := strings.Cut(version, ".")
		return major
	}
	major, _, _ := strings.Cut(version, ".mysql_aurora")
	return major
}

// auroraVersion is what AURORA_VERSION() answers for an engine version: the
// part behind "mysql_aurora.".
func auroraVersion(version string) string {
	_, own, found := strings.Cut(version, "mysql_aurora.")
	if !found {
		return version
	}
	return own
}

// checkBacktrackEngine fails for clusters for which backtracking does not
// exist. The words are those in public reports of people who met them.
func (c *Cluster) checkBacktrackEngine() error {
	names := map[string]string{engineMySQL: "MySQL", enginePostgreSQL: "PostgreSQL"}
	if c.Engine != engineMySQL || c.EngineMode == modeServerless || versionWithoutBacktrack.MatchString(c.EngineVersion) {
		mode := c.EngineMode
		setDefault(&mode, modeProvisioned)
		return fail(codeInvalidCombination, "Aurora %s Engine Version %s with mode: %s does not support Backtrack.",
			names[c.Engine], c.EngineVersion, strings.ToUpper(mode))
	}
	return nil
}

// checkWindow says which backtrack window RDS would not give a cluster.
func (c *Cluster) checkWindow(window int64) error {
	if limit := int64(MaxBacktrackWindow.Seconds()); window < 0 || window > limit {
		return fail(codeInvalidParameter, "Invalid BacktrackWindow %d: it must be 0 to %d seconds.", window, limit)
	}
	if window == 0 {
		return nil
	}
	if c.Engine != engineMySQL || slices.Contains(regionsWithoutBacktrack, c.Region) {
		return fail(codeInvalidParameter, "Backtrack is not enabled for the %s engine.", c.Engine)
	}
	return c.checkBacktrackEngine()
}
