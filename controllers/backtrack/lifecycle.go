package backtrack

import (
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// step makes one condition true. Its decision is harmless to make again.
type step struct {
	condition string
	// needs are the facts that the step may ask for, besides the AuroraCluster.
	needs []steps.Name
	// decide says what follows from the facts.
	decide func(*steps.Facts) steps.Decision
	// timeout is how long the step may wait, from its own start; nil where another bound holds (docs/states.md).
	timeout func(*steps.Facts) time.Duration
	// since is when the time began to run, where that is not when the step before was done.
	since func(*steps.Facts) time.Time
	// late says how the step ends when it has waited for too long, and for what.
	late func(f *steps.Facts, cause string) steps.Decision
}

// lifecycle is the whole of a rewind, read top to bottom.
var lifecycle = []step{
	{
		condition: v1alpha1.ConditionAdmitted, decide: steps.Admit,
		needs: []steps.Name{
			steps.NamespaceAllowed, steps.Approval, steps.Lock, steps.Observed, steps.History, steps.Dependents, steps.LeftPaused, steps.SafetyCopy, steps.Verifiable,
			steps.Undo,
		},
	}, {
		condition: v1alpha1.ConditionPreflightPassed, decide: steps.Preflight,
		needs: []steps.Name{steps.NamespaceAllowed, steps.Approval, steps.Observed, steps.History, steps.Dependents, steps.SafetyCopy, steps.Verifiable, steps.Undo},
	}, {
		condition: v1alpha1.ConditionDependentsPaused, decide: steps.PauseDependents,
		needs:   []steps.Name{steps.NamespaceAllowed, steps.Approval},
		timeout: steps.PauseTimeout, late: steps.PauseTooLong,
	}, {
		condition: v1alpha1.ConditionCopied, decide: steps.Copy,
		needs:   []steps.Name{steps.NamespaceAllowed, steps.Approval, steps.Observed, steps.History, steps.SafetyCopy},
		timeout: steps.CopyTimeout, late: steps.CopyTooLong,
	}, {
		condition: v1alpha1.ConditionBacktracked, decide: steps.Rewind,
		needs:   []steps.Name{steps.NamespaceAllowed, steps.Approval, steps.Lock, steps.Observed, steps.Polled, steps.History, steps.Dependents},
		timeout: steps.RewindTimeout, since: steps.RewindSince, late: steps.RewindTooLong,
	}, {
		condition: v1alpha1.ConditionClusterAvailable, decide: steps.BecomeAvailable,
		needs:   []steps.Name{steps.Observed, steps.Polled},
		timeout: func(f *steps.Facts) time.Duration { return f.Settings.Backtracking }, late: steps.UnavailableTooLong,
	}, {
		condition: v1alpha1.ConditionVerified, decide: steps.Verify,
		needs:   []steps.Name{steps.Check, steps.Undo},
		timeout: steps.VerifyTimeout, late: steps.VerifyTooLong,
	}, {
		condition: v1alpha1.ConditionDependentsReconnected, decide: steps.Reconnect,
		needs:   []steps.Name{steps.Dependents},
		timeout: steps.ReconnectTimeout, late: steps.ReconnectTooLong,
	},
}

// passOr gives the first decision, unless it lets the next one decide.
func passOr(first steps.Decision, next func() steps.Decision) steps.Decision {
	if first.Kind != steps.Continue {
		return first
	}
	return next()
}

// named names the condition that a decision is about.
func named(s step, d steps.Decision) steps.Decision {
	d.Condition = s.condition
	if d.Then != nil {
		then := named(s, *d.Then)
		d.Then = &then
	}
	return d
}
