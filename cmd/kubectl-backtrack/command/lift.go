package command

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// lift takes the suspension away, in one write, and for an approval in the approver's own name. It fails if the object is
// another one than was shown; its spec can't have changed, for it is immutable.
func (s *Session) lift(ctx context.Context, b *v1alpha1.AuroraBacktrack, approver string) error {
	metadata := map[string]any{"uid": b.UID}
	if approver != "" {
		metadata["annotations"] = map[string]string{v1alpha1.ApprovedByAnnotation: approver}
	}
	return s.patch(ctx, b, map[string]any{"metadata": metadata, "spec": map[string]any{"suspend": false}})
}

// patch writes fields of the object, and takes over what it is then.
func (s *Session) patch(ctx context.Context, b *v1alpha1.AuroraBacktrack, fields map[string]any) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	return explain(c.Patch(ctx, b, client.RawPatch(types.MergePatchType, body)), fmt.Sprintf("changing AuroraBacktrack %s/%s", b.Namespace, b.Name))
}
