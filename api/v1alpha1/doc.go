// Package v1alpha1 holds the two kinds of aurora-backtrack.io, their conditions and their reasons.
// It has no behaviour, apart from reading the two string types (Timestamp, Duration) whose form it defines.
//
// +kubebuilder:object:generate=true
// +groupName=aurora-backtrack.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of both kinds.
var GroupVersion = schema.GroupVersion{Group: "aurora-backtrack.io", Version: "v1alpha1"}

// AddToScheme registers both kinds.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&AuroraCluster{}, &AuroraClusterList{},
		&AuroraBacktrack{}, &AuroraBacktrackList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
