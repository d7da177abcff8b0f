package metrics

import "github.com/aurora-backtrack/operator/api/v1alpha1"

// other is the label of a reason that this version does not know: one that was stored by hand, or by another version.
const other = "Other"

// endReasons are the reasons with which an AuroraBacktrack ends. They bound the label.
var endReasons = setOf(
	v1alpha1.ReasonSucceeded, v1alpha1.ReasonAlreadyApplied,
	v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonNamespaceNotAllowed, v1alpha1.ReasonExpired, v1alpha1.ReasonCancelled, v1alpha1.ReasonDeleted,
	v1alpha1.ReasonTargetInFuture, v1alpha1.ReasonTargetBeforeWindow, v1alpha1.ReasonMaxRewindExceeded, v1alpha1.ReasonForceNotAllowed,
	v1alpha1.ReasonEngineNotSupported, v1alpha1.ReasonBacktrackNotEnabled, v1alpha1.ReasonClusterReplaced,
	v1alpha1.ReasonClusterNotFound, v1alpha1.ReasonClusterNotAvailable,
	v1alpha1.ReasonDBClusterNotFound, v1alpha1.ReasonAccessDenied, v1alpha1.ReasonCredentialsInvalid, // RDS refused the call for it
	v1alpha1.ReasonDependentNotFound, v1alpha1.ReasonDependentUnsupported, v1alpha1.ReasonPauseTimedOut, v1alpha1.ReasonPauseReverted,
	v1alpha1.ReasonRejected, v1alpha1.ReasonFailed, v1alpha1.ReasonOutcomeUnknown, v1alpha1.ReasonReconnectTimedOut,
	v1alpha1.ReasonVerifyNotPossible, v1alpha1.ReasonVerificationFailed, v1alpha1.ReasonVerificationInconclusive,
	v1alpha1.ReasonUndoNeedsPause, v1alpha1.ReasonUndone, v1alpha1.ReasonUndoFailed, v1alpha1.ReasonUndoNotDue,
	v1alpha1.ReasonSafetyCopyNotAllowed, v1alpha1.ReasonCopyFailed, v1alpha1.ReasonCopyTimedOut, other,
)

// waitReasons are the reasons for which an AuroraBacktrack waits before it starts. They bound the label.
var waitReasons = setOf(
	v1alpha1.ReasonWaiting, v1alpha1.ReasonSuspended, v1alpha1.ReasonApprovalRequired, v1alpha1.ReasonApprovalNotEnforced,
	v1alpha1.ReasonOutsideWindow, v1alpha1.ReasonClusterNotFound, v1alpha1.ReasonClusterNotReady, v1alpha1.ReasonQueued,
)

func setOf(reasons ...string) map[string]bool {
	set := make(map[string]bool, len(reasons))
	for _, reason := range reasons {
		set[reason] = true
	}
	return set
}

func endReason(reason string) string { return known(endReasons, reason) }

func waitReason(reason string) string { return known(waitReasons, reason) }

func known(set map[string]bool, reason string) string {
	if set[reason] {
		return reason
	}
	return other
}
