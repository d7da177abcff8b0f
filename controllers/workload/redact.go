package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// hiddenNamespace stands for a namespace whose name the reader is not shown.
const hiddenNamespace = "(another namespace)"

// Redact gives the dependents as somebody may see them who can read the namespace only: those of other
// namespaces lose their names and messages, and keep what says how far the run is. The order and the number
// stay, so that a dependent keeps its place, and with it its alias, for as long as the list is the same. The
// list itself is not changed: what is to be resumed goes by the full one.
func Redact(deps []v1alpha1.DependentStatus, namespace string) []v1alpha1.DependentStatus {
	shown := slices.Clone(deps)
	for i := range shown {
		if dep := &shown[i]; dep.Namespace != namespace {
			dep.Namespace, dep.Name, dep.Message = hiddenNamespace, alias(i), ""
		}
	}
	return shown
}

// RedactText is Redact for a message about the dependents, such as an error of this package.
func RedactText(text string, deps []v1alpha1.DependentStatus, namespace string) string {
	type name struct{ full, alias string }
	var names []name
	for i := range deps {
		if dep := &deps[i]; dep.Namespace != namespace {
			names = append(names, name{dep.Namespace + "/" + dep.Name, alias(i) + " of another namespace"})
		}
	}
	// A name can begin with another one; the longest is replaced first.
	slices.SortFunc(names, func(a, b name) int {
		return cmp.Or(cmp.Compare(len(b.full), len(a.full)), cmp.Compare(a.full, b.full))
	})
	var pairs []string
	for _, n := range names {
		pairs = append(pairs, n.full, n.alias)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// alias is what a dependent is called whose name is not shown, by its place in the list.
func alias(i int) string { return fmt.Sprintf("hidden-%d", i+1) }
