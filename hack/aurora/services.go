package aurora

import (
	"maps"
	"net/url"
	"slices"
)

// service is one of the AWS services on the endpoint.
type service struct {
	// name is what a signature must be scoped to.
	name       string
	version    string
	namespace  string
	operations map[string]operation
	// json means that this call is in the JSON form, not in the Query form.
	json bool
}

// operation does one call under the server's lock. The result is encoded as
// the members of <XResult>; nil means there is none.
type operation func(*Server, *call) (any, error)

var rdsService = service{
	name:      "rds",
	version:   "2014-10-31",
	namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
	operations: map[string]operation{
		"AddTagsToResource":                (*Server).addTagsToResource,
		"BacktrackDBCluster":               (*Server).backtrackDBCluster,
		"CreateDBCluster":                  (*Server).createDBCluster,
		"CreateDBClusterParameterGroup":    (*Server).createDBClusterParameterGroup,
		"CreateDBClusterSnapshot":          (*Server).createDBClusterSnapshot,
		"CreateDBInstance":                 (*Server).createDBInstance,
		"CreateDBSubnetGroup":              (*Server).createDBSubnetGroup,
		"DeleteDBCluster":                  (*Server).deleteDBCluster,
		"DeleteDBClusterParameterGroup":    (*Server).deleteDBClusterParameterGroup,
		"DeleteDBClusterSnapshot":          (*Server).deleteDBClusterSnapshot,
		"DeleteDBInstance":                 (*Server).deleteDBInstance,
		"DeleteDBSubnetGroup":              (*Server).deleteDBSubnetGroup,
		"DescribeDBClusterBacktracks":      (*Server).describeDBClusterBacktracks,
		"DescribeDBClusterParameterGroups": (*Server).describeDBClusterParameterGroups,
		"DescribeDBClusterParameters":      (*Server).describeDBClusterParameters,
		"DescribeDBClusterSnapshots":       (*Server).describeDBClusterSnapshots,
		"DescribeDBClusters":               (*Server).describeDBClusters,
		"DescribeDBInstances":              (*Server).describeDBInstances,
		"DescribeDBSubnetGroups":           (*Server).describeDBSubnetGroups,
		"DescribeEvents":                   (*Server).describeEvents,
		"DescribeGlobalClusters":           (*Server).describeGlobalClusters,
		"FailoverDBCluster":                (*Server).failoverDBCluster,
		"ListTagsForResource":              (*Server).listTagsForResource,
		"ModifyDBCluster":                  (*Server).modifyDBCluster,
		"ModifyDBClusterParameterGroup":    (*Server).modifyDBClusterParameterGroup,
		"ModifyDBInstance":                 (*Server).modifyDBInstance,
		"ModifyDBSubnetGroup":              (*Server).modifyDBSubnetGroup,
		"RebootDBInstance":                 (*Server).rebootDBInstance,
		"RemoveTagsFromResource":           (*Server).removeTagsFromResource,
		"RestoreDBClusterFromSnapshot":     (*Server).restoreDBClusterFromSnapshot,
		"RestoreDBClusterToPointInTime":    (*Server).restoreDBClusterToPointInTime,
		"StartDBCluster":                   (*Server).startDBCluster,
		"StopDBCluster":                    (*Server).stopDBCluster,
	},
}

var stsService = service{
	name:      "sts",
	version:   "2011-06-15",
	namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
	operations: map[string]operation{
		"AssumeRole":        (*Server).assumeRole,
		"GetCallerIdentity": (*Server).getCallerIdentity,
	},
}

var cloudWatchService = service{
	name:      "monitoring",
	version:   "2010-08-01",
	namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
	operations: map[string]operation{
		"GetMetricData": (*Server).getMetricData,
	},
}

// services are told apart by their versions.
var services = []service{rdsService, stsService, cloudWatchService}

// findOperation finds what a request asks for.
func findOperation(values url.Values) (service, operation, error) {
	action, version := values.Get("Action"), values.Get("Version")
	asked := rdsService
	for _, s := range services {
		if s.version == version {
			asked = s
		}
	}
	if action == "" {
		return asked, nil, fail("MissingAction", "The request must contain the parameter Action.")
	}
	do, ok := asked.operations[action]
	if !ok || version != asked.version {
		return asked, nil, fail(codeInvalidAction, "Could not find operation %s for version %s.", action, version)
	}
	return asked, do, nil
}

// Operations are the names of all calls that are modelled, in order.
func Operations() []string {
	var names []string
	for _, s := range services {
		names = slices.AppendSeq(names, maps.Keys(s.operations))
	}
	slices.Sort(names)
	return names
}
