package v1alpha1

// Conditions of an AuroraBacktrack, in the order in which they become true. A step's condition is Unknown
// while the step is under way or waits, True once it is done, and False only when it ended the run for good.
const (
	// ConditionAdmitted: the object may run, and it holds the cluster's lock.
	ConditionAdmitted = "Admitted"
	// ConditionPreflightPassed: the cluster can be rewound to the time asked for, and every dependent can be paused and
	// brought back, or restarted.
	ConditionPreflightPassed = "PreflightPassed"
	// ConditionDependentsPaused: every workload with strategy Pause is at zero and its pods are gone.
	ConditionDependentsPaused = "DependentsPaused"
	// ConditionCopied: the safety copy holds the present. Only objects whose plan has a safety copy have it.
	ConditionCopied = "Copied"
	// ConditionBacktracked: RDS accepted the backtrack and its record reads completed.
	ConditionBacktracked = "Backtracked"
	// ConditionClusterAvailable: after the backtrack, the cluster reads available.
	ConditionClusterAvailable = "ClusterAvailable"
	// ConditionVerified: the Job of spec.verify checked the rewound data and completed. Only objects with spec.verify have it.
	ConditionVerified = "Verified"
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
	// ConditionReconciling: work is under way, or waits for what the message names.
	ConditionReconciling = "Reconciling"
	// ConditionStalled: it does not continue by itself; the message says what to do.
	ConditionStalled = "Stalled"
)

// Reasons of an AuroraBacktrack that is under way. Event reasons are the same words.
const (
	ReasonWaiting             = "Waiting"             // an earlier step is not done
	ReasonNotReached          = "NotReached"          // the run ended before this step
	ReasonSuspended           = "Suspended"           // spec.suspend is set; the plan is shown
	ReasonQueued              = "Queued"              // another AuroraBacktrack holds the cluster
	ReasonClusterNotFound     = "ClusterNotFound"     // spec.clusterRef names no AuroraCluster
	ReasonClusterNotReady     = "ClusterNotReady"     // the AuroraCluster is not Ready
	ReasonClusterNotAvailable = "ClusterNotAvailable" // the Aurora cluster's status is not available
	ReasonOutsideWindow       = "OutsideWindow"       // policy.windows allows no start now
	ReasonApprovalRequired    = "ApprovalRequired"    // policy.approval requires an approver
	ReasonApprovalNotEnforced = "ApprovalNotEnforced" // approval is required, and the admission policies did not enforce it
	ReasonPausing             = "Pausing"             // workloads are being scaled to zero
	ReasonCopying             = "Copying"             // RDS makes the safety copy
	ReasonClaimed             = "Claimed"             // the claim is stored; RDS is asked, or was
	ReasonVerifyingOutcome    = "VerifyingOutcome"    // the answer was lost; RDS's history shows whether the call was accepted
	ReasonRetrying            = "Retrying"            // RDS, the API server or a webhook refused for a reason that may pass
	ReasonBacktracking        = "Backtracking"        // RDS accepted the backtrack
	ReasonVerifying           = "Verifying"           // the Job of spec.verify checks the rewound data
	ReasonUndoing             = "Undoing"             // the check failed; another AuroraBacktrack brings the data forward again
	ReasonResuming            = "Resuming"            // paused workloads are scaled back up
	ReasonReconnecting        = "Reconnecting"        // dependents are restarted or resumed
	ReasonRDSUnreachable      = "RDSUnreachable"      // RDS did not answer; retried
)

// Reasons of a step that is done, and of success.
const (
	ReasonAdmitted       = "Admitted"
	ReasonPassed         = "Passed"
	ReasonNothingToPause = "NothingToPause"
	ReasonPaused         = "Paused"
	ReasonCopied         = "Copied"
	ReasonCompleted      = "Completed"
	ReasonAvailable      = "Available"
	ReasonReconnected    = "Reconnected"
	ReasonNoDependents   = "NoDependents"
	ReasonResumed        = "Resumed"
	ReasonSucceeded      = "Succeeded"
	// ReasonAlreadyApplied: this rewind ran before; nothing was done. With Succeeded=True this object, or one with its name
	// and spec, ran it; with False, RDS shows a backtrack to this time that belongs to no AuroraBacktrack.
	ReasonAlreadyApplied = "AlreadyApplied"
)

// Reasons that end an AuroraBacktrack without success. Nothing stays paused after any of them.
const (
	ReasonInvalidSpec          = "InvalidSpec"          // a time or a duration in the spec cannot be read
	ReasonNamespaceNotAllowed  = "NamespaceNotAllowed"  // spec.allowedNamespaces does not include the namespace
	ReasonExpired              = "Expired"              // startDeadline or policy.startWithin passed before it started
	ReasonCancelled            = "Cancelled"            // spec.cancel was set before RDS was asked
	ReasonDependentWoken       = "DependentWoken"       // an event: somebody else brought a paused dependent back during the rewind
	ReasonCancelTooLate        = "CancelTooLate"        // an event: the run continues to its end
	ReasonDeleted              = "Deleted"              // deleted before RDS was asked
	ReasonTargetInFuture       = "TargetInFuture"       // backtrackTo is later than now, by RDS's clock
	ReasonTargetBeforeWindow   = "TargetBeforeWindow"   // backtrackTo is before the backtrack window
	ReasonMaxRewindExceeded    = "MaxRewindExceeded"    // further back than policy.maxRewind
	ReasonForceNotAllowed      = "ForceNotAllowed"      // force without policy.allowForce
	ReasonEngineNotSupported   = "EngineNotSupported"   // the engine, its mode or a Global Database cannot backtrack
	ReasonBacktrackNotEnabled  = "BacktrackNotEnabled"  // the cluster has no backtrack window
	ReasonClusterReplaced      = "ClusterReplaced"      // another Aurora cluster has the identifier now
	ReasonDependentNotFound    = "DependentNotFound"    // spec.dependents lists a workload that does not exist
	ReasonDependentUnsupported = "DependentUnsupported" // a workload cannot be paused and brought back, or restarted
	ReasonPauseTimedOut        = "PauseTimedOut"        // pods were still there after pauseTimeout
	ReasonPauseReverted        = "PauseReverted"        // somebody scaled a paused workload up before RDS was asked
	ReasonSafetyCopyNotAllowed = "SafetyCopyNotAllowed" // spec.safetyCopy of the AuroraCluster does not allow this copy
	ReasonCopyFailed           = "CopyFailed"           // RDS can't or won't make the safety copy; nothing was rewound
	ReasonCopyTimedOut         = "CopyTimedOut"         // the safety copy was not there in time; nothing was rewound
	ReasonRejected             = "Rejected"             // RDS refused the call; nothing was rewound
	ReasonFailed               = "Failed"               // RDS's record reads failed; the state of the data is not known
	ReasonOutcomeUnknown       = "OutcomeUnknown"       // RDS may have rewound the data
	ReasonReconnectTimedOut    = "ReconnectTimedOut"    // rewound, but a workload was not up after reconnectTimeout

	ReasonVerifyNotPossible        = "VerifyNotPossible"        // the operator's rights, the CronJob or its owner's consent is missing
	ReasonUndoNeedsPause           = "UndoNeedsPause"           // verify.onFailure is Undo, and a dependent is not paused
	ReasonUndone                   = "Undone"                   // the check says that the data was wrong, and it is as before the rewind
	ReasonUndoFailed               = "UndoFailed"               // the check says that the data is wrong, and it could not be undone
	ReasonUndoNotDue               = "UndoNotDue"               // an undo for which no AuroraBacktrack waits
	ReasonVerificationFailed       = "VerificationFailed"       // rewound, and the check says that the data is wrong; it is kept
	ReasonVerificationInconclusive = "VerificationInconclusive" // rewound, and the check decided nothing; the data is kept
)

// Reasons of an AuroraCluster's Ready condition, besides the ones above.
const (
	ReasonReady               = "Ready"
	ReasonDBClusterNotFound   = "DBClusterNotFound"   // RDS knows no such cluster
	ReasonCredentialsInvalid  = "CredentialsInvalid"  // AWS credentials are missing, wrong or expired
	ReasonAccessDenied        = "AccessDenied"        // IAM refuses
	ReasonThrottled           = "Throttled"           // RDS limits the rate of requests
	ReasonDuplicateTarget     = "DuplicateTarget"     // an older AuroraCluster names the same Aurora cluster
	ReasonExternalBacktrack   = "ExternalBacktrack"   // an event: a backtrack that no object asked for
	ReasonDependentsRestarted = "DependentsRestarted" // an event: after an external backtrack
	ReasonAllNamespaces       = "AllNamespaces"       // an event: spec.allowedNamespaces.selector is {}
)

// StepConditions are the conditions of a rewind's steps, in the order in which they become true. Copied is there only with a
// safety copy, Verified only with spec.verify.
var StepConditions = []string{
	ConditionAdmitted, ConditionPreflightPassed, ConditionDependentsPaused, ConditionCopied, ConditionBacktracked, ConditionClusterAvailable, ConditionVerified,
	ConditionDependentsReconnected,
}
