package workload

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// fieldManager is who wrote a field, as the API server recorded it in managedFields. The zero value stands
// for one that is not recorded: the API server does not record who removed a field.
type fieldManager struct {
	name, subresource string
	at                time.Time
}

// lastManager finds who other than the operator wrote the field last, or something below it.
func lastManager(u *unstructured.Unstructured, path []string) fieldManager {
	var last fieldManager
	for _, entry := range u.GetManagedFields() {
		if entry.Manager == v1alpha1.WorkloadFieldManager || entry.Subresource == "status" || ownedAt(fieldsOf(entry), path) == nil {
			continue
		}
		m := fieldManager{name: entry.Manager, subresource: entry.Subresource}
		if entry.Time != nil {
			m.at = entry.Time.Time
		}
		if last.name == "" || m.at.After(last.at) {
			last = m
		}
	}
	return last
}

// lastManagerNear is lastManager for a field that may be gone: it looks further up until somebody is found.
// Who removed a field usually wrote what is around it.
func lastManagerNear(u *unstructured.Unstructured, path []string) fieldManager {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if m := lastManager(u, path); m.name != "" {
			return m
		}
	}
	return fieldManager{}
}

// ownedByOperator reports whether the operator itself was the last to change the field. recorded is false
// where the workload has no managedFields at all, so that nobody knows.
func ownedByOperator(u *unstructured.Unstructured, path []string) (owned, recorded bool) {
	entries := u.GetManagedFields()
	for _, entry := range entries {
		if entry.Manager == v1alpha1.WorkloadFieldManager && ownedAt(fieldsOf(entry), path) != nil {
			return true, true
		}
	}
	return false, len(entries) > 0
}

// disown gives the workload's managedFields without the operator's ownership of the field; nil where the
// operator does not own it.
func disown(u *unstructured.Unstructured, path []string) []metav1.ManagedFieldsEntry {
	var kept []metav1.ManagedFieldsEntry
	changed := false
	for _, entry := range u.GetManagedFields() {
		if entry.Manager == v1alpha1.WorkloadFieldManager {
			set := fieldsOf(entry)
			if owned := ownedAt(set, path); owned != nil {
				changed = true
				set = set.RecursiveDifference(fieldpath.NewSet(owned))
				data, err := set.ToJSON()
				if err != nil || set.Empty() {
					continue
				}
				entry.FieldsV1 = &metav1.FieldsV1{}
				entry.FieldsV1.SetRawBytes(data)
			}
		}
		kept = append(kept, entry)
	}
	switch {
	case !changed:
		return nil
	case len(kept) == 0:
		return []metav1.ManagedFieldsEntry{{}} // an empty list would be ignored; this clears it
	}
	return kept
}

// fieldsOf reads the entry's set of fields; an empty one where it cannot be read.
func fieldsOf(entry metav1.ManagedFieldsEntry) *fieldpath.Set {
	set := &fieldpath.Set{}
	if entry.FieldsV1 == nil || set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil {
		return &fieldpath.Set{}
	}
	return set
}

// ownedAt gives the path by which the set has the field: its own, or that of a map around it that is
// written as a whole (such as a node selector). nil where the set has neither it nor anything below it.
func ownedAt(set *fieldpath.Set, path []string) fieldpath.Path {
	var walked fieldpath.Path
	for _, name := range path {
		element := fieldpath.PathElement{FieldName: &name}
		walked = append(walked, element)
		below, there := set.Children.Get(element)
		if !there {
			if set.Members.Has(element) {
				return walked
			}
			return nil
		}
		set = below
	}
	return walked
}

// String is what people can look for: the manager's name, and the subresource if it wrote through one.
func (m fieldManager) String() string {
	switch {
	case m.name == "":
		return "a field manager that is not recorded"
	case m.subresource != "":
		return fmt.Sprintf("field manager %q through the %s subresource", m.name, m.subresource)
	}
	return fmt.Sprintf("field manager %q", m.name)
}

// isKEDA reports whether it is KEDA, or the HorizontalPodAutoscaler that KEDA makes, or not recorded.
func (m fieldManager) isKEDA() bool {
	return m.name == "" || strings.HasPrefix(m.name, "keda") || m.isHPA()
}

func (m fieldManager) isHPA() bool {
	return m.name == "kube-controller-manager" && m.subresource == "scale"
}

// remedy says what to set so that the manager leaves the field alone. The names are the ones under which
// these tools write: Argo CD (argocd-controller), Flux (kustomize-controller, helm-controller), the
// HorizontalPodAutoscaler (kube-controller-manager, through scale) and KEDA (keda).
func (m fieldManager) remedy(f pauseField) string {
	pointer := "/" + strings.Join(f.path, "/")
	switch {
	case strings.HasPrefix(m.name, "argocd"):
		return fmt.Sprintf("leave %s out of what Argo CD applies, or add %s to ignoreDifferences of the Application together with the sync option RespectIgnoreDifferences=true", f.name(), pointer)
	case m.name == "kustomize-controller":
		return fmt.Sprintf("leave %s out of what Flux applies, or annotate the workload with kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", f.name())
	case m.name == "helm-controller":
		return fmt.Sprintf("add %s to spec.driftDetection.ignore of Flux's HelmRelease", pointer)
	case m.isHPA():
		return "an HorizontalPodAutoscaler woke it: set its minReplicas to 1 or more and let it scale up once, or give the workload strategy Restart"
	case strings.HasPrefix(m.name, "keda"):
		return "let its ScaledObject be found, in the same namespace with this workload as its scaleTargetRef, or give the workload strategy Restart"
	}
	return fmt.Sprintf("keep whoever that is from writing %s during a rewind, or give the workload strategy Restart", f.name())
}
