package backtrack

import (
	"context"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestCrashes tells every story once for each thing that can go wrong at each of its moments.
func TestCrashes(t *testing.T) {
	for name, s := range stories() {
		t.Run(name, s.test)
	}
}

func stories() map[string]story {
	return map[string]story{
		"it succeeds": {want: v1alpha1.ReasonSucceeded, wantAccepted: 1},
		"the reply is lost": {
			given: failing(local.FaultLostReply), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"RDS answers 500 and has done nothing": {
			given: failing(local.FaultInternalFailure), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"RDS answers 500 and has done it": {
			given: func(s *witness) { s.ambiguous = 1 }, want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"the connection is reset": {
			given: failing(local.FaultConnectionReset), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"RDS asks to slow down": {
			given: failing(local.FaultThrottling), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"RDS rejects it": {
			given: editing(func(c *local.Cluster) { c.BinaryLogging = true }), want: v1alpha1.ReasonRejected,
		},
		"RDS reports it as failed": {
			given: editing(func(c *local.Cluster) { c.FailNextBacktrack = true }), want: v1alpha1.ReasonFailed, wantAccepted: 1,
		},
		"the cluster is replaced before the call": {
			people: once(pausing, func(s *witness) { s.must(s.rds.RecreateCluster("testcluster", "")) }),
			want:   v1alpha1.ReasonClusterReplaced,
		},
		"pods do not end": {
			given: func(s *witness) {
				s.kubelet = except("worker")
				s.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.PauseTimeout = "15s" })
			},
			want: v1alpha1.ReasonPauseTimedOut,
		},
		"somebody scales up what is paused": {
			people: once(pausing, func(s *witness) { s.scale("worker", 5) }),
			want:   v1alpha1.ReasonPauseReverted,
			// A crash between the pause and the last look before the call comes before or after somebody's hand.
			wantElse: []string{v1alpha1.ReasonSucceeded}, mayAccept: 1,
		},
		"dependents do not come up": {
			people: once(asking, func(s *witness) { s.kubelet = except("game-api") }),
			want:   v1alpha1.ReasonReconnectTimedOut, wantAccepted: 1,
		},
		"it is cancelled before the call": {
			people: once(pausing, func(s *witness) { s.edit("undo", cancel) }), want: v1alpha1.ReasonCancelled,
		},
		"it is cancelled after the call": {
			people: once(asking, func(s *witness) { s.edit("undo", cancel) }), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
			// The process died between the claim and the call: it is not asked again for what nobody wants.
			wantElse: []string{v1alpha1.ReasonCancelled},
		},
		"it is deleted before the claim": {
			people: once(pausing, func(s *witness) { s.remove("undo") }), want: "gone",
		},
		"it is deleted after the claim": {
			people: once(asking, func(s *witness) { s.remove("undo") }), want: "gone", wantAccepted: 1, mayOmit: true,
		},
		"it expires while it pauses": {
			given: func(s *witness) { s.kubelet = except("worker") },
			object: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.StartDeadline = v1alpha1.NewTimestamp(start.Add(20 * time.Second))
			},
			want: v1alpha1.ReasonExpired,
		},
		"it is suspended and lifted": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			people: once(saying(v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended), func(s *witness) {
				s.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			}),
			want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"the clock is set while the record is not listed": {
			given: func(s *witness) {
				s.rds.SetTiming(local.Timing{Unlisted: 15 * time.Second})
				failing(local.FaultLostReply)(s)
			},
			people: once(missing, func(s *witness) {
				s.rdsAhead -= 4 * time.Minute
				s.clock.Step(4 * time.Minute)
			}),
			want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"the record is not listed for longer than the settle period": {
			given: func(s *witness) { // but the cluster is seen to be busy
				s.rds.SetTiming(local.Timing{Unlisted: 70 * time.Second, Pending: 2 * time.Second, Backtracking: 55 * time.Second, StatusLag: 7 * time.Second})
				failing(local.FaultLostReply)(s)
			},
			want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"its time to live ends": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = ptr.To[int32](5) },
			want:   "gone", wantAccepted: 1,
		},
		"it comes back after its time to live": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = ptr.To[int32](600) },
			people: once(finished, func(s *witness) { s.remove("undo"); s.create(undo("undo")) }),
			want:   v1alpha1.ReasonAlreadyApplied, wantAccepted: 1,
		},
		"it is replaced by force after the call": {
			people: once(asking, func(s *witness) { s.force("undo"); s.create(undo("undo")) }),
			want:   v1alpha1.ReasonSucceeded, wantAccepted: 1, wantElse: []string{v1alpha1.ReasonAlreadyApplied},
		},
		"its status is wiped after the call": {
			people: once(asking, func(s *witness) { s.wipe("undo") }), want: v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
		"it is taken away by force while it pauses": {
			people: once(pausing, func(s *witness) { s.force("undo") }), want: "gone",
		},
		"another one waits for it": {
			given: func(s *witness) {
				later := undo("later")
				later.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
				s.create(later)
			},
			want: v1alpha1.ReasonSucceeded, wantAccepted: 2,
		},
		"its namespace is not allowed": {
			given: func(s *witness) {
				s.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			want: v1alpha1.ReasonNamespaceNotAllowed,
		},
		"its time is before the window": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = "2023-12-23T12:00:00Z" },
			want:   v1alpha1.ReasonTargetBeforeWindow,
		},
		"somebody else rewinds it to this time while it pauses": {
			given: func(s *witness) { // RDS lists it, and shows it, only after the preflight
				s.rds.SetTiming(local.Timing{Unlisted: 6 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 6 * time.Second})
				s.console("testcluster", undo("").Spec.BacktrackTo.Time())
				ends := s.kubelet
				s.kubelet = func(w *world) {
					if w.clock.Since(start) > 20*time.Second {
						ends(w)
					}
				}
			},
			want: v1alpha1.ReasonAlreadyApplied,
		},
		"somebody else rewinds it while the answer is missing": {
			given:  failing(local.FaultConnectionReset),
			people: once(asking, func(s *witness) { s.console("testcluster", start.Add(-time.Hour)) }),
			want:   v1alpha1.ReasonOutcomeUnknown,
			// The process died before its claim was stored, and the other one was before it.
			wantElse: []string{v1alpha1.ReasonSucceeded}, mayAccept: 1,
		},
		"the AuroraCluster is deleted after the call": {
			people: once(asking, func(s *witness) { s.must(s.api.Delete(context.Background(), s.readCluster("game"))) }),
			want:   v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
	}
}

// failing lets the next backtrack meet the fault.
func failing(fault string) func(*witness) {
	return func(s *witness) { s.rds.FailNext("BacktrackDBCluster", fault, 1) }
}

func editing(edit func(*local.Cluster)) func(*witness) {
	return func(s *witness) { s.must(s.rds.EditCluster("testcluster", edit)) }
}

// once lets people do something when it is time for it.
func once(time func(*witness) bool, act func(*witness)) func(*witness) bool {
	return func(s *witness) bool {
		if !time(s) {
			return false
		}
		act(s)
		return true
	}
}

// saying tells whether the object's condition has the reason.
func saying(condition, reason string) func(*witness) bool {
	return func(s *witness) bool {
		b := s.read("undo")
		return b != nil && conditionIs(b, condition, reason)
	}
}

// pausing, asking, missing and finished are times in the course of a rewind. Each may be over before anybody looks.
func pausing(s *witness) bool {
	b := s.read("undo")
	return b != nil && b.Status.Claim == nil && s.readDeployment("worker").Annotations[v1alpha1.PausedAnnotation] != ""
}

func asking(s *witness) bool {
	b := s.read("undo")
	return b != nil && b.Status.Claim != nil
}

func missing(s *witness) bool {
	b := s.read("undo")
	return b != nil && b.Status.Claim != nil && b.Status.Claim.EmptySince != ""
}

func finished(s *witness) bool {
	b := s.read("undo")
	return b != nil && b.Status.CompletedAt != "" && len(b.Finalizers) == 0 && b.Status.Backtrack.Status == rds.StatusCompleted
}

func cancel(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true }
