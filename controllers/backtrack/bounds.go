package backtrack

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// bounded ends a wait, or an error that does not pass, that has lasted too long, and shortens one that would outlast its
// bound. docs/states.md has every wait with its bound.
func bounded(f *steps.Facts, i int, d steps.Decision) steps.Decision {
	if f.CalledRDS() {
		d = observable(f, d)
	} else if d.Kind == steps.Wait || d.Kind == steps.Continue {
		steps.NoteStartable(f, d)
	}
	if d.Kind != steps.Wait && d.Kind != steps.Fault {
		return d
	}
	cause := cmp.Or(d.Cause, d.Message)
	if d.Kind == steps.Fault {
		cause = d.Err.Error()
	}
	if s := lifecycle[i]; s.timeout != nil {
		if timeout := s.timeout(f); timeout > 0 {
			left := timeout - f.Now.Sub(started(f, i))
			if left < 0 {
				if late := s.late(f, cause); late.Kind != steps.Continue {
					return late
				}
			}
			d = within(d, left)
		}
	}
	if f.CalledRDS() {
		return d
	}
	if deadline := f.Object.Spec.StartDeadline; deadline != "" {
		d = within(d, deadline.Time().Sub(f.Now))
	}
	left, longest, holds := steps.StartLeft(f)
	if holds && left < 0 {
		return steps.StartTooLate(f, longest, cause)
	}
	if holds {
		d = within(d, left)
	}
	return d
}

// boundedAfter bounds what follows an action, by the facts as they are then.
func boundedAfter(f *steps.Facts, d steps.Decision) steps.Decision {
	i := slices.IndexFunc(lifecycle, func(s step) bool { return s.condition == d.Condition })
	return named(lifecycle[i], bounded(f, i, d))
}

// started is when the step began: when the one before it was done, unless the step says otherwise.
func started(f *steps.Facts, i int) time.Time {
	if s := lifecycle[i]; s.since != nil {
		return s.since(f)
	}
	before := i - 1
	for !steps.Applies(f, lifecycle[before].condition) {
		before--
	}
	return f.Since(lifecycle[before].condition)
}

// within shortens a wait to what is left of its bound.
func within(d steps.Decision, left time.Duration) steps.Decision {
	if d.Kind == steps.Wait && left >= 0 && left < d.After {
		d.After = left + time.Millisecond
	}
	return d
}

// observable notes since when RDS has not answered for a cluster that it was asked to rewind, and ends the run when that
// has lasted too long: nobody can tell what became of the call.
func observable(f *steps.Facts, d steps.Decision) steps.Decision {
	open := f.Object.Status.Claim
	if !d.Trouble {
		if d.Kind == steps.Wait || d.Kind == steps.Continue {
			open.UnobservedSince = ""
		}
		return d
	}
	if open.UnobservedSince == "" {
		open.UnobservedSince = v1alpha1.NewTimestamp(f.Now)
	}
	longest := f.Settings.Unobservable
	if d.Reason == v1alpha1.ReasonDBClusterNotFound {
		longest = f.Settings.Gone
	}
	silent := f.Now.Sub(open.UnobservedSince.Time())
	if silent <= longest {
		return within(d, longest-silent)
	}
	if f.Is(v1alpha1.ConditionBacktracked) {
		return steps.Halted(v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf(
			"the data is rewound, and since %s RDS has not answered for the cluster, so the dependents come back now: look at the cluster in RDS; at last: %s", open.UnobservedSince, d.Message))
	}
	return steps.Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf(
		"RDS was asked at %s, and since %s it has not answered for the cluster, so what became of the call can't be known: look at the data, and at the cluster in RDS; at last: %s", open.ClaimedAt, open.UnobservedSince, d.Message))
}
