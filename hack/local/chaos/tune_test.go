package chaos

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestDefinite tells what is asked again from what is not.
func TestDefinite(t *testing.T) {
	resource, kind := schema.GroupResource{Resource: "things"}, schema.GroupKind{Kind: "Thing"}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"gone":              {apierrors.NewNotFound(resource, "a"), true},
		"there already":     {apierrors.NewAlreadyExists(resource, "a"), true},
		"refused":           {apierrors.NewInvalid(kind, "a", nil), true},
		"just started":      {apierrors.NewBadRequest("policy denied request: failed to configure policy: failed to find resource"), false},
		"just started, too": {apierrors.NewBadRequest("policy denied request: failed to configure binding: paramKind kind not yet synced to use for admission"), false},
		"changed meanwhile": {apierrors.NewConflict(resource, "a", errors.New("changed")), false},
		"away":              {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := definite(test.err); got != test.want {
				t.Errorf("definite(%v) is %t", test.err, got)
			}
		})
	}
}
