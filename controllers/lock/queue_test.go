package lock

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestBefore has who comes first in the queue: by creation, whose time the API server keeps to the second, and then by
// namespace and name.
func TestBefore(t *testing.T) {
	object := func(namespace, name string, after time.Duration) *v1alpha1.AuroraBacktrack {
		return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(time.Unix(1e9, 0).Add(after))}}
	}
	for name, test := range map[string]struct{ first, second *v1alpha1.AuroraBacktrack }{
		"a second earlier, whatever the name": {object("z", "z", 0), object("a", "a", time.Second)},
		"at the same time, by namespace":      {object("a", "z", 0), object("b", "a", 0)},
		"in the same namespace, by name":      {object("a", "a", 0), object("a", "b", 0)},
	} {
		if !Before(test.first, test.second) || Before(test.second, test.first) {
			t.Errorf("%s: %s/%s does not come before %s/%s", name, test.first.Namespace, test.first.Name, test.second.Namespace, test.second.Name)
		}
	}
}

// TestInTheWay has which objects keep others of their cluster waiting.
func TestInTheWay(t *testing.T) {
	born := time.Unix(1e9, 0)
	admitted := func(status metav1.ConditionStatus, reason string) func(*v1alpha1.AuroraBacktrack) {
		return func(b *v1alpha1.AuroraBacktrack) {
			b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionAdmitted, Status: status, Reason: reason}}
		}
	}
	for name, test := range map[string]struct {
		is   []func(*v1alpha1.AuroraBacktrack)
		want bool
	}{
		"a new one":   {nil, true},
		"one queuing": {[]func(*v1alpha1.AuroraBacktrack){admitted(metav1.ConditionUnknown, v1alpha1.ReasonQueued)}, true},
		"one running": {[]func(*v1alpha1.AuroraBacktrack){admitted(metav1.ConditionTrue, v1alpha1.ReasonAdmitted)}, true},
		"one that ended": {[]func(*v1alpha1.AuroraBacktrack){
			admitted(metav1.ConditionTrue, v1alpha1.ReasonAdmitted),
			func(b *v1alpha1.AuroraBacktrack) { b.Status.CompletedAt = v1alpha1.NewTimestamp(born) },
		}, false},
		"one that waits for its approval": {[]func(*v1alpha1.AuroraBacktrack){admitted(metav1.ConditionUnknown, v1alpha1.ReasonApprovalRequired)}, false},
		"one suspended since": {[]func(*v1alpha1.AuroraBacktrack){
			admitted(metav1.ConditionUnknown, v1alpha1.ReasonQueued), func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
		}, false},
		"one being deleted": {[]func(*v1alpha1.AuroraBacktrack){
			admitted(metav1.ConditionUnknown, v1alpha1.ReasonQueued), func(b *v1alpha1.AuroraBacktrack) { b.DeletionTimestamp = &metav1.Time{Time: born} },
		}, false},
	} {
		b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(born)}}
		for _, is := range test.is {
			is(b)
		}
		if got := InTheWay(b, born.Add(time.Second)); got != test.want {
			t.Errorf("%s: InTheWay %v, want %v", name, got, test.want)
		}
	}
}
