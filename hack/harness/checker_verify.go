package harness

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// seeJob holds that an object's data is checked by one Job, whoever dies on the way.
func (s *Checker) seeJob(old, job *batchv1.Job) {
	if old != nil || job == nil {
		return
	}
	owner := metav1.GetControllerOf(job)
	if owner == nil {
		s.violation("Job %s has no owner", job.Name)
		return
	}
	if s.checks[owner.UID]++; s.checks[owner.UID] > 1 {
		s.violation("%d Jobs were made to check the data of %s", s.checks[owner.UID], owner.Name)
	}
}

// checkVerified holds that nothing comes back while its data is checked, or brought forward again. Whoever takes over from an
// object that was taken away, or whose status was, resumes first.
func (s *Checker) checkVerified(d *appsv1.Deployment) {
	if len(s.Forced) > 0 || len(s.Wiped) > 0 || len(s.LedgerLost) > 0 || s.woken[d.Name] {
		return
	}
	for _, uid := range s.Present {
		b := s.Objects[uid]
		if d.Labels[v1alpha1.ClusterLabel] != b.Spec.ClusterRef.Name || b.Spec.Verify == nil || b.Status.CompletedAt != "" {
			continue
		}
		verified := b.Status.Verification != nil && b.Status.Verification.Outcome != ""
		if meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionClusterAvailable) && !verified {
			s.violation("3: %s came back before the data of %s was checked", d.Name, b.Name)
		}
	}
}
