package harness

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// KStatus is what kstatus, and with it Flux and other tools that wait for an object, makes of it.
func KStatus(o client.Object) status.Status {
	gvks, _, err := scheme.ObjectKinds(o)
	if err != nil {
		panic(err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		panic(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvks[0])
	return kstatus(u)
}

func kstatus(u *unstructured.Unstructured) status.Status {
	result, err := status.Compute(u)
	if err != nil {
		panic(fmt.Sprintf("kstatus of %s %s: %v", u.GetKind(), u.GetName(), err))
	}
	return result.Status
}

// SummaryProblems lists what is wrong in how an AuroraBacktrack, as it is written, reads as a whole.
func SummaryProblems(b *v1alpha1.AuroraBacktrack) []string { return backtrackSummary(b, KStatus(b)) }

// backtrackSummary lists what is wrong in how an AuroraBacktrack reads as a whole: its kstatus, its end and the
// conditions that say so must agree.
func backtrackSummary(b *v1alpha1.AuroraBacktrack, reads status.Status) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	succeeded, ended := Condition(b, v1alpha1.ConditionSucceeded), b.Status.CompletedAt != ""
	want := status.InProgressStatus
	switch {
	case b.DeletionTimestamp != nil:
		want = status.TerminatingStatus
	case b.Status.ObservedGeneration != b.Generation:
	case ended && succeeded.Status == metav1.ConditionTrue:
		want = status.CurrentStatus
	case ended:
		want = status.FailedStatus
	}
	if reads != want {
		problem("kstatus reads %s, want %s", reads, want)
	}
	if known := succeeded.Status != "" && succeeded.Status != metav1.ConditionUnknown; ended != known {
		problem("completedAt is %q and Succeeded %q", b.Status.CompletedAt, succeeded.Status)
	}
	reconciling := meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReconciling)
	stalled := meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionStalled)
	if ended && reconciling || stalled != (ended && succeeded.Status == metav1.ConditionFalse) {
		problem("ended is %t, Reconciling %t and Stalled %t", ended, reconciling, stalled)
	}
	return append(problems, conditionProblems(b.Status.Conditions)...)
}

// clusterSummary does so for an AuroraCluster: one that is not Ready never reads Current, and what only a person can
// change reads Failed.
func clusterSummary(c *v1alpha1.AuroraCluster, reads status.Status) (problems []string) {
	ready := meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady)
	reconciling := meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReconciling)
	stalled := meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionStalled)
	want := status.InProgressStatus
	switch {
	case c.DeletionTimestamp != nil:
		want = status.TerminatingStatus
	case c.Status.ObservedGeneration != c.Generation || reconciling:
	case stalled:
		want = status.FailedStatus
	case ready:
		want = status.CurrentStatus
	}
	if reads != want {
		problems = append(problems, fmt.Sprintf("kstatus reads %s, want %s", reads, want))
	}
	if stalled && (ready || reconciling) {
		problems = append(problems, fmt.Sprintf("Stalled is True, Ready %t and Reconciling %t", ready, reconciling))
	}
	return append(problems, conditionProblems(c.Status.Conditions)...)
}

// conditionProblems lists conditions without a reason or message, and a Reconciling or Stalled that is there and not
// True.
func conditionProblems(conditions []metav1.Condition) (problems []string) {
	for _, c := range conditions {
		summary := c.Type == v1alpha1.ConditionReconciling || c.Type == v1alpha1.ConditionStalled
		if c.Message == "" || c.Reason == "" || summary && c.Status != metav1.ConditionTrue {
			problems = append(problems, fmt.Sprintf("a condition is %+v", c))
		}
	}
	return problems
}
