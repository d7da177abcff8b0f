package workload

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// restore sets the earlier value and removes the record in one write.
func restore(ctx context.Context, c client.Client, t *target, value any, message string) error {
	body, err := restorePatch(t.obj, t.kind.pauseField, value)
	if err != nil {
		return err
	}
	if err := patch(ctx, c, t.obj, body); err != nil {
		return err
	}
	set(t.dep, v1alpha1.DependentResuming, message)
	return nil
}

// dropRecord removes the record from a workload that somebody else has already changed.
func dropRecord(ctx context.Context, c client.Client, t *target) error {
	field := t.kind.pauseField
	left := fmt.Sprintf("%s is %s since %s changed it", field.name(), shown(field.value(t.obj)), lastManager(t.obj, field.path))
	body, err := recordPatch(t.obj, nil)
	if err != nil {
		return err
	}
	if err := patch(ctx, c, t.obj, body); err != nil {
		return err
	}
	set(t.dep, v1alpha1.DependentResuming, left)
	return nil
}

// giveUpField takes the operator out of the managers of the pause field. Otherwise whoever owned the field
// before meets a conflict when he applies another value (server-side apply). It is no part of the workload's
// way back: an error is for a message.
func giveUpField(ctx context.Context, c client.Client, t *target) error {
	err := change(ctx, c, t, func() error {
		entries := disown(t.obj, t.kind.pauseField.path)
		if entries == nil {
			return nil
		}
		return patch(ctx, c, t.obj, map[string]any{"metadata": map[string]any{
			"resourceVersion": t.obj.GetResourceVersion(), "managedFields": entries,
		}})
	})
	if err != nil {
		return fmt.Errorf("it is resumed, but %s stays in its managedFields as owner of %s: %w", v1alpha1.WorkloadFieldManager, t.kind.pauseField.name(), err)
	}
	return nil
}
