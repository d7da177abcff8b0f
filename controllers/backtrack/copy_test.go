package backtrack_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

const (
	untilCopied  = untilPaused + " Copied=True/Copied"
	copiedPath   = untilCopied + " Backtracked=True/Completed ClusterAvailable=True/Available DependentsReconnected=True/Reconnected"
	copyFails    = untilPaused + " Copied=False/CopyFailed DependentsReconnected=True/Resumed"
	copyTimesOut = untilPaused + " Copied=False/CopyTimedOut DependentsReconnected=True/Resumed"
)

// wanting asks for a safety copy.
func wanting(kind v1alpha1.CopyType, change ...func(*v1alpha1.SafetyCopy)) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		b.Spec.SafetyCopy = &v1alpha1.SafetyCopy{Type: kind}
		for _, f := range change {
			f(b.Spec.SafetyCopy)
		}
	}
}

func readable(c *v1alpha1.SafetyCopy) { c.InstanceClass = "db.t4g.medium" }

// copying makes a copy take so long, and lets clones have an instance.
func copying(takes time.Duration) func(*harness.Env) {
	return func(env *harness.Env) {
		env.MakeCopyable("testcluster")
		env.RDS.SetTiming(local.Timing{Unlisted: 2 * time.Second, Pending: 4 * time.Second, Backtracking: 10 * time.Second, StatusLag: 3 * time.Second, Copying: takes})
		env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
			c.Spec.SafetyCopy.InstanceClasses = []v1alpha1.InstanceClass{"db.t4g.medium"}
		})
	}
}

// TestCopies has the ends that a rewind with a safety copy can come to. The copy's identifier reads COPY.
func TestCopies(t *testing.T) {
	fault := func(operation, fault string, n int) func(*harness.Env) {
		return func(env *harness.Env) { copying(20 * time.Second)(env); env.RDS.FailNext(operation, fault, n) }
	}
	const clone, snapshot = "RestoreDBClusterToPointInTime", "CreateDBClusterSnapshot"
	rewoundWith := func(copied, at, until, forward string) string {
		return rewoundTo("2023-12-23T13:55:00Z", forward) + fmt.Sprintf("; %s COPY holds the data as it was at %s, and is wanted until %s", copied, at, until)
	}
	for name, e := range map[string]ending{
		"a clone": {
			given: copying(20 * time.Second), object: wanting(v1alpha1.CopyClone),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("clone", "2023-12-23T14:10:01Z", "2023-12-30T14:10:01Z", "2023-12-23T14:10:25Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY",
		},
		"a readable clone, kept for two days": {
			given: copying(20 * time.Second), object: wanting(v1alpha1.CopyClone, readable, func(c *v1alpha1.SafetyCopy) { c.KeepFor = "48h" }),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("clone", "2023-12-23T14:10:01Z", "2023-12-25T14:10:01Z", "2023-12-23T14:10:26Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY COPY-1",
		},
		"a snapshot by the AuroraCluster's default": {
			given: func(env *harness.Env) {
				copying(20 * time.Second)(env)
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.SafetyCopy.Type = v1alpha1.CopySnapshot })
			},
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("snapshot", "2023-12-23T14:10:01Z", "2023-12-30T14:10:01Z", "2023-12-23T14:10:25Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY",
		},
		"the default is not wanted": {
			given: func(env *harness.Env) {
				copying(20 * time.Second)(env)
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.SafetyCopy.Type = v1alpha1.CopySnapshot })
			},
			object:        wanting(v1alpha1.CopyNone),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound,
			wantPath: fullPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the copy takes too long": {
			given: copying(10 * time.Hour), object: wanting(v1alpha1.CopyClone, func(c *v1alpha1.SafetyCopy) { c.Timeout = "10m" }),
			wantReason:  v1alpha1.ReasonCopyTimedOut,
			wantMessage: `the safety copy was not there within 10m0s (safetyCopy.timeout), so RDS is not asked to rewind and what was paused is resumed: it reads "creating"; clone COPY may become available later, and nothing deletes it by itself`,
			wantPath:    copyTimesOut,
			wantMade:    "COPY",
		},
		"the answer is lost": {
			given: fault(clone, local.FaultLostReply, 1), object: wanting(v1alpha1.CopyClone),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("clone", "2023-12-23T14:10:01Z", "2023-12-30T14:10:01Z", "2023-12-23T14:10:25Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY",
		},
		"the connection breaks before RDS did anything": {
			given: fault(snapshot, local.FaultConnectionReset, 1), object: wanting(v1alpha1.CopySnapshot),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("snapshot", "2023-12-23T14:10:01Z", "2023-12-30T14:10:01Z", "2023-12-23T14:10:26Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY",
		},
		"RDS asks to slow down": {
			given: fault(clone, local.FaultThrottling, 2), object: wanting(v1alpha1.CopyClone),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundWith("clone", "2023-12-23T14:10:01Z", "2023-12-30T14:10:01Z", "2023-12-23T14:10:31Z"),
			wantPath: copiedPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
			wantMade: "COPY",
		},
		"RDS never stops asking to slow down": {
			given: fault(clone, local.FaultThrottling, 0), object: wanting(v1alpha1.CopyClone, func(c *v1alpha1.SafetyCopy) { c.Timeout = "2m" }),
			wantReason:  v1alpha1.ReasonCopyTimedOut,
			wantMessage: `the safety copy was not there within 2m0s (safetyCopy.timeout), so RDS is not asked to rewind and what was paused is resumed: RestoreDBClusterToPointInTime: ThrottlingException: Rate exceeded; clone COPY may become available later, and nothing deletes it by itself`,
			wantPath:    copyTimesOut,
		},
		"IAM refuses it": {
			given: fault(clone, local.FaultAccessDenied, 1), object: wanting(v1alpha1.CopyClone),
			wantReason:  v1alpha1.ReasonCopyFailed,
			wantMessage: `RDS refused the safety copy, and nothing was rewound: RestoreDBClusterToPointInTime: AccessDenied: The caller is not authorized to perform this action: give the operator's IAM role the rights of config/aws/policy-safety-copy.json (docs/aws.md)`,
			wantPath:    copyFails,
		},
		"IAM refuses the instance": {
			given: fault("CreateDBInstance", local.FaultAccessDenied, 1), object: wanting(v1alpha1.CopyClone, readable),
			wantReason:  v1alpha1.ReasonCopyFailed,
			wantMessage: `RDS refused an instance of the safety copy, and nothing was rewound: CreateDBInstance: AccessDenied: The caller is not authorized to perform this action: give the operator's IAM role the rights of config/aws/policy-safety-copy.json (docs/aws.md)`,
			wantPath:    copyFails,
			wantMade:    "COPY",
		},
		"it has no instance": {
			object: wanting(v1alpha1.CopyClone), wantReason: v1alpha1.ReasonCopyFailed,
			wantMessage: `Aurora cluster testcluster has no DB instance, and RDS clones only a cluster that has one; nothing was rewound: give it an instance, or create a new AuroraBacktrack with safetyCopy.type Snapshot`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/CopyFailed",
		},
		"its type is not allowed": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.SafetyCopy.AllowedTypes = []v1alpha1.CopyType{v1alpha1.CopyNone}
				})
			},
			object: wanting(v1alpha1.CopyClone), wantReason: v1alpha1.ReasonSafetyCopyNotAllowed,
			wantMessage: `a safety copy of type Clone is not allowed by AuroraCluster game (spec.safetyCopy.allowedTypes): create a new AuroraBacktrack with one of [None]`,
			wantPath:    "Admitted=False/SafetyCopyNotAllowed",
		},
		"it is cancelled while RDS copies": {
			given: copying(time.Hour), object: wanting(v1alpha1.CopySnapshot),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionCopied, v1alpha1.ReasonCopying)
				o.Edit("undo", cancel)
			},
			wantReason: v1alpha1.ReasonCancelled, wantMessage: "cancelled before RDS was asked; the database was not touched",
			wantPath: untilPaused + " Copied=False/Cancelled DependentsReconnected=True/Resumed",
			wantMade: "COPY",
		},
		"somebody wakes a workload while RDS copies": {
			given: copying(30 * time.Second), object: wanting(v1alpha1.CopySnapshot),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionCopied, v1alpha1.ReasonCopying)
				o.Scale("worker", 3)
			},
			wantReason: v1alpha1.ReasonPauseReverted, wantMessage: wokenDuringPause + "; snapshot COPY holds the data as it was at 2023-12-23T14:10:01Z, and is wanted until 2023-12-30T14:10:01Z",
			wantPath: untilCopied + " Backtracked=False/PauseReverted DependentsReconnected=True/Resumed",
			wantMade: "COPY",
		},
	} {
		t.Run(name, e.run)
	}
}

// copyOf is the identifier of the object's copy.
func copyOf(env *harness.Env, name string) string {
	return rds.CopyIdentifier(string(env.Read(name).UID))
}
