package workload

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// hiddenNamespace stands for a namespace whose name the reader is not shown. No namespace can have this name.
	hiddenNamespace = "(another namespace)"
	// hiddenText follows the alias of a workload in a text.
	hiddenText = " of another namespace"
)

// IsHidden reports whether the dependent's name was taken out by Redact.
func IsHidden(dep *v1alpha1.DependentStatus) bool { return dep.Namespace == hiddenNamespace }

// Redact gives the dependents as somebody may see them who can read the namespace only: those of other namespaces
// lose their names and messages, and keep what says how far the run of the owner is. Instead of its name each has
// an alias, by which Reveal finds it again. The list itself is not changed: what is to be resumed goes by the full one.
func Redact(deps []v1alpha1.DependentStatus, namespace string, owner types.UID) []v1alpha1.DependentStatus {
	shown := slices.Clone(deps)
	for i := range shown {
		dep := &shown[i]
		switch {
		case IsHidden(dep):
			dep.Message = ""
		case dep.Namespace != namespace:
			dep.Name, dep.Message = Alias(owner, dep.Kind, dep.Namespace, dep.Name), ""
			dep.Namespace = hiddenNamespace
		}
	}
	return shown
}

var (
	// inText is a workload as nameOf writes it.
	inText = regexp.MustCompile(`\b([A-Z][A-Za-z0-9]*) ([a-z0-9][-a-z0-9]*)/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)`)
	// partInText is what belongs to a workload and is named without its namespace.
	partInText = regexp.MustCompile(`\b(pod|Job|HorizontalPodAutoscaler|ScaledObject) ([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)`)
)

// RedactText is Redact for a message about dependents, such as an error of this package. It also hides workloads that are not
// among the dependents, and what belongs to hidden ones: their pods, Jobs and autoscalers.
func RedactText(text string, deps []v1alpha1.DependentStatus, namespace string, owner types.UID) string {
	hidden := map[string]bool{} // by name
	for i := range deps {
		if dep := &deps[i]; dep.Namespace != namespace && !IsHidden(dep) {
			hidden[dep.Name] = true
		}
	}
	text = inText.ReplaceAllStringFunc(text, func(match string) string {
		part := inText.FindStringSubmatch(match)
		kind, in, name := part[1], part[2], part[3]
		if in == namespace || strings.HasPrefix(kind, "Aurora") {
			return match
		}
		hidden[name] = true
		return kind + " " + Alias(owner, kind, in, name) + hiddenText
	})
	if len(hidden) == 0 {
		return text
	}
	text = partInText.ReplaceAllStringFunc(text, func(match string) string {
		part := partInText.FindStringSubmatch(match)
		autoscaler := part[1] == "HorizontalPodAutoscaler" || part[1] == "ScaledObject"
		if strings.HasPrefix(part[2], "hidden-") || !autoscaler && !beginsWithOneOf(part[2], hidden) {
			return match
		}
		return "a " + part[1]
	})
	for name := range hidden { // as the API server quotes names
		text = strings.ReplaceAll(text, `"`+name+`"`, `"(hidden)"`)
	}
	return text
}

func beginsWithOneOf(name string, hidden map[string]bool) bool {
	for end := range len(name) {
		if name[end] == '-' && hidden[name[:end]] {
			return true
		}
	}
	return hidden[name]
}

// Alias is what a workload is called in the owner's status when its name is not shown. Who does not know the name cannot
// compute it, nor the name from it.
func Alias(owner types.UID, kind, namespace, name string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(owner), kind, namespace, name}, "/")))
	return fmt.Sprintf("hidden-%x", sum[:8])
}
