package v1alpha1

import "k8s.io/apimachinery/pkg/types"

// OnFailure is what follows when the check says that the data is wrong.
//
// +kubebuilder:validation:Enum=Keep
type OnFailure string

// What may follow a check that failed.
const (
	// OnFailureKeep keeps the rewound data: the dependents come back on it.
	OnFailureKeep OnFailure = "Keep"
)

// JobSource says what the Job that checks the data is made from.
type JobSource struct {
	// cronJob is the name of a CronJob in the same namespace. The Job is made from its jobTemplate, whether or not the CronJob is
	// suspended. Its owner consents with the annotation aurora-backtrack.io/verify: "true" on the CronJob.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=52
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="must be the name of a CronJob in the namespace of this AuroraBacktrack, such as check-orders"
	CronJob string `json:"cronJob"`
}

// Verify is a check of the rewound data, made before the dependents come back.
type Verify struct {
	// jobFrom says what the Job is made from that checks the data.
	// +required
	JobFrom JobSource `json:"jobFrom"`
	// timeout is how long the check may take, from when the cluster is available again, such as 5m. Paused dependents wait for it.
	// +optional
	// +kubebuilder:default="5m"
	Timeout Duration `json:"timeout,omitempty"`
	// onFailure is what follows when the check fails: a container of the Job exits with a code other than 0. Keep keeps the rewound
	// data, and the dependents come back on it. After a check that decided nothing the data is always kept.
	// +optional
	// +kubebuilder:default=Keep
	OnFailure OnFailure `json:"onFailure,omitempty"`
}

// VerificationOutcome is what came of the check.
//
// +kubebuilder:validation:Enum=Passed;Failed;Inconclusive
type VerificationOutcome string

// The outcomes of a check.
const (
	// VerificationPassed: the Job completed.
	VerificationPassed VerificationOutcome = "Passed"
	// VerificationFailed: a container of the Job exited by itself with a code other than 0.
	VerificationFailed VerificationOutcome = "Failed"
	// VerificationInconclusive: anything else. Whether the data is right is not known.
	VerificationInconclusive VerificationOutcome = "Inconclusive"
)

// Verification is how far the check of the rewound data is.
type Verification struct {
	// job is the name of the Job.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Job string `json:"job,omitempty"`
	// jobUID is the UID of the Job: of this one, and not of a later one of its name.
	// +optional
	JobUID types.UID `json:"jobUID,omitempty"`
	// outcome is Passed, Failed (a container exited by itself with a code other than 0) or Inconclusive (anything else); absent
	// while the check runs.
	// +optional
	Outcome VerificationOutcome `json:"outcome,omitempty"`
	// message says what the outcome rests on, with the last lines of the Job's log.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
}
