package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probe is what is known by one probe of one container: how often in a row it went one way, and what follows.
type probe struct {
	spec *corev1.Probe
	// passing is the verdict: what the thresholds make of the results.
	passing bool
	// decided is false until one of the thresholds was reached for the first time.
	decided   bool
	successes int32
	failures  int32
	// due is when it is asked next; busy while it is being asked.
	due  time.Time
	busy bool
	// eager probes are asked in quick succession until they pass for the first time.
	eager bool
}

// eagerPeriod is how often a readiness probe is asked before it passes for the first time. Kubernetes waits a whole
// period there; what follows from the results is the same, it only follows sooner.
const eagerPeriod = 50 * time.Millisecond

// newProbe begins a probe for a container that was started just now.
func newProbe(spec *corev1.Probe, started time.Time, eager bool) *probe {
	return &probe{spec: spec, eager: eager, due: started.Add(seconds(spec.InitialDelaySeconds, 0))}
}

// observe notes a result.
func (p *probe) observe(passed bool, now time.Time) {
	if passed {
		p.successes, p.failures = p.successes+1, 0
	} else {
		p.successes, p.failures = 0, p.failures+1
	}
	reached := (passed && p.successes >= atLeastOne(p.spec.SuccessThreshold, 1)) ||
		(!passed && p.failures >= atLeastOne(p.spec.FailureThreshold, 3))
	if reached {
		p.decided, p.passing = true, passed
	}
	p.eager = p.eager && !p.passing
	period := seconds(p.spec.PeriodSeconds, 10)
	if p.eager {
		period = min(period, eagerPeriod)
	}
	p.due = now.Add(period)
}

// failed reports that the probe has failed as often in a row as it may.
func (p *probe) failed() bool { return p != nil && p.decided && !p.passing }

// passed reports that there is no such probe or that it passes.
func (p *probe) passed() bool { return p == nil || p.passing }

func (p *probe) timeout() time.Duration { return seconds(p.spec.TimeoutSeconds, 1) }

// seconds are the seconds of a field, or the default of the API where it is not set.
func seconds(value, unset int32) time.Duration {
	if value == 0 {
		value = unset
	}
	return time.Duration(value) * time.Second
}

func atLeastOne(value, unset int32) int32 {
	if value == 0 {
		return unset
	}
	return value
}
