package backtrack_test

import (
	"context"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestCrashes runs every scenario once for each thing that can go wrong at each of its moments.
func TestCrashes(t *testing.T) {
	for name, s := range stories() {
		t.Run(name, s.TestFaults)
	}
}

func stories() map[string]harness.Scenario {
	return map[string]harness.Scenario{
		"it succeeds": {Want: v1alpha1.ReasonSucceeded, WantAccepted: 1},
		"the reply is lost": {
			Given: failing(local.FaultLostReply), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"RDS answers 500 and has done nothing": {
			Given: failing(local.FaultInternalFailure), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"RDS answers 500 and has done it": {
			Given: func(s *harness.Checker) { s.AmbiguousAnswers = 1 }, Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"the connection is reset": {
			Given: failing(local.FaultConnectionReset), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"RDS asks to slow down": {
			Given: failing(local.FaultThrottling), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"RDS rejects it": {
			Given: editing(func(c *local.Cluster) { c.BinaryLogging = true }), Want: v1alpha1.ReasonRejected,
		},
		"RDS reports it as failed": {
			Given: editing(func(c *local.Cluster) { c.FailNextBacktrack = true }), Want: v1alpha1.ReasonFailed, WantAccepted: 1,
		},
		"the cluster is replaced before the call": {
			Users: once(pausing, func(s *harness.Checker) { s.Must(s.RDS.RecreateCluster("testcluster", "")) }),
			Want:  v1alpha1.ReasonClusterReplaced,
		},
		"pods do not end": {
			Given: func(s *harness.Checker) {
				s.Kubelet = harness.RollOutExcept("worker")
				s.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.PauseTimeout = "15s" })
			},
			Want: v1alpha1.ReasonPauseTimedOut,
		},
		"somebody scales up what is paused": {
			Users: once(pausing, func(s *harness.Checker) { s.Scale("worker", 5) }),
			Want:  v1alpha1.ReasonPauseReverted,
			// A crash between the pause and the last look before the call comes before or after somebody's hand.
			WantElse: []string{v1alpha1.ReasonSucceeded}, MayAccept: 1,
		},
		"dependents do not come up": {
			Users: once(asking, func(s *harness.Checker) { s.Kubelet = harness.RollOutExcept("game-api") }),
			Want:  v1alpha1.ReasonReconnectTimedOut, WantAccepted: 1,
		},
		"it is cancelled before the call": {
			Users: once(pausing, func(s *harness.Checker) { s.Edit("undo", cancel) }), Want: v1alpha1.ReasonCancelled,
		},
		"it is cancelled after the call": {
			Users: once(asking, func(s *harness.Checker) { s.Edit("undo", cancel) }), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
			// The process died between the claim and the call: it is not asked again for what nobody wants.
			WantElse: []string{v1alpha1.ReasonCancelled},
		},
		"it is deleted before the claim": {
			Users: once(pausing, func(s *harness.Checker) { s.Delete("undo") }), Want: "gone",
		},
		"it is deleted after the claim": {
			Users: once(asking, func(s *harness.Checker) { s.Delete("undo") }), Want: "gone", WantAccepted: 1, MayOmit: true,
		},
		"it expires while it pauses": {
			Given: func(s *harness.Checker) { s.Kubelet = harness.RollOutExcept("worker") },
			Object: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.StartDeadline = v1alpha1.NewTimestamp(harness.StartTime.Add(20 * time.Second))
			},
			Want: v1alpha1.ReasonExpired,
		},
		"it is suspended and lifted": {
			Object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			Users: once(saying(v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended), func(s *harness.Checker) {
				s.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			}),
			Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"the clock is set while the record is not listed": {
			Given: func(s *harness.Checker) {
				s.RDS.SetTiming(local.Timing{Unlisted: 15 * time.Second})
				failing(local.FaultLostReply)(s)
			},
			Users: once(missing, func(s *harness.Checker) {
				s.RDSAhead -= 4 * time.Minute
				s.Clock.Step(4 * time.Minute)
			}),
			Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"the record is not listed for longer than the settle period": {
			Given: func(s *harness.Checker) { // but the cluster is seen to be busy
				s.RDS.SetTiming(local.Timing{Unlisted: 70 * time.Second, Pending: 2 * time.Second, Backtracking: 55 * time.Second, StatusLag: 7 * time.Second})
				failing(local.FaultLostReply)(s)
			},
			Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"its time to live ends": {
			Object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = ptr.To[int32](5) },
			Want:   "gone", WantAccepted: 1,
		},
		"it comes back after its time to live": {
			Object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = ptr.To[int32](600) },
			Users:  once(finished, func(s *harness.Checker) { s.Delete("undo"); s.Create(harness.NewBacktrack("undo")) }),
			Want:   v1alpha1.ReasonAlreadyApplied, WantAccepted: 1,
		},
		"it is replaced by force after the call": {
			Users: once(asking, func(s *harness.Checker) { s.ForceDelete("undo"); s.Create(harness.NewBacktrack("undo")) }),
			Want:  v1alpha1.ReasonSucceeded, WantAccepted: 1, WantElse: []string{v1alpha1.ReasonAlreadyApplied},
		},
		"its status is wiped after the call": {
			Users: once(asking, func(s *harness.Checker) { s.WipeStatus("undo") }), Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
		"it is taken away by force while it pauses": {
			Users: once(pausing, func(s *harness.Checker) { s.ForceDelete("undo") }), Want: "gone",
		},
		"another one waits for it": {
			Given: func(s *harness.Checker) {
				later := harness.NewBacktrack("later")
				later.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
				s.Create(later)
			},
			Want: v1alpha1.ReasonSucceeded, WantAccepted: 2,
		},
		"its namespace is not allowed": {
			Given: func(s *harness.Checker) {
				s.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			Want: v1alpha1.ReasonNamespaceNotAllowed,
		},
		"its time is before the window": {
			Object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = "2023-12-23T12:00:00Z" },
			Want:   v1alpha1.ReasonTargetBeforeWindow,
		},
		"somebody else rewinds it to this time while it pauses": {
			Given: func(s *harness.Checker) { // RDS lists it, and shows it, only after the preflight
				s.RDS.SetTiming(local.Timing{Unlisted: 6 * time.Second, Pending: 2 * time.Second, Backtracking: 4 * time.Second, StatusLag: 6 * time.Second})
				s.RequestBacktrack("testcluster", harness.NewBacktrack("").Spec.BacktrackTo.Time())
				ends := s.Kubelet
				s.Kubelet = func(env *harness.Env) {
					if env.Clock.Since(harness.StartTime) > 20*time.Second {
						ends(env)
					}
				}
			},
			Want: v1alpha1.ReasonAlreadyApplied,
		},
		"somebody else rewinds it while the answer is missing": {
			Given: failing(local.FaultConnectionReset),
			Users: once(asking, func(s *harness.Checker) { s.RequestBacktrack("testcluster", harness.StartTime.Add(-time.Hour)) }),
			Want:  v1alpha1.ReasonOutcomeUnknown,
			// The process died before its claim was stored, and the other one was before it.
			WantElse: []string{v1alpha1.ReasonSucceeded}, MayAccept: 1,
		},
		"the AuroraCluster is deleted after the call": {
			Users: once(asking, func(s *harness.Checker) { s.Must(s.API.Delete(context.Background(), s.ReadCluster("game"))) }),
			Want:  v1alpha1.ReasonSucceeded, WantAccepted: 1,
		},
	}
}

// failing lets the next backtrack meet the fault.
func failing(fault string) func(*harness.Checker) {
	return func(s *harness.Checker) { s.RDS.FailNext("BacktrackDBCluster", fault, 1) }
}

func editing(edit func(*local.Cluster)) func(*harness.Checker) {
	return func(s *harness.Checker) { s.Must(s.RDS.EditCluster("testcluster", edit)) }
}

// once lets people do something when it is time for it.
func once(time func(*harness.Checker) bool, act func(*harness.Checker)) func(*harness.Checker) bool {
	return func(s *harness.Checker) bool {
		if !time(s) {
			return false
		}
		act(s)
		return true
	}
}

// saying reports whether the object's condition has the reason.
func saying(condition, reason string) func(*harness.Checker) bool {
	return func(s *harness.Checker) bool {
		b := s.Read("undo")
		return b != nil && harness.HasReason(b, condition, reason)
	}
}

// pausing, asking, missing and finished are times in the course of a rewind. Each may be over before anybody looks.
func pausing(s *harness.Checker) bool {
	b := s.Read("undo")
	return b != nil && b.Status.Claim == nil && s.ReadDeployment("worker").Annotations[v1alpha1.PausedAnnotation] != ""
}

func asking(s *harness.Checker) bool {
	b := s.Read("undo")
	return b != nil && b.Status.Claim != nil
}

func missing(s *harness.Checker) bool {
	b := s.Read("undo")
	return b != nil && b.Status.Claim != nil && b.Status.Claim.EmptySince != ""
}

func finished(s *harness.Checker) bool {
	b := s.Read("undo")
	return b != nil && b.Status.CompletedAt != "" && len(b.Finalizers) == 0 && b.Status.Backtrack.Status == rds.StatusCompleted
}

func cancel(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true }
