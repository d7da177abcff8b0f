package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ObjectReference names one AuroraBacktrack, this very one and not a later one of the same name.
type ObjectReference struct {
	// namespace of the AuroraBacktrack.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`
	// name of the AuroraBacktrack.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the AuroraBacktrack.
	// +required
	UID types.UID `json:"uid"`
}

// LedgerEntry is one backtrack of the cluster: RDS's own record, with the name of the object that asked for it.
type LedgerEntry struct {
	// id is RDS's BacktrackIdentifier; empty while only the claim is known.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	ID string `json:"id,omitempty"`
	// requestedAt is RDS's BacktrackRequestCreationTime.
	// +optional
	RequestedAt Timestamp `json:"requestedAt,omitempty"`
	// backtrackTo is the time that the cluster was rewound to.
	// +optional
	BacktrackTo Timestamp `json:"backtrackTo,omitempty"`
	// backtrackedFrom is the time from which it was rewound. To undo it, backtrack to this time.
	// +optional
	BacktrackedFrom Timestamp `json:"backtrackedFrom,omitempty"`
	// status is RDS's status in lower case: pending, applying, completed, failed; or claimed, before RDS has a record.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Status string `json:"status,omitempty"`
	// requestedBy is the AuroraBacktrack that asked for it; absent for a backtrack made elsewhere.
	// +optional
	RequestedBy *ObjectReference `json:"requestedBy,omitempty"`
	// specHash identifies what that object asked for, so that the same object is recognised when it is created again.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SpecHash string `json:"specHash,omitempty"`
	// dbClusterResourceId is RDS's identity of the cluster that was claimed.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	DBClusterResourceID string `json:"dbClusterResourceId,omitempty"`
	// dependentsRestartedAt is when the dependents were restarted after a backtrack that was made elsewhere.
	// +optional
	DependentsRestartedAt Timestamp `json:"dependentsRestartedAt,omitempty"`
	// claimedAt is when the object claimed the call.
	// +optional
	ClaimedAt Timestamp `json:"claimedAt,omitempty"`
	// clockSkew is RDS's clock minus the operator's at the claim, in whole seconds.
	// +optional
	// +kubebuilder:validation:Minimum=-1000000000
	// +kubebuilder:validation:Maximum=1000000000
	ClockSkew int64 `json:"clockSkew,omitempty"`
	// attempt counts the object's claims, from 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Attempt int32 `json:"attempt,omitempty"`
}

// AuroraClusterStatus is what RDS said when it was last asked, the lock and the ledger.
type AuroraClusterStatus struct {
	// observedGeneration is the generation of the spec that this status is about; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// conditions are Ready; Reconciling and Stalled while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('0001-01-01T00:00:00Z'))",message="lastTransitionTime must be a time"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// dbClusterResourceId is RDS's identity of the cluster. It is never reused, so a cluster that is deleted
	// and created again under the same identifier is another one.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	DBClusterResourceID string `json:"dbClusterResourceId,omitempty"`
	// clusterStatus is the cluster's Status in RDS's words, such as available or backtracking.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	ClusterStatus string `json:"clusterStatus,omitempty"`
	// engineVersion of the cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	EngineVersion string `json:"engineVersion,omitempty"`
	// endpoint is the writer endpoint's host name.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Endpoint string `json:"endpoint,omitempty"`
	// port of the endpoint.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
	// backtrackWindow is the target window in seconds; 0 when backtracking is off.
	// +optional
	// +kubebuilder:validation:Minimum=0
	BacktrackWindow int64 `json:"backtrackWindow,omitempty"`
	// earliestBacktrackTime is the earliest time that the cluster can be rewound to now.
	// +optional
	EarliestBacktrackTime Timestamp `json:"earliestBacktrackTime,omitempty"`
	// backtrackConsumedChangeRecords is how many change records the backtrack history holds.
	// +optional
	BacktrackConsumedChangeRecords int64 `json:"backtrackConsumedChangeRecords,omitempty"`
	// observedAt is when RDS was last asked with success.
	// +optional
	ObservedAt Timestamp `json:"observedAt,omitempty"`
	// activeBacktrack is the AuroraBacktrack that holds the cluster: the lock.
	// +optional
	ActiveBacktrack *ObjectReference `json:"activeBacktrack,omitempty"`
	// backtracks is the ledger, oldest first: RDS's history of the cluster, with the AuroraBacktracks that asked for it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Backtracks []LedgerEntry `json:"backtracks,omitempty"`
}
