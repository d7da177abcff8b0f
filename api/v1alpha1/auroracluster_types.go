package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Strategy is what a rewind does to a dependent workload.
//
// +kubebuilder:validation:Enum=Restart;Pause;None
type Strategy string

// The strategies.
const (
	// StrategyRestart restarts the workload after the rewind, so that it reconnects.
	StrategyRestart Strategy = "Restart"
	// StrategyPause scales the workload to zero before the rewind and back afterwards.
	StrategyPause Strategy = "Pause"
	// StrategyNone leaves the workload alone.
	StrategyNone Strategy = "None"
)

// Approval is who must agree before a rewind of the cluster starts.
//
// +kubebuilder:validation:Enum=None;Required;RequiredFromAnother
type Approval string

// The approvals.
const (
	// ApprovalNone: whoever may create an AuroraBacktrack may run it.
	ApprovalNone Approval = "None"
	// ApprovalRequired: objects are created suspended; a user with the verb approve on this AuroraCluster ends that.
	ApprovalRequired Approval = "Required"
	// ApprovalRequiredFromAnother: as Required, and not by the user who created the object.
	ApprovalRequiredFromAnother Approval = "RequiredFromAnother"
)

// AllowedNamespaces says from which namespaces the cluster may be rewound. A namespace is allowed if it is
// named or selected. Without names and without a selector no namespace is allowed.
type AllowedNamespaces struct {
	// names of namespaces whose AuroraBacktracks are admitted and whose labelled workloads are dependents.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Names []string `json:"names,omitempty"`
	// selector admits namespaces by their labels. An empty selector, written {}, admits all of them.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// Policy limits what an AuroraBacktrack may ask of the cluster.
type Policy struct {
	// approval says who must agree before a rewind starts: None, Required (a user with the verb approve on
	// this AuroraCluster) or RequiredFromAnother (such a user, other than the one who asked).
	// +optional
	// +kubebuilder:default=None
	Approval Approval `json:"approval,omitempty"`
	// maxRewind is the longest distance from now back to backtrackTo, such as 24h. Default: only the
	// cluster's own backtrack window limits it.
	// +optional
	MaxRewind Duration `json:"maxRewind,omitempty"`
	// allowForce admits spec.force: true, which rewinds a cluster although binary logging is on.
	// +optional
	// +kubebuilder:default=false
	AllowForce bool `json:"allowForce,omitempty"`
	// windows are the times in which rewinds may start. Default: at all times.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Windows []StartWindow `json:"windows,omitempty"`
	// startWithin is how long after it could first start a rewind may still start, such as 1h: counted from the latest of
	// its creation, the end of its suspension (with approval: the approval) and the opening of the window. One that could not
	// start in time ends as Expired; it does not start by itself later.
	// +optional
	// +kubebuilder:default="1h"
	StartWithin Duration `json:"startWithin,omitempty"`
}

// StartWindow is a recurring stretch of time.
type StartWindow struct {
	// schedule is when the window opens: a cron expression of five fields, such as "0 22 * * 1-5".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:Pattern=`^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+( +\S+){4})$`
	Schedule string `json:"schedule"`
	// duration is how long it stays open, such as 4h.
	// +required
	Duration Duration `json:"duration"`
	// timeZone is the zone of the schedule by its IANA name, such as Europe/Berlin.
	// +optional
	// +kubebuilder:default="Etc/UTC"
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// Dependent is a workload that depends on the database, and what a rewind does to it.
type Dependent struct {
	// apiVersion of the workload. Default: the usual one of Deployment, StatefulSet, DaemonSet, ReplicaSet,
	// CronJob (Kubernetes) and Rollout (Argo). Any other kind needs it, and needs a scale subresource.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	APIVersion string `json:"apiVersion,omitempty"`
	// kind of the workload, such as Deployment.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`
	// namespace of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`
	// name of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// strategy is what happens to it: Restart, Pause or None. Default: the workload's own annotation
	// aurora-backtrack.io/strategy, else the AuroraCluster's strategy.
	// +optional
	Strategy Strategy `json:"strategy,omitempty"`
	// order of pausing: lower pauses first and resumes last.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=-1000
	// +kubebuilder:validation:Maximum=1000
	Order int32 `json:"order,omitempty"`
	// deleteRunningJobs deletes, on a CronJob with strategy Pause, its Jobs that still run when pauseTimeout has
	// passed. Default: the rewind does not start, and everything is resumed.
	// +optional
	// +kubebuilder:default=false
	DeleteRunningJobs bool `json:"deleteRunningJobs,omitempty"`
}

// AuroraClusterSpec names one Aurora MySQL cluster and says who may rewind it and what depends on it.
//
// +kubebuilder:validation:XValidation:rule="self.dbClusterIdentifier == oldSelf.dbClusterIdentifier",message="dbClusterIdentifier is immutable: create another AuroraCluster for another Aurora cluster"
// +kubebuilder:validation:XValidation:rule="has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",message="region is immutable: create another AuroraCluster for a cluster in another Region"
// +kubebuilder:validation:XValidation:rule="!has(self.externalID) || has(self.roleARN)",message="externalID is used only together with roleARN: set roleARN, or remove externalID"
type AuroraClusterSpec struct {
	// dbClusterIdentifier is the Aurora cluster's identifier in RDS. Immutable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z](-?[A-Za-z0-9])*$')",message="must be an RDS cluster identifier: letters, digits and single hyphens, beginning with a letter"
	DBClusterIdentifier string `json:"dbClusterIdentifier"`
	// region is the AWS Region of the cluster. Immutable. Default: the operator's own.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]{2,4}(-[a-z]+)+-[0-9]+$')",message="must be an AWS Region such as eu-west-1"
	Region string `json:"region,omitempty"`
	// roleARN is an IAM role that the operator assumes for this cluster, for instance in another account.
	// Default: the operator's own identity.
	// +optional
	// +kubebuilder:validation:MinLength=20
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$')",message="must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/backtrack"
	RoleARN string `json:"roleARN,omitempty"`
	// externalID is passed to STS together with roleARN.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=1224
	ExternalID string `json:"externalID,omitempty"`
	// allowedNamespaces says from where the cluster may be rewound. Default: nobody may.
	// +optional
	AllowedNamespaces AllowedNamespaces `json:"allowedNamespaces,omitzero"`
	// policy limits what an AuroraBacktrack may ask for.
	// +optional
	// +kubebuilder:default={}
	Policy Policy `json:"policy,omitzero"`
	// strategy is what a rewind does to dependents without a strategy of their own: Restart, Pause or None.
	// +optional
	// +kubebuilder:default=Restart
	Strategy Strategy `json:"strategy,omitempty"`
	// safetyCopy is the copy of the present that is made before a rewind, and what rewinds may ask for.
	// +optional
	SafetyCopy SafetyCopyPolicy `json:"safetyCopy,omitzero"`
	// dependents are workloads that depend on the database, besides everything in the allowed namespaces
	// that is labelled aurora-backtrack.io/cluster with this object's name.
	// +optional
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=namespace
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=512
	Dependents []Dependent `json:"dependents,omitempty"`
	// pauseTimeout is how long pausing may take, such as 5m. After it everything is resumed and RDS is not asked.
	// +optional
	// +kubebuilder:default="5m"
	PauseTimeout Duration `json:"pauseTimeout,omitempty"`
	// reconnectTimeout is how long dependents may take to be ready again after the rewind, such as 10m.
	// +optional
	// +kubebuilder:default="10m"
	ReconnectTimeout Duration `json:"reconnectTimeout,omitempty"`
	// refreshInterval is how often RDS is asked about the cluster while no rewind is under way; at least 10s.
	// +optional
	// +kubebuilder:default="60s"
	RefreshInterval Duration `json:"refreshInterval,omitempty"`
	// restartOnExternalBacktrack also restarts the dependents after backtracks that no AuroraBacktrack asked for, such as in
	// the console.
	// +optional
	// +kubebuilder:default=false
	RestartOnExternalBacktrack bool `json:"restartOnExternalBacktrack,omitempty"`
}

// AuroraCluster is one Aurora MySQL cluster that may be rewound: one target, one lock, one ledger, one
// policy. It never creates, changes or deletes an Aurora cluster.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=auc,categories=aurora
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.dbClusterIdentifier`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.clusterStatus`
// +kubebuilder:printcolumn:name="Window",type=string,JSONPath=`.status.backtrackWindow`
// +kubebuilder:printcolumn:name="Earliest",type=string,JSONPath=`.status.earliestBacktrackTime`
// +kubebuilder:printcolumn:name="Active",type=string,JSONPath=`.status.activeBacktrack.name`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name must be at most 63 characters: workloads name it in the label aurora-backtrack.io/cluster"
type AuroraCluster struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`
	// spec names the cluster and says who may rewind it.
	// +required
	Spec AuroraClusterSpec `json:"spec"`
	// status is what RDS last reported, the lock and the ledger.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status AuroraClusterStatus `json:"status,omitzero"`
}

// AuroraClusterList is a list of AuroraClusters.
//
// +kubebuilder:object:root=true
type AuroraClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []AuroraCluster `json:"items"`
}
