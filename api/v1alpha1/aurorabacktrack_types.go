package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ClusterReference names an AuroraCluster.
type ClusterReference struct {
	// name of the AuroraCluster.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
}

// AuroraBacktrackSpec says which cluster is rewound to what time. It is immutable, but for suspend and cancel.
//
// +kubebuilder:validation:XValidation:rule="self.clusterRef == oldSelf.clusterRef",message="clusterRef is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="self.backtrackTo == oldSelf.backtrackTo",message="backtrackTo is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="self.force == oldSelf.force",message="force is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="self.useEarliestTimeOnPointInTimeUnavailable == oldSelf.useEarliestTimeOnPointInTimeUnavailable",message="useEarliestTimeOnPointInTimeUnavailable is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="has(self.repeat) == has(oldSelf.repeat) && (!has(self.repeat) || self.repeat == oldSelf.repeat)",message="repeat is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="has(self.startDeadline) == has(oldSelf.startDeadline) && (!has(self.startDeadline) || self.startDeadline == oldSelf.startDeadline)",message="startDeadline is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="has(self.verify) == has(oldSelf.verify) && (!has(self.verify) || self.verify == oldSelf.verify)",message="verify is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="has(self.undoOf) == has(oldSelf.undoOf) && (!has(self.undoOf) || self.undoOf == oldSelf.undoOf)",message="undoOf is immutable: only the operator makes an undo"
// +kubebuilder:validation:XValidation:rule="!has(self.undoOf) || (!has(self.verify) && !self.suspend)",message="an undo can't be suspended, and nobody checks it: to stop it before RDS is asked, set cancel"
// +kubebuilder:validation:XValidation:rule="has(self.safetyCopy) == has(oldSelf.safetyCopy) && (!has(self.safetyCopy) || self.safetyCopy == oldSelf.safetyCopy)",message="safetyCopy is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="has(self.ttlSecondsAfterFinished) == has(oldSelf.ttlSecondsAfterFinished) && (!has(self.ttlSecondsAfterFinished) || self.ttlSecondsAfterFinished == oldSelf.ttlSecondsAfterFinished)",message="ttlSecondsAfterFinished is immutable: create a new AuroraBacktrack"
// +kubebuilder:validation:XValidation:rule="!oldSelf.cancel || self.cancel",message="cancel is one way: create a new AuroraBacktrack to rewind after all"
type AuroraBacktrackSpec struct {
	// clusterRef names the AuroraCluster that is rewound.
	// +required
	ClusterRef ClusterReference `json:"clusterRef"`
	// backtrackTo is the absolute time to go to, back or forward: RFC 3339 with a zone and a fraction of at
	// most milliseconds. Aurora takes the nearest consistent time; status.backtrack shows the one it took.
	// +required
	BacktrackTo Timestamp `json:"backtrackTo"`
	// force rewinds a cluster although its binary logging is on. Aurora writes no binary log entries for a backtrack, so
	// replicas that read the log keep the data from before. The AuroraCluster's policy must allow it (policy.allowForce).
	// +optional
	// +kubebuilder:default=false
	Force bool `json:"force"`
	// useEarliestTimeOnPointInTimeUnavailable rewinds to the earliest time of the backtrack window when backtrackTo is before it.
	// +optional
	// +kubebuilder:default=false
	UseEarliestTimeOnPointInTimeUnavailable bool `json:"useEarliestTimeOnPointInTimeUnavailable"`
	// suspend runs every check, shows the plan, changes nothing and waits. It has an effect until the run starts.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend"`
	// cancel ends the run and resumes what it paused. It can't be taken back. Once RDS has been asked it has no effect: AWS has
	// no call that cancels a backtrack, and the run follows it to its end.
	// +optional
	// +kubebuilder:default=false
	Cancel bool `json:"cancel"`
	// startDeadline is the absolute time after which the rewind no longer starts. Default: only policy.startWithin of the
	// AuroraCluster limits it.
	// +optional
	StartDeadline Timestamp `json:"startDeadline,omitempty"`
	// repeat is the identifier (RDS's BacktrackIdentifier, a UUID) of the latest backtrack to this time that RDS shows and
	// that belongs to no AuroraBacktrack. It allows the same rewind once more after that one, and after no later one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$')",message="must be the BacktrackIdentifier of the backtrack that is repeated, such as b2c3d4e5-0000-4000-8000-000000000000; the message of an AuroraBacktrack that ended as AlreadyApplied names it"
	Repeat string `json:"repeat,omitempty"`
	// verify has a Job check the rewound data before the dependents come back. It needs the operator's component verify.
	// +optional
	Verify *Verify `json:"verify,omitempty"`
	// undoOf is set by the operator, on the AuroraBacktrack that brings the data forward again after a check that failed. Nobody
	// else can set it.
	// +optional
	UndoOf *UndoOf `json:"undoOf,omitempty"`
	// safetyCopy keeps a copy of the present before it is rewound: a clone or a snapshot. Default: the AuroraCluster's.
	// +optional
	SafetyCopy *SafetyCopy `json:"safetyCopy,omitempty"`
	// ttlSecondsAfterFinished deletes the object this many seconds after it finished. Default: 604800 (seven days), which is
	// longer than any backtrack window. 2147483647 keeps it for good: set it where a Git repository would create it again.
	// +optional
	// +kubebuilder:default=604800
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// AuroraBacktrack is one rewind of an Aurora MySQL cluster, in place, back or forward. It runs once: a finished
// object stays finished, and does not run again when it is applied again or restored from a backup.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=abt,categories=aurora
// +kubebuilder:selectablefield:JSONPath=`.spec.clusterRef.name`
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterRef.name`
// +kubebuilder:printcolumn:name="To",type=string,JSONPath=`.spec.backtrackTo`
// +kubebuilder:printcolumn:name="Succeeded",type=string,JSONPath=`.status.conditions[?(@.type=="Succeeded")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Succeeded")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="From",type=string,priority=1,JSONPath=`.status.backtrack.backtrackedFrom`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Succeeded")].message`
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.completedAt) || self.spec == oldSelf.spec",message="this AuroraBacktrack has finished and its spec can no longer change: create a new AuroraBacktrack",fieldPath=".spec"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.verify) || !has(self.spec.verify.onFailure) || self.spec.verify.onFailure != 'Undo' || size(self.metadata.name) <= 248",message="metadata.name must be at most 248 characters with spec.verify.onFailure: Undo, because the undo is named after it"
type AuroraBacktrack struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`
	// spec is the rewind that is asked for.
	// +required
	Spec AuroraBacktrackSpec `json:"spec"`
	// status is what is happening, what was done and how to go forward again.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status AuroraBacktrackStatus `json:"status,omitzero"`
}

// AuroraBacktrackList is a list of AuroraBacktracks.
//
// +kubebuilder:object:root=true
type AuroraBacktrackList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []AuroraBacktrack `json:"items"`
}
