package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// sight looks at all AuroraBacktracks again and again, and notes what must not be seen.
type sight struct {
	mu       sync.Mutex
	last     map[types.UID]v1alpha1.AuroraBacktrack
	gone     map[string][]v1alpha1.AuroraBacktrack // by namespace/name: those that went, as they were seen last
	breaches []string
}

func newSight() *sight {
	return &sight{last: map[types.UID]v1alpha1.AuroraBacktrack{}, gone: map[string][]v1alpha1.AuroraBacktrack{}}
}

// watch lists rather than watches: what it compares must be in order also when the API server was away in between.
func (s *sight) watch(ctx context.Context, api client.Reader) {
	for stage.Pass(ctx, 200*time.Millisecond) == nil {
		var list v1alpha1.AuroraBacktrackList
		if err := api.List(ctx, &list); err != nil {
			continue // the API server is being restarted
		}
		s.see(list.Items)
	}
}

// see compares the objects with how they were before, and keeps what is gone as it was last: no object comes back with
// its UID.
func (s *sight) see(objects []v1alpha1.AuroraBacktrack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := make(map[types.UID]v1alpha1.AuroraBacktrack, len(objects))
	for _, object := range objects {
		if before, known := s.last[object.UID]; known {
			s.breaches = append(s.breaches, regressions(&before, &object)...)
		}
		now[object.UID] = object
	}
	for uid, object := range s.last {
		if _, there := now[uid]; !there {
			name := object.Namespace + "/" + object.Name
			s.gone[name] = append(s.gone[name], object)
		}
	}
	s.last = now
}

// earlier are the objects that went, as they were seen last, by namespace/name.
func (s *sight) earlier() map[string][]v1alpha1.AuroraBacktrack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.gone)
}

// regressions are what went backwards between two looks at an object.
func regressions(before, now *v1alpha1.AuroraBacktrack) []string {
	var found []string
	for _, old := range before.Status.Conditions {
		if old.Type == v1alpha1.ConditionReconciling || old.Type == v1alpha1.ConditionStalled || old.Status == metav1.ConditionUnknown {
			continue
		}
		if c := meta.FindStatusCondition(now.Status.Conditions, old.Type); c == nil || c.Status != old.Status {
			found = append(found, fmt.Sprintf("%s/%s: condition %s was %s (%s) and is %s", now.Namespace, now.Name, old.Type, old.Status, old.Reason, shown(c)))
		}
	}
	if was := before.Status.CompletedAt; was != "" && now.Status.CompletedAt != was {
		found = append(found, fmt.Sprintf("%s/%s: was completed at %s, and now at %q", now.Namespace, now.Name, was, now.Status.CompletedAt))
	}
	return found
}

func shown(c *metav1.Condition) string {
	if c == nil {
		return "gone"
	}
	return fmt.Sprintf("%s (%s)", c.Status, c.Reason)
}

// latest is the object as it was last seen; empty if it never was.
func (s *sight) latest(uid types.UID) v1alpha1.AuroraBacktrack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[uid]
}

// claimed waits a while until some object is between its claim and its record, and reports whether one was.
func (s *sight) claimed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for stage.Pass(ctx, 50*time.Millisecond) == nil {
		if s.anyClaimed() {
			return true
		}
	}
	return false
}

func (s *sight) anyClaimed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range s.last {
		status := object.Status
		if status.Claim != nil && status.Backtrack == nil && status.CompletedAt == "" {
			return true
		}
	}
	return false
}

func (s *sight) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.breaches)
}

func isTrue(conditions []metav1.Condition, name string) bool {
	return meta.IsStatusConditionTrue(conditions, name)
}
