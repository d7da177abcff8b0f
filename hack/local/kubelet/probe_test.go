package kubelet

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestProbe(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		spec    corev1.Probe
		eager   bool
		results string // + passed, - failed
		// want is the verdict after each result: p passing, f failed, . undecided
		want string
		// wantDue is how long after the last result it is asked next.
		wantDue time.Duration
	}{
		"passes at the first success":       {corev1.Probe{}, false, "+", "p", 10 * time.Second},
		"fails at the third failure":        {corev1.Probe{}, false, "---", "..f", 10 * time.Second},
		"a success between starts anew":     {corev1.Probe{}, false, "+--+--", "pppppp", 10 * time.Second},
		"comes back":                        {corev1.Probe{FailureThreshold: 1}, false, "+-+", "pfp", 10 * time.Second},
		"needs as many successes as it has": {corev1.Probe{SuccessThreshold: 2, FailureThreshold: 1}, false, "+-+-++", ".ffffp", 10 * time.Second},
		"own period":                        {corev1.Probe{PeriodSeconds: 3}, false, "+", "p", 3 * time.Second},
		"eager until it passes":             {corev1.Probe{}, true, "----", "..ff", eagerPeriod},
		"not eager once it has passed":      {corev1.Probe{}, true, "-+-", ".pp", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p, now, got := newProbe(&test.spec, start, test.eager), start, ""
			for _, result := range test.results {
				now = p.due
				p.observe(result == '+', now)
				verdict := "."
				switch {
				case p.failed():
					verdict = "f"
				case p.decided:
					verdict = "p"
				}
				got += verdict
			}
			if got != test.want {
				t.Errorf("verdicts %q, want %q", got, test.want)
			}
			if due := p.due.Sub(now); due != test.wantDue {
				t.Errorf("asked again after %s, want %s", due, test.wantDue)
			}
		})
	}
}

func TestProbeWaitsAtFirst(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := newProbe(&corev1.Probe{InitialDelaySeconds: 7, TimeoutSeconds: 3}, start, true)
	if p.due != start.Add(7*time.Second) || p.timeout() != 3*time.Second {
		t.Errorf("due %s after the start with a timeout of %s, want 7s and 3s", p.due.Sub(start), p.timeout())
	}
	if none := (*probe)(nil); !none.passed() || none.failed() {
		t.Error("a probe that is not there must pass")
	}
}
