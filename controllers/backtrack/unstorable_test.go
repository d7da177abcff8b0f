package backtrack_test

import (
	"errors"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestStatusThatCannotBeStored has the API server refuse the status from some write on, as it does where the schema does not
// admit it or where it is too large: the run ends in the shortest form, what it paused is resumed, and the next one can start.
func TestStatusThatCannotBeStored(t *testing.T) {
	invalid := apierrors.NewInvalid(v1alpha1.GroupVersion.WithKind("AuroraBacktrack").GroupKind(), "undo", nil)
	for name, test := range map[string]struct {
		err  error
		when func(*harness.Env) bool // the status is refused until the run has ended

		wantReason string
	}{
		"from the first write on": {invalid, func(*harness.Env) bool { return true }, v1alpha1.ReasonInvalidSpec},
		"too large, once everything is paused": {
			apierrors.NewRequestEntityTooLargeError("the status"),
			func(env *harness.Env) bool { return *env.ReadDeployment("worker").Spec.Replicas == 0 }, v1alpha1.ReasonInvalidSpec,
		},
		"after the call": {invalid, func(env *harness.Env) bool { return env.Calls() > 0 }, v1alpha1.ReasonOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			refused := 0
			o := env.NewOperator(func(m harness.Moment) error {
				// The shortest form comes once the lock was given back.
				if m.What != "patch status AuroraBacktrack" || m.After || env.Read("undo").Status.CompletedAt != "" ||
					env.ReadCluster("game").Status.ActiveBacktrack == nil && refused > 0 || !test.when(env) {
					return nil
				}
				refused++
				return test.err
			})
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			harness.Equal(t, "the reason", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, test.wantReason)
			harness.Equal(t, "the lock is held", env.ReadCluster("game").Status.ActiveBacktrack != nil, false)
			env.CheckNothingPaused()
			if refused == 0 {
				t.Fatal("no status was refused, so nothing was tested")
			}
			next := harness.NewBacktrack("next")
			next.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
			env.Create(next)
			o.Until("the next one is admitted", func() bool {
				return harness.HasReason(env.Read("next"), v1alpha1.ConditionAdmitted, v1alpha1.ReasonAdmitted)
			})
		})
	}
}

// TestStatusRefusedByAStartingAPIServer has the API server refuse the status after the call as it does in the moments after its
// start, while an admission policy's parameters are not read yet: the run goes on.
func TestStatusRefusedByAStartingAPIServer(t *testing.T) {
	t.Parallel()
	starting := apierrors.NewForbidden(v1alpha1.GroupVersion.WithResource("aurorabacktracks").GroupResource(), "undo", errors.New(
		"ValidatingAdmissionPolicy 'labels' with binding 'labels' denied request: failed to configure binding: paramKind kind `&ParamKind{APIVersion:v1,Kind:ConfigMap,}` not yet synced to use for admission"))
	starting.ErrStatus.Code, starting.ErrStatus.Reason = http.StatusUnprocessableEntity, metav1.StatusReasonInvalid // as a policy's denial has it
	env := harness.New(t)
	env.CreateDependents()
	refused := 0
	o := env.NewOperator(func(m harness.Moment) error {
		if m.What != "patch status AuroraBacktrack" || m.After || env.Calls() == 0 || refused == 5 || env.ReadCluster("game").Status.ActiveBacktrack == nil {
			return nil
		}
		refused++
		return starting
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	b := o.Finish("undo")
	harness.Equal(t, "the reason", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonSucceeded)
	harness.Equal(t, "how often the status was refused", refused, 5)
	harness.Equal(t, "the number of calls", env.Calls(), 1)
}
