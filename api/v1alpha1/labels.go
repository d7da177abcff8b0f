package v1alpha1

// Labels, annotations, the finalizer and the field managers that the operator uses. All live under aurora-backtrack.io/.
const (
	// ClusterLabel on a workload makes it a dependent of the AuroraCluster that it names.
	ClusterLabel = "aurora-backtrack.io/cluster"
	// StrategyAnnotation on a workload says what a rewind does to it: Restart, Pause or None.
	// An entry in spec.dependents of the AuroraCluster outranks it.
	StrategyAnnotation = "aurora-backtrack.io/strategy"
	// PausedAnnotation is the mark on a workload that is paused: a JSON object with the UID of the
	// AuroraBacktrack that paused it and what is to be restored. It is written in the same patch that pauses.
	PausedAnnotation = "aurora-backtrack.io/paused"
	// RestartedByAnnotation on a pod template carries the UID of the AuroraBacktrack (or, after a backtrack
	// made elsewhere, the id of its record) that last restarted the workload.
	RestartedByAnnotation = "aurora-backtrack.io/restarted-by"
	// RequestedByAnnotation on an AuroraBacktrack names the user who created it. The admission policy
	// holds it to the truth; needed only where the policy asks for approval from another person.
	RequestedByAnnotation = "aurora-backtrack.io/requested-by"
	// ApprovedByAnnotation on an AuroraBacktrack names the user who lifted its suspension. The admission
	// policy holds it to the truth; needed only where the policy asks for approval.
	ApprovedByAnnotation = "aurora-backtrack.io/approved-by"

	// VerifyAnnotation on a CronJob, with the value "true", is its owner's consent that AuroraBacktracks of its namespace run
	// Jobs made from it (spec.verify).
	VerifyAnnotation = "aurora-backtrack.io/verify"

	// Tags of a safety copy in AWS: the UID of its AuroraBacktrack, which makes it that object's; the object's namespace and
	// name; the AuroraCluster; when RDS was asked for the copy, and until when it is wanted.
	CopyUIDTag         = "aurora-backtrack.io/uid"
	CopyObjectTag      = "aurora-backtrack.io/object"
	CopyClusterTag     = "aurora-backtrack.io/cluster"
	CopyTimeTag        = "aurora-backtrack.io/time"
	CopyWantedUntilTag = "aurora-backtrack.io/wanted-until"

	// Finalizer keeps an AuroraBacktrack until what it began is brought to its end.
	Finalizer = "aurora-backtrack.io/cleanup"

	// FieldManager owns what the operator writes in its own objects' status.
	FieldManager = "aurora-backtrack"
	// WorkloadFieldManager owns what the operator writes in workloads.
	WorkloadFieldManager = "aurora-backtrack-workload"
)
