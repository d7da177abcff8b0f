package v1alpha1

// CopyType is how the present is kept before a rewind.
//
// +kubebuilder:validation:Enum=None;Clone;Snapshot
type CopyType string

// The types of a safety copy.
const (
	// CopyNone: no copy is made.
	CopyNone CopyType = "None"
	// CopyClone is a copy-on-write clone: another Aurora cluster that shares unchanged pages with its source.
	CopyClone CopyType = "Clone"
	// CopySnapshot is a DB cluster snapshot. It takes longer, and is restored before it can be read.
	CopySnapshot CopyType = "Snapshot"
)

// InstanceClass is a DB instance class, such as db.t4g.medium.
//
// +kubebuilder:validation:MinLength=4
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule="self.matches('^db[.][a-z0-9-]+([.][a-z0-9-]+)*$')",message="must be a DB instance class, such as db.t4g.medium or db.serverless"
type InstanceClass string

// SafetyCopy asks for a copy of the present, which is made after the dependents are paused and before RDS is asked to rewind. It
// keeps what the rewind discards, beyond the backtrack window and side by side with the rewound data. The operator never deletes
// a copy.
//
// +kubebuilder:validation:XValidation:rule="!has(self.instanceClass) || !has(self.type) || self.type == 'Clone'",message="instanceClass is for type Clone: a snapshot has no instances"
type SafetyCopy struct {
	// type of the copy: None, Clone or Snapshot. Default: the AuroraCluster's spec.safetyCopy.type.
	// +optional
	Type CopyType `json:"type,omitempty"`
	// instanceClass makes the clone readable at once: it gets one instance of this class. The AuroraCluster must list the class
	// (spec.safetyCopy.instanceClasses). Default: none, and the clone can be read once somebody adds an instance.
	// +optional
	InstanceClass InstanceClass `json:"instanceClass,omitempty"`
	// timeout is how long the copy may take, such as 30m, while the dependents are paused; after it they are resumed and nothing
	// is rewound. Default, and the longest: the AuroraCluster's spec.safetyCopy.timeout.
	// +optional
	Timeout Duration `json:"timeout,omitempty"`
	// keepFor is how long the copy is wanted, such as 168h. It stands in a tag of the copy, and nothing deletes the copy by itself.
	// Default: the AuroraCluster's spec.safetyCopy.keepFor.
	// +optional
	KeepFor Duration `json:"keepFor,omitempty"`
}

// SafetyCopyPolicy is the safety copy of the rewinds that ask for none of their own, and what others may ask for.
//
// +kubebuilder:validation:XValidation:rule="!has(self.allowedTypes) || self.type in self.allowedTypes",message="type must be one of allowedTypes"
type SafetyCopyPolicy struct {
	// type of the copy before a rewind that names none: None, Clone or Snapshot.
	// +optional
	// +kubebuilder:default=None
	Type CopyType `json:"type,omitempty"`
	// allowedTypes are the types that an AuroraBacktrack may ask for. Without None in it, no rewind goes without a copy. Default:
	// every type.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	AllowedTypes []CopyType `json:"allowedTypes,omitempty"`
	// instanceClasses are the classes of an instance that an AuroraBacktrack may give its clone. Default: no clone gets one.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	InstanceClasses []InstanceClass `json:"instanceClasses,omitempty"`
	// timeout is how long a copy may take at most, such as 30m, while the dependents are paused.
	// +optional
	// +kubebuilder:default="30m"
	Timeout Duration `json:"timeout,omitempty"`
	// keepFor is how long a copy is wanted where the AuroraBacktrack does not say, such as 168h (seven days).
	// +optional
	// +kubebuilder:default="168h"
	KeepFor Duration `json:"keepFor,omitempty"`
	// maxKeepFor is how long an AuroraBacktrack may want its copy at most. Default: no limit.
	// +optional
	MaxKeepFor Duration `json:"maxKeepFor,omitempty"`
}

// PlannedCopy is the safety copy that the run will make, or made: what the AuroraBacktrack asks for, and the AuroraCluster's
// defaults. A later change of these defaults does not change it.
type PlannedCopy struct {
	// type of the copy: Clone or Snapshot.
	// +required
	Type CopyType `json:"type"`
	// identifier of the clone (DBClusterIdentifier) or of the snapshot (DBClusterSnapshotIdentifier) in RDS. It follows from the
	// AuroraBacktrack's UID.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Identifier string `json:"identifier"`
	// instanceClass of the clone's instance, if it gets one.
	// +optional
	InstanceClass InstanceClass `json:"instanceClass,omitempty"`
	// timeout is how long the copy may take.
	// +optional
	Timeout Duration `json:"timeout,omitempty"`
	// keepFor is how long the copy is wanted.
	// +optional
	KeepFor Duration `json:"keepFor,omitempty"`
}

// SafetyCopyStatus is the copy that RDS was asked for.
type SafetyCopyStatus struct {
	// type of the copy: Clone or Snapshot.
	// +required
	Type CopyType `json:"type"`
	// identifier of the clone (DBClusterIdentifier) or of the snapshot (DBClusterSnapshotIdentifier) in RDS.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Identifier string `json:"identifier"`
	// instance is the identifier of the clone's instance, once RDS was asked for it.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Instance string `json:"instance,omitempty"`
	// requestedAt is when RDS was first asked for the copy.
	// +optional
	RequestedAt Timestamp `json:"requestedAt,omitempty"`
	// wantedUntil is until when the copy is wanted. Nothing deletes it by itself: kubectl backtrack copies has the AWS command.
	// +optional
	WantedUntil Timestamp `json:"wantedUntil,omitempty"`
	// status is RDS's word for the copy, such as creating or available; empty until RDS shows the copy.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Status string `json:"status,omitempty"`
	// endpoint is the host name of the clone's writer endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Endpoint string `json:"endpoint,omitempty"`
}
