package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// The defaults of an AuroraCluster's spec.safetyCopy, for objects that were stored without them.
const (
	DefaultCopyTimeout = 30 * time.Minute
	DefaultCopyKeepFor = 7 * 24 * time.Hour
)

// SafetyCopy is the copy that the object gets: what it asks for, else the AuroraCluster's defaults. It is nil when no copy is
// made. The identifier is left to the caller.
func SafetyCopy(cluster *v1alpha1.AuroraCluster, object *v1alpha1.AuroraBacktrack) *v1alpha1.PlannedCopy {
	if object.Spec.UndoOf != nil { // what an undo discards is what a check has found wrong, and applications are down
		return nil
	}
	limits, asked := cluster.Spec.SafetyCopy, askedCopy(object)
	planned := &v1alpha1.PlannedCopy{Type: copyType(limits, asked), InstanceClass: asked.InstanceClass}
	if planned.Type == v1alpha1.CopyNone {
		return nil
	}
	longest := limits.Timeout.Or(DefaultCopyTimeout)
	planned.Timeout = duration(min(asked.Timeout.Or(longest), longest))
	planned.KeepFor = duration(asked.KeepFor.Or(limits.KeepFor.Or(DefaultCopyKeepFor)))
	return planned
}

func askedCopy(object *v1alpha1.AuroraBacktrack) v1alpha1.SafetyCopy {
	if object.Spec.SafetyCopy == nil {
		return v1alpha1.SafetyCopy{}
	}
	return *object.Spec.SafetyCopy
}

func copyType(limits v1alpha1.SafetyCopyPolicy, asked v1alpha1.SafetyCopy) v1alpha1.CopyType {
	return cmp.Or(asked.Type, limits.Type, v1alpha1.CopyNone)
}

// duration writes a length of time in the form of the API, which has no fractions and no zeros of seconds.
func duration(d time.Duration) v1alpha1.Duration {
	text := d.Truncate(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return v1alpha1.Duration(text)
}

// safetyCopy checks that the AuroraCluster allows the copy that the object gets.
func safetyCopy(f Facts) *Refusal {
	limits, asked := f.Cluster.Spec.SafetyCopy, askedCopy(f.Object)
	name, kind := f.Cluster.Name, copyType(limits, asked)
	refuse := func(format string, args ...any) *Refusal {
		return final(v1alpha1.ReasonSafetyCopyNotAllowed, fmt.Sprintf(format, args...))
	}
	switch {
	case len(limits.AllowedTypes) > 0 && !slices.Contains(limits.AllowedTypes, kind):
		return refuse("a safety copy of type %s is not allowed by AuroraCluster %s (spec.safetyCopy.allowedTypes): create a new AuroraBacktrack with one of %v",
			kind, name, limits.AllowedTypes)
	case asked.InstanceClass != "" && kind != v1alpha1.CopyClone:
		return refuse("spec.safetyCopy.instanceClass is for type Clone, and the type is %s: create a new AuroraBacktrack with type Clone, or without instanceClass", kind)
	case asked.InstanceClass != "" && !slices.Contains(limits.InstanceClasses, asked.InstanceClass):
		return refuse("spec.safetyCopy.instanceClass %s is not allowed by AuroraCluster %s (spec.safetyCopy.instanceClasses has %v): create a new AuroraBacktrack with one of them, or without",
			asked.InstanceClass, name, limits.InstanceClasses)
	case asked.Timeout.Or(0) > limits.Timeout.Or(DefaultCopyTimeout):
		return refuse("spec.safetyCopy.timeout %s is longer than AuroraCluster %s allows, %s (spec.safetyCopy.timeout)",
			asked.Timeout, name, duration(limits.Timeout.Or(DefaultCopyTimeout)))
	case limits.MaxKeepFor != "" && kind != v1alpha1.CopyNone && asked.KeepFor.Or(0) > limits.MaxKeepFor.Or(0):
		return refuse("spec.safetyCopy.keepFor %s is longer than AuroraCluster %s allows, %s (spec.safetyCopy.maxKeepFor)", asked.KeepFor, name, limits.MaxKeepFor)
	}
	return nil
}
