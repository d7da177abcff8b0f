package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestWithdrawnBeforeTheCall withdraws what allowed a rewind after it was admitted and examined, while its pause
// takes long. Whatever it is, RDS is not asked.
func TestWithdrawnBeforeTheCall(t *testing.T) {
	for name, test := range map[string]struct {
		withdraw   func(*v1alpha1.AuroraClusterSpec)
		wantReason string
		wantWait   bool // it waits and may go on; the others have ended
	}{
		"the namespace": {
			withdraw:   func(s *v1alpha1.AuroraClusterSpec) { s.AllowedNamespaces = v1alpha1.AllowedNamespaces{} },
			wantReason: v1alpha1.ReasonNamespaceNotAllowed,
		},
		"force": {
			withdraw:   func(s *v1alpha1.AuroraClusterSpec) { s.Policy.AllowForce = false },
			wantReason: v1alpha1.ReasonForceNotAllowed,
		},
		"the distance": {
			withdraw:   func(s *v1alpha1.AuroraClusterSpec) { s.Policy.MaxRewind = "1s" },
			wantReason: v1alpha1.ReasonMaxRewindExceeded,
		},
		"that nobody need approve": { // this API server has no admission policies, so nobody is believed
			withdraw:   func(s *v1alpha1.AuroraClusterSpec) { s.Policy.Approval = v1alpha1.ApprovalRequired },
			wantReason: v1alpha1.ReasonApprovalNotEnforced, wantWait: true,
		},
		"the time of day": {
			withdraw: func(s *v1alpha1.AuroraClusterSpec) {
				closed := time.Now().UTC().Add(12 * time.Hour).Format("4 15 * * *")
				s.Policy.Windows = []v1alpha1.StartWindow{{Schedule: closed, Duration: "1m", TimeZone: "Etc/UTC"}}
			},
			wantReason: v1alpha1.ReasonOutsideWindow, wantWait: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.manager()
			c := w.cluster()
			c.Spec.Policy.AllowForce = true
			w.create(c)
			w.create(w.deployment("worker", 1, v1alpha1.StrategyPause))
			// No kubelet takes this pod of the Deployment away.
			pod := w.stubbornPod("worker")
			w.create(pod)
			b := w.backtrack("undo", time.Minute)
			b.Spec.Force = true
			w.create(b)
			w.until("it waits for the pod", func(ctx context.Context) bool {
				w.must(w.Get(ctx, client.ObjectKeyFromObject(b), b))
				return len(b.Status.Dependents) == 1 && strings.Contains(b.Status.Dependents[0].Message, "waiting for its pods to end")
			})
			w.edit(c, func() { test.withdraw(&c.Spec) })
			w.must(w.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))

			w.until("it says "+test.wantReason, func(ctx context.Context) bool {
				w.must(w.Get(ctx, client.ObjectKeyFromObject(b), b))
				if succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded); succeeded == nil || succeeded.Reason != test.wantReason {
					return false
				}
				return test.wantWait || b.Status.CompletedAt != ""
			})
			if w.asked() > 0 || b.Status.Claim != nil {
				t.Errorf("RDS was asked %d times, with the claim %+v", w.asked(), b.Status.Claim)
			}
			if test.wantWait {
				return
			}
			d := w.deployment("worker", 0, "")
			w.must(w.Get(t.Context(), client.ObjectKeyFromObject(d), d))
			if *d.Spec.Replicas != 1 {
				t.Errorf("the worker stays paused, with the annotations %v", d.Annotations)
			}
		})
	}
}
