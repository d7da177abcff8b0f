package harness

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// Scenario is one way in which a rewind goes. It is told once undisturbed, and then once more for every moment at
// which its process can die and every call that can fail.
type Scenario struct {
	Given  func(*Checker)                  // before the object is there
	Object func(*v1alpha1.AuroraBacktrack) // what it says besides its two fields
	// people do what they do in the course of it. They try after every look of the operator until it is done.
	Users func(*Checker) (done bool)

	Want string // the reason of Succeeded; "gone": the object is not there any more
	// wantElse are the reasons that a disturbance may lead to instead, each explained where it stands.
	WantElse     []string
	WantAccepted int // by RDS, when undisturbed
	// mayAccept is how many RDS may accept where the end is another; mayOmit tells that a crash may come
	// between the claim and the call, after which nobody asks any more.
	MayAccept int
	MayOmit   bool
}

// RestFor is how long everything must have been at rest: longer than the operator looks after what has ended.
const RestFor = 2*time.Minute + 5*time.Second

// ScenarioSettings keep a scenario short: its RDS lists a record after two seconds.
func ScenarioSettings() backtrack.Settings {
	settings := backtrack.DefaultSettings()
	settings.Poll, settings.Settle, settings.SignatureLifetime = 5*time.Second, 20*time.Second, 10*time.Second
	return settings
}

// Begin makes the scenario's environment.
func (s Scenario) Begin(t testing.TB) *Checker {
	t.Helper()
	env := New(t)
	env.RDS.SetTiming(local.Timing{Unlisted: 2 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 2 * time.Second})
	env.Create(NewDeployment("game-api", 2, v1alpha1.StrategyRestart))
	env.Create(NewDeployment("worker", 3, v1alpha1.StrategyPause))
	env.Kubelet(env)
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.PauseTimeout, c.Spec.ReconnectTimeout = "2m", "30s" })
	seen := env.NewChecker()
	if s.Given != nil {
		s.Given(seen)
	}
	first := NewBacktrack("undo")
	if s.Object != nil {
		s.Object(first)
	}
	env.Create(first)
	return seen
}

// betweenSteps lets people and the workload controllers do what they do between two looks of the operator.
func (s *Scenario) betweenSteps(seen *Checker) {
	if s.Users != nil {
		seen.AsUser(func() {
			if s.Users(seen) {
				s.Users = nil
			}
		})
	}
	if seen.Kubelet != nil {
		seen.Kubelet(seen.Env)
	}
}

// Run runs the scenario. The hook is the first process's; when that dies, another takes over.
func (s Scenario) Run(t testing.TB, hook Hook) *Checker {
	t.Helper()
	seen := s.Begin(t)
	p := seen.StartProcess(seen.withAmbiguousAnswers(hook), ScenarioSettings())
	s.RunUntilRest(t, seen, func() time.Time {
		if !p.Connection.Alive() {
			p.End()
			p = seen.StartProcess(seen.withAmbiguousAnswers(nil), ScenarioSettings())
		}
		return p.Work()
	})
	return seen
}

// RunUntilRest lets the operator work, and time pass, until everything has been at rest for a while. The work says
// when there will be more.
func (s *Scenario) RunUntilRest(t testing.TB, seen *Checker, work func() time.Time) {
	t.Helper()
	quiet := seen.Clock.Now()
	for range 2000 {
		next := work()
		s.betweenSteps(seen)
		if !seen.AtRest() {
			quiet = seen.Clock.Now()
		} else if seen.Clock.Now().Sub(quiet) >= RestFor {
			seen.CheckEnd()
			return
		}
		seen.Clock.Step(max(min(next.Sub(seen.Clock.Now()), 30*time.Second), time.Millisecond))
	}
	t.Fatalf("it never came to rest\n%s", seen.Env.Describe())
}

// Moments are the distinct moments of the undisturbed scenario.
func (s Scenario) Moments(t testing.TB) []Moment {
	t.Helper()
	var moments []Moment
	s.Run(t, func(m Moment) error { moments = append(moments, m); return nil })
	return distinct(moments)
}

// TestFaults runs the scenario undisturbed, and then once for each thing that can go wrong at each of its moments.
// With -short it runs only undisturbed.
func (s Scenario) TestFaults(t *testing.T) {
	t.Parallel()
	var moments []Moment
	seen := s.Run(t, func(m Moment) error { moments = append(moments, m); return nil })
	if got := seen.End("undo"); got != s.Want || seen.acceptedCalls() != s.WantAccepted || len(seen.Violations) > 0 {
		t.Fatalf("undisturbed, it ended as %s with %d accepted calls, want %s with %d\n%s\n%s", got, seen.acceptedCalls(), s.Want, s.WantAccepted, strings.Join(seen.Violations, "\n"), seen.Env.Describe())
	}
	told := 0
	if testing.Short() { // the ways themselves, without what disturbs them
		moments = nil
	}
	moments = distinct(moments)
	for _, m := range moments {
		for _, d := range faultsAt(m) {
			s.runWithFault(t, d)
			told++
		}
	}
	t.Logf("%d moments, told %d times", len(moments), told)
}

// runWithFault runs the scenario with one thing going wrong.
func (s Scenario) runWithFault(t *testing.T, d fault) {
	t.Helper()
	s.Judge(t, d.String(), s.Run(t, d.hook))
}

// Judge checks how a disturbed scenario ended.
func (s Scenario) Judge(t *testing.T, disturbance string, seen *Checker) {
	t.Helper()
	got, accepted := seen.End("undo"), seen.acceptedCalls()
	expected := got == s.Want && (accepted == s.WantAccepted || s.MayOmit && accepted == 0) ||
		slices.Contains(s.WantElse, got) && accepted <= max(s.WantAccepted, s.MayAccept)
	if !expected || len(seen.Violations) > 0 {
		t.Errorf("%s: it ended as %s with %d accepted calls, want %s with %d\n%s\n%s", disturbance, got, accepted, s.Want, s.WantAccepted, strings.Join(seen.Violations, "\n"), seen.Env.Describe())
	}
}
