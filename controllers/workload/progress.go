package workload

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// progress is how far a workload's rollout is.
type progress struct {
	// complete: its controller has seen the newest generation, and everything it wants is updated and available.
	complete bool
	// failed: its controller gave up, or cannot go on without a person. It may still recover.
	failed bool
	// unseen: its controller has not seen the newest generation, so its pods say nothing yet.
	unseen bool
	// message says what is waited for, or why it failed.
	message string
}

func waiting(format string, args ...any) progress {
	return progress{message: fmt.Sprintf(format, args...)}
}

var notObserved = progress{unseen: true, message: "waiting for its controller to see the change"}

func deploymentProgress(d *appsv1.Deployment, _ bool) progress {
	want, s := ptr.Deref(d.Spec.Replicas, 1), d.Status
	if s.ObservedGeneration < d.Generation {
		return notObserved
	}
	p := replicaProgress(want, s.UpdatedReplicas, s.Replicas, s.AvailableReplicas)
	if p.complete {
		return p
	}
	if d.Spec.Paused {
		return progress{failed: true, message: "it is paused: run kubectl rollout resume"}
	}
	for _, c := range s.Conditions {
		switch {
		case c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded":
			return progress{failed: true, message: "ProgressDeadlineExceeded: " + p.message}
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue:
			return progress{failed: true, message: c.Reason + ": " + c.Message}
		}
	}
	return p
}

// statefulSetProgress does not ask for the update revision where the pods were all gone before: a
// partition keeps some of them at the older one on purpose.
func statefulSetProgress(s *appsv1.StatefulSet, restarted bool) progress {
	want, st := ptr.Deref(s.Spec.Replicas, 1), s.Status
	if st.ObservedGeneration < s.Generation {
		return notObserved
	}
	updated := st.UpdatedReplicas
	if !restarted {
		updated = st.Replicas
	}
	return replicaProgress(want, updated, st.Replicas, st.AvailableReplicas)
}

func daemonSetProgress(d *appsv1.DaemonSet, _ bool) progress {
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return notObserved
	}
	return replicaProgress(s.DesiredNumberScheduled, s.UpdatedNumberScheduled, s.CurrentNumberScheduled, s.NumberAvailable)
}

// replicaSetProgress cannot tell old pods from new ones; the caller looks at the pods themselves.
func replicaSetProgress(r *appsv1.ReplicaSet, _ bool) progress {
	want, s := ptr.Deref(r.Spec.Replicas, 1), r.Status
	if s.ObservedGeneration < r.Generation {
		return notObserved
	}
	for _, c := range s.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && s.Replicas < want {
			return progress{failed: true, message: c.Reason + ": " + c.Message}
		}
	}
	return replicaProgress(want, s.Replicas, s.Replicas, s.AvailableReplicas)
}

// replicaProgress is complete when exactly the wanted pods exist and all are updated and available.
func replicaProgress(want, updated, total, available int32) progress {
	switch {
	case updated < want:
		return waiting("%d of %d pods are updated", updated, want)
	case total > want:
		return waiting("%d pods too many are still there", total-want)
	case available < want:
		return waiting("%d of %d pods are available", available, want)
	}
	return progress{complete: true}
}
