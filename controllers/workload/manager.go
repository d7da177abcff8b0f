package workload

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// manager is a field manager: who wrote a field, as the API server recorded it.
type manager struct {
	metav1.ManagedFieldsEntry
}

// lastManager finds who other than the operator wrote the field last. Who removed a field, the API server
// does not record.
func lastManager(u *unstructured.Unstructured, path []string) manager {
	var last manager
	for _, entry := range u.GetManagedFields() {
		if entry.Manager == v1alpha1.WorkloadFieldManager || entry.Subresource == "status" {
			continue
		}
		if m := (manager{entry}); m.owns(path) && m.after(last) {
			last = m
		}
	}
	return last
}

// ownedByUs answers whether the operator itself was the last to change the field.
func ownedByUs(u *unstructured.Unstructured, path []string) bool {
	for _, entry := range u.GetManagedFields() {
		if entry.Manager == v1alpha1.WorkloadFieldManager && (manager{entry}).owns(path) {
			return true
		}
	}
	return false
}

func (m manager) after(other manager) bool {
	switch {
	case other.Manager == "":
		return true
	case m.Time == nil || other.Time == nil:
		return other.Time == nil
	}
	return m.Time.After(other.Time.Time)
}

// owns walks the entry's field set, in which every field is a key "f:<name>" and a leaf is empty. A map
// that is written as a whole (such as a node selector) is a leaf too.
func (m manager) owns(path []string) bool {
	if m.FieldsV1 == nil {
		return false
	}
	var fields map[string]any
	if err := json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields); err != nil {
		return false
	}
	for _, element := range path {
		child, there := fields["f:"+element].(map[string]any)
		if !there {
			return false
		}
		if len(child) == 0 {
			return true
		}
		fields = child
	}
	return true
}

// name is what people can look for: the manager's name, and the subresource if it wrote through one.
func (m manager) name() string {
	switch {
	case m.Manager == "":
		return "a field manager that is not recorded"
	case m.Subresource != "":
		return fmt.Sprintf("field manager %q through the %s subresource", m.Manager, m.Subresource)
	}
	return fmt.Sprintf("field manager %q", m.Manager)
}

// remedy says what to set so that the manager leaves the field alone. The names are the ones under which
// these tools write: Argo CD (argocd-controller), Flux (kustomize-controller, helm-controller), the
// HorizontalPodAutoscaler (kube-controller-manager, through scale) and KEDA (keda).
func (m manager) remedy(l lever) string {
	pointer := "/" + strings.Join(l.path, "/")
	switch {
	case strings.HasPrefix(m.Manager, "argocd"):
		return fmt.Sprintf("leave %s out of what Argo CD applies, or add %s to ignoreDifferences of the Application together with the sync option RespectIgnoreDifferences=true", l.field(), pointer)
	case m.Manager == "kustomize-controller":
		return fmt.Sprintf("leave %s out of what Flux applies, or annotate the workload with kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", l.field())
	case m.Manager == "helm-controller":
		return fmt.Sprintf("add %s to spec.driftDetection.ignore of Flux's HelmRelease", pointer)
	case m.Manager == "kube-controller-manager" && m.Subresource == "scale":
		return "an HorizontalPodAutoscaler woke it: set its minReplicas to 1 or more and let it scale up once, or give the workload strategy Restart"
	case strings.HasPrefix(m.Manager, "keda"):
		return "let its ScaledObject be found, in the same namespace with this workload as its scaleTargetRef, or give the workload strategy Restart"
	}
	return fmt.Sprintf("keep whoever that is from writing %s during a rewind, or give the workload strategy Restart", l.field())
}
