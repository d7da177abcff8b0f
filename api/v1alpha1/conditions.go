package v1alpha1

// Conditions of an AuroraBacktrack, in the order in which they become true. A step's condition is Unknown
// while the step is under way or waits, True once it is done, and False only when it ended the run for good.
const (
	// ConditionAdmitted: the object may run, and it holds the cluster's lock.
	ConditionAdmitted = "Admitted"
	// ConditionPreflightPassed: the cluster can be rewound to the time asked for and every dependent is sound.
	ConditionPreflightPassed = "PreflightPassed"
	// ConditionDependentsPaused: every workload with strategy Pause is at zero and its pods are gone.
	ConditionDependentsPaused = "DependentsPaused"
	// ConditionBacktracked: RDS took the backtrack and its record reads completed.
	ConditionBacktracked = "Backtracked"
	// ConditionClusterAvailable: after the backtrack, the cluster reads available.
	ConditionClusterAvailable = "ClusterAvailable"
	// ConditionDependentsReconnected: every dependent is resumed or restarted and its rollout is complete.
	ConditionDependentsReconnected = "DependentsReconnected"
	// ConditionSucceeded is the root condition: Unknown while the object runs, then True or False.
	ConditionSucceeded = "Succeeded"
)

// Conditions of an AuroraCluster, and the two that both kinds share. Reconciling and Stalled exist only
// while they are True, as kstatus reads them.
const (
	// ConditionReady: RDS answers for the cluster and the cluster can be backtracked.
	ConditionReady = "Ready"
	// ConditionReconciling: work is under way, or waits for something named in the message.
	ConditionReconciling = "Reconciling"
	// ConditionStalled: it will not go on by itself; the message says what to do.
	ConditionStalled = "Stalled"
)

// Reasons of an AuroraBacktrack that is under way. Event reasons are the same words.
const (
	ReasonWaiting             = "Waiting"             // for an earlier step
	ReasonNotReached          = "NotReached"          // the run ended before this step
	ReasonSuspended           = "Suspended"           // spec.suspend is set; the plan is shown
	ReasonQueued              = "Queued"              // another AuroraBacktrack holds the cluster
	ReasonClusterNotFound     = "ClusterNotFound"     // spec.clusterRef names no AuroraCluster
	ReasonClusterNotReady     = "ClusterNotReady"     // the AuroraCluster is not Ready
	ReasonClusterNotAvailable = "ClusterNotAvailable" // the Aurora cluster's status is not available
	ReasonOutsideWindow       = "OutsideWindow"       // policy.windows allows no start now
	ReasonApprovalRequired    = "ApprovalRequired"    // policy.approval asks for an approver
	ReasonApprovalNotEnforced = "ApprovalNotEnforced" // approval is asked for and the admission policy is not installed
	ReasonPausing             = "Pausing"             // workloads are being scaled to zero
	ReasonClaimed             = "Claimed"             // the claim is stored; RDS is asked, or was
	ReasonVerifyingOutcome    = "VerifyingOutcome"    // the answer was lost; RDS's history is watched
	ReasonRetrying            = "Retrying"            // RDS refused for a state that passes
	ReasonBacktracking        = "Backtracking"        // RDS took the backtrack
	ReasonResuming            = "Resuming"            // paused workloads are brought back
	ReasonReconnecting        = "Reconnecting"        // dependents are restarted or resumed
	ReasonRDSUnreachable      = "RDSUnreachable"      // RDS did not answer; retried
)

// Reasons of a step that is done, and of success.
const (
	ReasonAdmitted       = "Admitted"
	ReasonPassed         = "Passed"
	ReasonNothingToPause = "NothingToPause"
	ReasonPaused         = "Paused"
	ReasonCompleted      = "Completed"
	ReasonAvailable      = "Available"
	ReasonReconnected    = "Reconnected"
	ReasonNoDependents   = "NoDependents"
	ReasonResumed        = "Resumed"
	ReasonSucceeded      = "Succeeded"
	// ReasonAlreadyApplied: this rewind ran before; nothing was done. With Succeeded=True it is this object's
	// own wish that came back; with False, RDS shows a backtrack to this time that no object accounts for.
	ReasonAlreadyApplied = "AlreadyApplied"
)

// Reasons that end an AuroraBacktrack without success. Nothing stays paused behind any of them.
const (
	ReasonInvalidSpec          = "InvalidSpec"
	ReasonNamespaceNotAllowed  = "NamespaceNotAllowed"
	ReasonExpired              = "Expired"
	ReasonCancelled            = "Cancelled"
	ReasonCancelTooLate        = "CancelTooLate" // an event: the run goes on to its end
	ReasonDeleted              = "Deleted"       // deleted before RDS was asked
	ReasonTargetInFuture       = "TargetInFuture"
	ReasonTargetBeforeWindow   = "TargetBeforeWindow"
	ReasonMaxRewindExceeded    = "MaxRewindExceeded"
	ReasonForceNotAllowed      = "ForceNotAllowed"
	ReasonEngineNotSupported   = "EngineNotSupported"
	ReasonBacktrackNotEnabled  = "BacktrackNotEnabled"
	ReasonClusterReplaced      = "ClusterReplaced"
	ReasonDependentNotFound    = "DependentNotFound"
	ReasonDependentUnsupported = "DependentUnsupported"
	ReasonPauseTimedOut        = "PauseTimedOut"
	ReasonPauseReverted        = "PauseReverted"
	ReasonRejected             = "Rejected"
	ReasonFailed               = "Failed"
	ReasonOutcomeUnknown       = "OutcomeUnknown"
	ReasonReconnectTimedOut    = "ReconnectTimedOut"
)

// Reasons of an AuroraCluster's Ready condition, besides the ones above.
const (
	ReasonReady               = "Ready"
	ReasonDBClusterNotFound   = "DBClusterNotFound"   // RDS knows no such cluster
	ReasonCredentialsInvalid  = "CredentialsInvalid"  // AWS credentials are missing, wrong or expired
	ReasonAccessDenied        = "AccessDenied"        // IAM refuses
	ReasonThrottled           = "Throttled"           // RDS asks to slow down
	ReasonDuplicateTarget     = "DuplicateTarget"     // an older AuroraCluster names the same Aurora cluster
	ReasonExternalBacktrack   = "ExternalBacktrack"   // an event: a backtrack that no object asked for
	ReasonDependentsRestarted = "DependentsRestarted" // an event: after an external backtrack
	ReasonAllNamespaces       = "AllNamespaces"       // an event: spec.allowedNamespaces.selector is {}
)

// StepConditions are the conditions of a rewind's steps, in the order in which they become true.
var StepConditions = []string{
	ConditionAdmitted, ConditionPreflightPassed, ConditionDependentsPaused, ConditionBacktracked, ConditionClusterAvailable, ConditionDependentsReconnected,
}
