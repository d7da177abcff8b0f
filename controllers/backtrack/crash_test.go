package backtrack

import (
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// story is one way in which a rewind goes. It is told once undisturbed, and then once more for every moment at
// which its process can die and every call that can fail.
type story struct {
	given  func(*witness)                  // before the object is there
	object func(*v1alpha1.AuroraBacktrack) // what it says besides its two fields
	// people do what they do in the course of it. They try after every look of the operator until it is done.
	people func(*witness) (done bool)

	want string // the reason of Succeeded; "gone": the object is not there any more
	// wantElse are the reasons that a disturbance may lead to instead, each explained where it stands.
	wantElse     []string
	wantAccepted int // by RDS, when undisturbed
	// mayAccept is how many RDS may accept where the end is another; mayOmit tells that a crash may come
	// between the claim and the call, after which nobody asks any more.
	mayAccept int
	mayOmit   bool
}

// restFor is how long everything must have been at rest: longer than the operator looks after what has ended.
const restFor = 2*time.Minute + 5*time.Second

// crashSettings keep a story short: its RDS lists a record after two seconds.
func crashSettings() Settings {
	return Settings{Poll: 5 * time.Second, Settle: 20 * time.Second, Tolerance: time.Minute}
}

// begin makes the story's world.
func (s story) begin(t testing.TB) *witness {
	t.Helper()
	w := newWorld(t)
	w.rds.SetTiming(local.Timing{Unlisted: 2 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 2 * time.Second})
	w.create(deployment("game-api", 2, v1alpha1.StrategyRestart))
	w.create(deployment("worker", 3, v1alpha1.StrategyPause))
	w.kubelet(w)
	w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.PauseTimeout, c.Spec.ReconnectTimeout = "2m", "30s" })
	seen := w.watch()
	if s.given != nil {
		s.given(seen)
	}
	first := undo("undo")
	if s.object != nil {
		s.object(first)
	}
	w.create(first)
	return seen
}

// meanwhile lets people and the workload controllers do what they do between two looks of the operator.
func (s *story) meanwhile(seen *witness) {
	if s.people != nil {
		seen.person(func() {
			if s.people(seen) {
				s.people = nil
			}
		})
	}
	if seen.kubelet != nil {
		seen.kubelet(seen.world)
	}
}

// tell lets the story happen. The hook is the first process's; when that dies, another takes over.
func (s story) tell(t testing.TB, hook hook) *witness {
	t.Helper()
	seen := s.begin(t)
	p := seen.start(seen.swallowing(hook), crashSettings())
	s.toTheEnd(t, seen, func() time.Time {
		if !p.wire.alive() {
			p.end()
			p = seen.start(seen.swallowing(nil), crashSettings())
		}
		return p.work()
	})
	return seen
}

// toTheEnd lets the operator work, and time pass, until everything has been at rest for a while. The work says
// when there will be more.
func (s *story) toTheEnd(t testing.TB, seen *witness, work func() time.Time) {
	t.Helper()
	quiet := seen.clock.Now()
	for range 2000 {
		next := work()
		s.meanwhile(seen)
		if !seen.atRest() {
			quiet = seen.clock.Now()
		} else if seen.clock.Now().Sub(quiet) >= restFor {
			seen.inOrder()
			return
		}
		seen.clock.Step(max(min(next.Sub(seen.clock.Now()), 30*time.Second), time.Millisecond))
	}
	t.Fatalf("it never came to rest\n%s", seen.world.describe())
}

// swallowing answers the first backtracks that RDS has done with 500.
func (s *witness) swallowing(next hook) hook {
	return func(m moment) error {
		if next != nil {
			if err := next(m); err != nil {
				return err
			}
		}
		if m.What == "BacktrackDBCluster" && m.After && s.ambiguous > 0 {
			s.ambiguous--
			return errServer
		}
		return nil
	}
}

// atRest tells whether every object has come to its end.
func (s *witness) atRest() bool {
	for _, uid := range s.present {
		if b := s.objects[uid]; b.Status.CompletedAt == "" || !b.DeletionTimestamp.IsZero() {
			return false
		}
	}
	return true
}

// inOrder checks what must be so when everything has come to rest.
func (s *witness) inOrder() {
	for name, d := range s.deployments {
		if *d.Spec.Replicas != s.replicas[name] || d.Annotations[v1alpha1.PausedAnnotation] != "" {
			s.fault("3: in the end %s has %d replicas, not %d, and the mark %q", name, *d.Spec.Replicas, s.replicas[name], d.Annotations[v1alpha1.PausedAnnotation])
		}
	}
	for name, c := range s.clusters {
		if c.Status.ActiveBacktrack != nil {
			s.fault("4: in the end %s is locked by %+v", name, *c.Status.ActiveBacktrack)
		}
		for _, entry := range c.Status.Backtracks {
			// The claim of an object that was taken away by force stays: nobody knows what became of it.
			if entry.RequestedBy != nil && !s.forced[entry.RequestedBy.UID] && s.accepted[entry.RequestedBy.UID] == 0 && !s.unknown(entry.RequestedBy.UID) {
				s.fault("2: in the end the ledger of %s has %+v, which never was", name, entry)
			}
		}
	}
	for uid, n := range s.accepted {
		b := s.objects[uid]
		c := s.clusters[b.Spec.ClusterRef.Name]
		if c == nil || s.unknown(uid) || s.unledgered[uid] || s.forced[uid] || n == 0 {
			continue
		}
		if entry := s.ledgerEntry(c, b); entry == nil || entry.ID == "" {
			s.fault("2: in the end the ledger of %s has %+v for %s", c.Name, entry, b.Name)
		}
	}
	for uid := range s.verdicts {
		if !s.forced[uid] { // what was taken away by force may not have been spoken of in time
			s.eventsRight(uid)
		}
	}
}

func (s *witness) unknown(uid any) bool {
	for _, b := range s.objects {
		if b.UID == uid && reasonOf(b) == v1alpha1.ReasonOutcomeUnknown {
			return true
		}
	}
	return false
}

func reasonOf(b *v1alpha1.AuroraBacktrack) string {
	c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if c == nil {
		return ""
	}
	return c.Reason
}

// end is how the story's object ended.
func (s *witness) end(name string) string {
	if b := s.read(name); b != nil {
		return reasonOf(b)
	}
	return "gone"
}

func (s *witness) acceptedInAll() int {
	n := 0
	for _, count := range s.accepted {
		n += count
	}
	return n
}

func (s story) test(t *testing.T) {
	t.Parallel()
	var moments []moment
	seen := s.tell(t, func(m moment) error { moments = append(moments, m); return nil })
	if got := seen.end("undo"); got != s.want || seen.acceptedInAll() != s.wantAccepted || len(seen.wrong) > 0 {
		t.Fatalf("undisturbed, it ended as %s with %d accepted calls, want %s with %d\n%s\n%s", got, seen.acceptedInAll(), s.want, s.wantAccepted, strings.Join(seen.wrong, "\n"), seen.world.describe())
	}
	told := 0
	if testing.Short() { // the ways themselves, without what disturbs them
		moments = nil
	}
	moments = worthwhile(moments)
	for _, m := range moments {
		for _, d := range disturbances(m) {
			s.disturbed(t, d)
			told++
		}
	}
	t.Logf("%d moments, told %d times", len(moments), told)
}

// disturbed tells the story with one thing going wrong.
func (s story) disturbed(t *testing.T, d disturbance) {
	t.Helper()
	s.judge(t, d.String(), s.tell(t, d.hook))
}

// judge checks how a disturbed story ended.
func (s story) judge(t *testing.T, disturbance string, seen *witness) {
	t.Helper()
	got, accepted := seen.end("undo"), seen.acceptedInAll()
	expected := got == s.want && (accepted == s.wantAccepted || s.mayOmit && accepted == 0) ||
		slices.Contains(s.wantElse, got) && accepted <= max(s.wantAccepted, s.mayAccept)
	if !expected || len(seen.wrong) > 0 {
		t.Errorf("%s: it ended as %s with %d accepted calls, want %s with %d\n%s\n%s", disturbance, got, accepted, s.want, s.wantAccepted, strings.Join(seen.wrong, "\n"), seen.world.describe())
	}
}
