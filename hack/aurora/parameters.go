package aurora

import (
	"maps"
	"slices"
	"strings"
)

// Groups of parameters that several calls take.
const (
	pagingParameters  = " Filters MaxRecords Marker"
	settingParameters = " BackupRetentionPeriod PreferredBackupWindow DBClusterParameterGroupName VpcSecurityGroupIds StorageType" +
		" CopyTagsToSnapshot EnableIAMDatabaseAuthentication NetworkType EngineLifecycleSupport"
	creationParameters = settingParameters + " DBClusterIdentifier BacktrackWindow DeletionProtection Tags DBSubnetGroupName" +
		" KmsKeyId EngineMode EnableCloudwatchLogsExports"
	instanceParameters = " DBInstanceIdentifier DBInstanceClass AutoMinorVersionUpgrade PromotionTier PreferredMaintenanceWindow CopyTagsToSnapshot" +
		" DBParameterGroupName CACertificateIdentifier MonitoringInterval MonitoringRoleArn EnablePerformanceInsights PubliclyAccessible" +
		" MultiAZ=false Engine"
	passwordParameters = " ManageMasterUserPassword MasterUserPassword"
)

// parameters are those that each call takes. Behind a "=" stands the only
// value that is modelled. A call with any other parameter is refused: what is
// accepted here is either acted upon or read back.
var parameters = map[string]string{
	"AddTagsToResource":                "ResourceName Tags",
	"BacktrackDBCluster":               "DBClusterIdentifier BacktrackTo Force UseEarliestTimeOnPointInTimeUnavailable",
	"CreateDBCluster":                  "Engine EngineVersion DatabaseName MasterUsername StorageEncrypted PreferredMaintenanceWindow DatabaseInsightsMode AvailabilityZones AutoMinorVersionUpgrade=true EnablePerformanceInsights=false EnableHttpEndpoint=false PubliclyAccessible=false" + passwordParameters + creationParameters,
	"CreateDBClusterParameterGroup":    "DBClusterParameterGroupName DBParameterGroupFamily Description Tags",
	"CreateDBClusterSnapshot":          "DBClusterIdentifier DBClusterSnapshotIdentifier Tags",
	"CreateDBInstance":                 "DBClusterIdentifier EngineVersion AvailabilityZone DBSubnetGroupName Tags StorageEncrypted=false" + instanceParameters,
	"CreateDBSubnetGroup":              "DBSubnetGroupName DBSubnetGroupDescription SubnetIds Tags",
	"DeleteDBCluster":                  "DBClusterIdentifier SkipFinalSnapshot FinalDBSnapshotIdentifier DeleteAutomatedBackups=true",
	"DeleteDBClusterParameterGroup":    "DBClusterParameterGroupName",
	"DeleteDBClusterSnapshot":          "DBClusterSnapshotIdentifier",
	"DeleteDBInstance":                 "DBInstanceIdentifier SkipFinalSnapshot FinalDBSnapshotIdentifier DeleteAutomatedBackups=true",
	"DeleteDBSubnetGroup":              "DBSubnetGroupName",
	"DescribeDBClusterBacktracks":      "DBClusterIdentifier BacktrackIdentifier" + pagingParameters,
	"DescribeDBClusterParameterGroups": "DBClusterParameterGroupName" + pagingParameters,
	"DescribeDBClusterParameters":      "DBClusterParameterGroupName Source" + pagingParameters,
	"DescribeDBClusterSnapshots":       "DBClusterIdentifier DBClusterSnapshotIdentifier SnapshotType IncludePublic=false IncludeShared=false" + pagingParameters,
	"DescribeDBClusters":               "DBClusterIdentifier IncludeShared=false" + pagingParameters,
	"DescribeDBInstances":              "DBInstanceIdentifier" + pagingParameters,
	"DescribeDBSubnetGroups":           "DBSubnetGroupName" + pagingParameters,
	"DescribeEvents":                   "SourceIdentifier SourceType StartTime EndTime Duration EventCategories" + pagingParameters,
	"DescribeGlobalClusters":           "GlobalClusterIdentifier" + pagingParameters,
	"FailoverDBCluster":                "DBClusterIdentifier TargetDBInstanceIdentifier",
	"ListTagsForResource":              "ResourceName Filters",
	"ModifyDBCluster":                  "DBClusterIdentifier NewDBClusterIdentifier BacktrackWindow DeletionProtection EngineVersion AllowMajorVersionUpgrade ApplyImmediately PreferredMaintenanceWindow DatabaseInsightsMode RotateMasterUserPassword AutoMinorVersionUpgrade=true EnablePerformanceInsights=false EnableHttpEndpoint=false" + passwordParameters + settingParameters,
	"ModifyDBClusterParameterGroup":    "DBClusterParameterGroupName Parameters",
	"ModifyDBInstance":                 "NewDBInstanceIdentifier ApplyImmediately" + instanceParameters,
	"ModifyDBSubnetGroup":              "DBSubnetGroupName DBSubnetGroupDescription SubnetIds",
	"RebootDBInstance":                 "DBInstanceIdentifier ForceFailover=false",
	"RemoveTagsFromResource":           "ResourceName TagKeys",
	"RestoreDBClusterFromSnapshot":     "SnapshotIdentifier Engine EngineVersion AvailabilityZones DatabaseName PubliclyAccessible=false" + creationParameters,
	"RestoreDBClusterToPointInTime":    "SourceDBClusterIdentifier SourceDbClusterResourceId RestoreType RestoreToTime UseLatestRestorableTime PubliclyAccessible=false" + creationParameters,
	"StartDBCluster":                   "DBClusterIdentifier",
	"StopDBCluster":                    "DBClusterIdentifier",

	"AssumeRole":        "RoleArn RoleSessionName ExternalId DurationSeconds",
	"GetCallerIdentity": "",

	"GetMetricData": "MetricDataQueries StartTime EndTime ScanBy NextToken MaxDatapoints",
}

// protocolParameters belong to the Query protocol and its signatures.
var protocolParameters = []string{"Action", "Version", "AWSAccessKeyId", "SignatureVersion", "SignatureMethod", "Signature", "Timestamp", "SecurityToken"}

// checkParameters refuses what a call does not model, before anything is done.
func (c *call) checkParameters(action string) error {
	taken := map[string]string{}
	for _, entry := range strings.Fields(parameters[action]) {
		name, only, _ := strings.Cut(entry, "=")
		taken[name] = only
	}
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		name, _, _ := strings.Cut(key, ".")
		if slices.Contains(protocolParameters, name) || strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		only, ok := taken[name]
		switch {
		case !ok:
			return fail(codeInvalidParameter, "The local Aurora does not model the parameter %s of %s.", name, action)
		case only != "" && c.Get(key) != only:
			return fail(codeInvalidParameter, "The local Aurora does not model %s=%s in %s, only %s.", name, c.Get(key), action, only)
		}
	}
	return nil
}
