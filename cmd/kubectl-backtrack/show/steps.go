package show

import "github.com/aurora-backtrack/operator/api/v1alpha1"

// Steps are the conditions of a run, in their order.
var Steps = []string{
	v1alpha1.ConditionAdmitted, v1alpha1.ConditionPreflightPassed, v1alpha1.ConditionDependentsPaused, v1alpha1.ConditionBacktracked,
	v1alpha1.ConditionClusterAvailable, v1alpha1.ConditionDependentsReconnected,
}
