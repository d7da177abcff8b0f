package lock

import (
	"strings"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// SameTarget reports whether two AuroraClusters stand for the same Aurora cluster. RDS's own id decides; where one of them has
// not been looked at yet, how they name it.
func SameTarget(a, b *v1alpha1.AuroraCluster) bool {
	if a.Status.DBClusterResourceID != "" && b.Status.DBClusterResourceID != "" {
		return a.Status.DBClusterResourceID == b.Status.DBClusterResourceID
	}
	return strings.EqualFold(a.Spec.DBClusterIdentifier, b.Spec.DBClusterIdentifier) &&
		a.Spec.Region == b.Spec.Region && a.Spec.RoleARN == b.Spec.RoleARN
}

// Outranks reports whether the first of two AuroraClusters of one Aurora cluster is the one that stands for it:
// the older one, then the one whose name comes first.
func Outranks(a, b *v1alpha1.AuroraCluster) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}
