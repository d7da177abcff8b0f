package stage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Rewind is an AuroraBacktrack to be made.
type Rewind struct {
	Namespace, Name, Cluster string
	To                       time.Time
	// More is what else its spec says, a field a line, such as "suspend: true".
	More []string
}

// Manifest is what a person would write.
func (r Rewind) Manifest() string {
	text := &strings.Builder{}
	fmt.Fprintf(text, `apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraBacktrack
metadata: {name: %s, namespace: %s}
spec:
  clusterRef: {name: %s}
  backtrackTo: %q
`, r.Name, r.Namespace, r.Cluster, v1alpha1.NewTimestamp(r.To))
	for _, line := range r.More {
		fmt.Fprintf(text, "  %s\n", line)
	}
	return text.String()
}

// Backtrack reads an AuroraBacktrack.
func (k *Kubernetes) Backtrack(ctx context.Context, namespace, name string) (*v1alpha1.AuroraBacktrack, error) {
	object := &v1alpha1.AuroraBacktrack{}
	err := k.API.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)
	return object, err
}

// Follow reads an AuroraBacktrack again and again, until it has finished or look, which may be nil, ends it by an error.
func (k *Kubernetes) Follow(ctx context.Context, limit time.Duration, namespace, name string, look func(*v1alpha1.AuroraBacktrack) error,
) (object *v1alpha1.AuroraBacktrack, err error) {
	err = Within(ctx, limit, name+" has finished", func() (bool, error) {
		if object, err = k.Backtrack(ctx, namespace, name); err != nil {
			return false, err
		}
		if look != nil {
			if err := look(object); err != nil {
				return false, err
			}
		}
		return object.Status.CompletedAt != "", nil
	})
	if err != nil && object != nil {
		err = fmt.Errorf("%w; it reads %s", err, Summary(object))
	}
	return object, err
}

// Condition is one of the object's conditions; the zero one if it has none of that type.
func Condition(object *v1alpha1.AuroraBacktrack, name string) metav1.Condition {
	if c := meta.FindStatusCondition(object.Status.Conditions, name); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// Is reports whether a condition is True.
func Is(object *v1alpha1.AuroraBacktrack, name string) bool {
	return meta.IsStatusConditionTrue(object.Status.Conditions, name)
}

// Summary is how the object stands, in a line.
func Summary(object *v1alpha1.AuroraBacktrack) string {
	c := Condition(object, v1alpha1.ConditionSucceeded)
	return fmt.Sprintf("Succeeded=%s %s: %s", c.Status, c.Reason, c.Message)
}
