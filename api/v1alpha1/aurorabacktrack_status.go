package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Plan is what the run will do, or did.
type Plan struct {
	// madeAt is when the plan was made.
	// +optional
	MadeAt Timestamp `json:"madeAt,omitempty"`
	// dbClusterResourceId is the identity of the Aurora cluster that the plan is about. The run is pinned to it.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	DBClusterResourceID string `json:"dbClusterResourceId,omitempty"`
	// backtrackTo is the time that RDS will be asked for, in UTC.
	// +optional
	BacktrackTo Timestamp `json:"backtrackTo,omitempty"`
	// distance is the time from backtrackTo to madeAt, such as 14m32s.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Distance string `json:"distance,omitempty"`
	// summary says in a sentence how far the cluster is rewound and which workloads are paused or restarted.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`
	// reachableUntil is about when the present leaves the backtrack window, by the window's target length: until then one can
	// go forward to the writes that the rewind takes back. Under heavy writes the actual window is shorter.
	// +optional
	ReachableUntil Timestamp `json:"reachableUntil,omitempty"`
	// safetyCopy is the copy of the present that is made before the rewind; absent when none is.
	// +optional
	SafetyCopy *PlannedCopy `json:"safetyCopy,omitempty"`
	// warnings are facts to consider before the rewind starts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	Warnings []string `json:"warnings,omitempty"`
}

// Claim is stored before RDS is asked. A claim without a record means that the call may have been accepted: RDS is asked
// again only after its history has shown that it was not.
type Claim struct {
	// claimedAt is when the claim was written, by the operator's clock.
	// +required
	ClaimedAt Timestamp `json:"claimedAt"`
	// backtrackTo is the time that RDS is asked for.
	// +required
	BacktrackTo Timestamp `json:"backtrackTo"`
	// attempt counts the claims of this object, from 1. A further claim is made only after RDS refused the earlier
	// call, or after RDS's history showed no record of it for the settle period while the cluster was idle.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Attempt int32 `json:"attempt"`
	// clockSkew is RDS's clock minus the operator's, from the Date header of RDS's answers, in whole seconds.
	// +optional
	// +kubebuilder:validation:Minimum=-1000000000
	// +kubebuilder:validation:Maximum=1000000000
	ClockSkew int64 `json:"clockSkew,omitempty"`
	// dbClusterResourceId is the identity of the Aurora cluster that RDS is asked to rewind. RDS is not asked again when the
	// identifier stands for another cluster by then.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	DBClusterResourceID string `json:"dbClusterResourceId,omitempty"`
	// unobservedSince is since when RDS has not answered for the cluster; absent while it does.
	// +optional
	UnobservedSince Timestamp `json:"unobservedSince,omitempty"`
	// emptySince is the time since which RDS's history has shown no record of this claim while the cluster was idle.
	// +optional
	EmptySince Timestamp `json:"emptySince,omitempty"`
}

// BacktrackRecord is RDS's record of the backtrack.
type BacktrackRecord struct {
	// id is RDS's BacktrackIdentifier.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	ID string `json:"id,omitempty"`
	// requestedAt is RDS's BacktrackRequestCreationTime.
	// +optional
	RequestedAt Timestamp `json:"requestedAt,omitempty"`
	// backtrackTo is the time that Aurora rewound to.
	// +optional
	BacktrackTo Timestamp `json:"backtrackTo,omitempty"`
	// backtrackedFrom is the time that Aurora rewound from. To go forward again, backtrack to it.
	// +optional
	BacktrackedFrom Timestamp `json:"backtrackedFrom,omitempty"`
	// status is RDS's status in lower case, such as applying or completed.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Status string `json:"status,omitempty"`
}

// DependentState is the state of a dependent in the run.
//
// +kubebuilder:validation:Enum=Pending;Pausing;Paused;Resuming;Restarting;Ready;Failed;Skipped
type DependentState string

// The states of a dependent.
const (
	DependentPending    DependentState = "Pending"
	DependentPausing    DependentState = "Pausing"
	DependentPaused     DependentState = "Paused"
	DependentResuming   DependentState = "Resuming"
	DependentRestarting DependentState = "Restarting"
	DependentReady      DependentState = "Ready"
	DependentFailed     DependentState = "Failed"
	DependentSkipped    DependentState = "Skipped"
)

// DependentStatus is one workload, what the run does to it, and its state.
type DependentStatus struct {
	// apiVersion of the workload.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	APIVersion string `json:"apiVersion,omitempty"`
	// kind of the workload.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`
	// namespace of the workload.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`
	// name of the workload.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// strategy is what happens to it.
	// +optional
	Strategy Strategy `json:"strategy,omitempty"`
	// order of pausing: lower pauses first and resumes last.
	// +optional
	// +kubebuilder:validation:Minimum=-1000
	// +kubebuilder:validation:Maximum=1000
	Order int32 `json:"order,omitempty"`
	// deleteRunningJobs as the AuroraCluster's spec.dependents sets it.
	// +optional
	DeleteRunningJobs bool `json:"deleteRunningJobs,omitempty"`
	// replicas is how many it had when the plan was made; absent where the kind has none.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Replicas *int32 `json:"replicas,omitempty"`
	// state of the workload in the run.
	// +optional
	State DependentState `json:"state,omitempty"`
	// message says why it is in that state.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// AuroraBacktrackStatus is what is happening, what was done and how to go forward again.
type AuroraBacktrackStatus struct {
	// observedGeneration is the generation of the spec that this status is about; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// conditions are Admitted, PreflightPassed, DependentsPaused, Copied (with a safety copy), Backtracked, ClusterAvailable, Verified (with spec.verify),
	// DependentsReconnected, Succeeded; Reconciling and Stalled while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('0001-01-01T00:00:00Z'))",message="lastTransitionTime must be a time"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// queuePosition is the place in the queue for the cluster, from 1, while another AuroraBacktrack holds it.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	QueuePosition *int32 `json:"queuePosition,omitempty"`
	// plan is what the run will do, or did. While the object is suspended it is made anew every five minutes.
	// +optional
	Plan *Plan `json:"plan,omitempty"`
	// claim is stored before RDS is asked.
	// +optional
	Claim *Claim `json:"claim,omitempty"`
	// safetyCopy is the copy that RDS was asked for before the rewind.
	// +optional
	SafetyCopy *SafetyCopyStatus `json:"safetyCopy,omitempty"`
	// backtrack is RDS's record. To go forward again, backtrack to its backtrackedFrom.
	// +optional
	Backtrack *BacktrackRecord `json:"backtrack,omitempty"`
	// verification is how far the check of the rewound data is, and what came of it; absent without spec.verify.
	// +optional
	Verification *Verification `json:"verification,omitempty"`
	// dependents are the workloads that depend on the database, with the state of each.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2048
	Dependents []DependentStatus `json:"dependents,omitempty"`
	// startableSince is since when nothing but what policy.startWithin bounds has kept the object from starting: the latest of
	// its creation, the end of its suspension, its approval and the opening of the window.
	// +optional
	StartableSince Timestamp `json:"startableSince,omitempty"`
	// startedAt is when the object was admitted and took the cluster's lock.
	// +optional
	StartedAt Timestamp `json:"startedAt,omitempty"`
	// completedAt is when the object finished, with or without success. To wait for either:
	// kubectl wait --for=jsonpath='{.status.completedAt}'.
	// +optional
	CompletedAt Timestamp `json:"completedAt,omitempty"`
}
