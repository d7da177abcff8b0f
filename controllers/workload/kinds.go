package workload

import (
	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// builtIn are the kinds that are known by name, and found by label unless they are autoscalers. Others need
// a scale subresource (scale.go) and an entry in spec.dependents.
//
// A new kind is its file and its line here.
var builtIn = []*kind{
	&deployment,
	&statefulSet,
	&daemonSet,
	&replicaSet,
	&cronJob,
	&rollout,
	&scaledObject,
}

// known finds a built-in kind. Without an apiVersion the kind's name is enough; with one, its group counts,
// not its version.
func known(apiVersion, name string) *kind {
	group := groupOf(apiVersion)
	for _, k := range builtIn {
		if k.gvk.Kind == name && (apiVersion == "" || k.gvk.Group == group) {
			return k
		}
	}
	return nil
}

// isAutoscaler reports whether the dependent holds another one's number of replicas.
func isAutoscaler(dep *v1alpha1.DependentStatus) bool {
	k := known(dep.APIVersion, dep.Kind)
	return k != nil && k.isAutoscaler()
}
