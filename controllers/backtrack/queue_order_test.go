package backtrack

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestBefore has who comes first in the queue: by creation, whose time the API server keeps to the second, and then by
// namespace and name.
func TestBefore(t *testing.T) {
	start := time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)
	object := func(namespace, name string, after time.Duration) *v1alpha1.AuroraBacktrack {
		return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(start.Add(after))}}
	}
	for name, test := range map[string]struct{ first, second *v1alpha1.AuroraBacktrack }{
		"a second earlier, whatever the name": {object("z", "z", 0), object("a", "a", time.Second)},
		"at the same time, by namespace":      {object("a", "z", 0), object("b", "a", 0)},
		"in the same namespace, by name":      {object("a", "a", 0), object("a", "b", 0)},
	} {
		if !before(test.first, test.second) || before(test.second, test.first) {
			t.Errorf("%s: %s/%s does not come before %s/%s", name, test.first.Namespace, test.first.Name, test.second.Namespace, test.second.Name)
		}
	}
}
