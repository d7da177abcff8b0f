package backtrack

import (
	"context"
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// approved checks that whoever must agree has agreed. The admission policy enforces who that is; without it
// nobody can be believed, so nothing starts.
func (x *run) approved(_ context.Context) outcome {
	approval := x.cluster.Spec.Policy.Approval
	if approval == "" || approval == v1alpha1.ApprovalNone {
		return done("", "")
	}
	return waiting(slow, v1alpha1.ReasonApprovalNotEnforced, fmt.Sprintf("AuroraCluster %s asks for approval (%s), which this version can't verify yet", x.cluster.Name, approval))
}

// insideWindow checks the policy's windows.
func (x *run) insideWindow() outcome {
	if len(x.cluster.Spec.Policy.Windows) == 0 {
		return done("", "")
	}
	return waiting(slow, v1alpha1.ReasonOutsideWindow, "policy.windows can't be evaluated yet")
}
