// Package policy holds every rule of who may rewind an AuroraCluster and when, as one list with one check. It is pure. The
// same check is made at admission, in the plan and right before RDS is asked.
package policy

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// recheck is how often a refusal that passes is looked at again; a watch reports most of what lifts one.
const recheck = 30 * time.Second

// Facts are what the rules look at.
type Facts struct {
	Cluster *v1alpha1.AuroraCluster
	Object  *v1alpha1.AuroraBacktrack
	// NamespaceAllowed says whether spec.allowedNamespaces admits the object's namespace.
	NamespaceAllowed bool
	// ApprovalTrouble says why the approval's annotations can't be believed; empty when they can.
	ApprovalTrouble string
	// Now is the time by the operator's clock, RDSNow by RDS's.
	Now, RDSNow time.Time
}

// Refusal is why a rewind may not start.
type Refusal struct {
	Rule    string // the rule's name
	Reason  string // a reason of the API
	Message string // one line with the remedy
	// Final says that waiting will not lift it: the run ends.
	Final bool
	// Again is when to look again, unless it is final.
	Again time.Duration
}

// rule refuses a rewind, or returns nil.
type rule struct {
	name  string
	check func(Facts) *Refusal
}

// rules are all of them, those that end a run first.
var rules = []rule{
	{"allowedNamespaces", allowedNamespaces},
	{"maxRewind", maxRewind},
	{"allowForce", allowForce},
	{"safetyCopy", safetyCopy},
	{"approval", approval},
	{"windows", windows},
}

// Check gives the refusals of all rules, those that end a run first.
func Check(f Facts) []Refusal {
	var refusals []Refusal
	for _, r := range rules {
		if refusal := r.check(f); refusal != nil {
			refusal.Rule = r.name
			refusals = append(refusals, *refusal)
		}
	}
	return refusals
}

// NeedsApproval reports whether somebody must approve rewinds of the cluster.
func NeedsApproval(c *v1alpha1.AuroraCluster) bool {
	return c.Spec.Policy.Approval != "" && c.Spec.Policy.Approval != v1alpha1.ApprovalNone
}

func final(reason, message string) *Refusal {
	return &Refusal{Reason: reason, Message: message, Final: true}
}

func passing(again time.Duration, reason, message string) *Refusal {
	return &Refusal{Reason: reason, Message: message, Again: again}
}

func allowedNamespaces(f Facts) *Refusal {
	if f.NamespaceAllowed {
		return nil
	}
	return final(v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf(
		"AuroraCluster %s does not allow namespace %s to rewind it: whoever runs the platform can add it to spec.allowedNamespaces", f.Cluster.Name, f.Object.Namespace))
}

func maxRewind(f Facts) *Refusal {
	distance, longest := f.RDSNow.Sub(f.Object.Spec.BacktrackTo.Time()), f.Cluster.Spec.Policy.MaxRewind.Or(v1alpha1.LongestBacktrackWindow)
	if distance <= longest || distance > v1alpha1.LongestBacktrackWindow { // no window reaches further: the preflight says so
		return nil
	}
	return final(v1alpha1.ReasonMaxRewindExceeded, fmt.Sprintf("spec.backtrackTo %s is %s ago; AuroraCluster %s allows at most %s (policy.maxRewind)",
		f.Object.Spec.BacktrackTo, distance.Round(time.Second), f.Cluster.Name, f.Cluster.Spec.Policy.MaxRewind))
}

func allowForce(f Facts) *Refusal {
	if !f.Object.Spec.Force || f.Cluster.Spec.Policy.AllowForce {
		return nil
	}
	return final(v1alpha1.ReasonForceNotAllowed, fmt.Sprintf(
		"spec.force is not allowed by AuroraCluster %s (policy.allowForce): create a new AuroraBacktrack without it", f.Cluster.Name))
}

// approval checks that whoever must agree has agreed. The admission policies see to it that the annotations tell the truth.
func approval(f Facts) *Refusal {
	if !NeedsApproval(f.Cluster) {
		return nil
	}
	if f.ApprovalTrouble != "" {
		return passing(recheck, v1alpha1.ReasonApprovalNotEnforced, fmt.Sprintf(
			"AuroraCluster %s requires approval, and %s: apply config/admission of this version, wait a minute, then create a new AuroraBacktrack", f.Cluster.Name, f.ApprovalTrouble))
	}
	by, asked := f.Object.Annotations[v1alpha1.ApprovedByAnnotation], f.Object.Annotations[v1alpha1.RequestedByAnnotation]
	another := f.Cluster.Spec.Policy.Approval == v1alpha1.ApprovalRequiredFromAnother
	message := "AuroraCluster " + f.Cluster.Name + " requires approval"
	switch {
	case by == "":
		message += ", and nobody has approved this: delete it and create it again with spec.suspend: true; an approver then lifts that"
	case another && asked == "":
		message += " from another person, and it is not known who asked: create it again with the annotation " + v1alpha1.RequestedByAnnotation
	case another && by == asked:
		message += " from another person than " + asked + ", who asked: create it again, suspended, and let another approver lift that"
	default:
		return nil
	}
	return passing(recheck, v1alpha1.ReasonApprovalRequired, message)
}

// windows checks that a rewind may start at this time.
func windows(f Facts) *Refusal {
	opening, err := Windows(f.Cluster.Spec.Policy.Windows, f.Now)
	switch {
	case err != nil:
		return passing(recheck, v1alpha1.ReasonOutsideWindow, fmt.Sprintf("AuroraCluster %s: %v; nothing starts until that is mended", f.Cluster.Name, err))
	case opening.Open:
		return nil
	case opening.Next.IsZero():
		return passing(recheck, v1alpha1.ReasonOutsideWindow, fmt.Sprintf("AuroraCluster %s has windows that never open (policy.windows)", f.Cluster.Name))
	}
	return passing(min(opening.Next.Sub(f.Now), recheck), v1alpha1.ReasonOutsideWindow, fmt.Sprintf(
		"AuroraCluster %s allows no start now; the next window opens at %s (policy.windows)", f.Cluster.Name, v1alpha1.NewTimestamp(opening.Next)))
}
