package chaos

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// live lets a wish's fate take its course. It returns when the last object of the wish is at its end, or gone.
func (s *storm) live(ctx context.Context, w *wish) error {
	object, err := s.create(ctx, w)
	if err != nil {
		return err
	}
	switch w.fate {
	case plain:
	case cancelled:
		if err := s.moment(ctx, w, object); err != nil {
			return err
		}
		err = s.patch(ctx, object, `{"spec":{"cancel":true}}`)
	case suspended:
		if err := stage.Pass(ctx, w.moment); err != nil { // it does not begin before
			return err
		}
		w.lifted = time.Now()
		err = s.patch(ctx, object, `{"spec":{"suspend":false}}`)
	case deleted:
		if err := s.moment(ctx, w, object); err != nil {
			return err
		}
		return s.remove(ctx, object, false)
	case replaced, forced:
		if err := s.moment(ctx, w, object); err != nil {
			return err
		}
		if err := s.remove(ctx, object, w.fate == forced); err != nil {
			return err
		}
		object, err = s.create(ctx, w)
	case again:
		if err := s.ended(ctx, object); err != nil {
			return err
		}
		if err := s.remove(ctx, object, false); err != nil {
			return err
		}
		object, err = s.create(ctx, w)
	}
	if err != nil {
		return err
	}
	return s.ended(ctx, object)
}

// moment waits until the wish's fate is to strike.
func (s *storm) moment(ctx context.Context, w *wish, object *v1alpha1.AuroraBacktrack) error {
	for {
		now := s.sight.latest(object.UID).Status
		if w.behind.passed(now) || now.CompletedAt != "" {
			break
		}
		if err := stage.Pass(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%s has still not come to its %s: %w", w, w.behind.name, err)
		}
	}
	return stage.Pass(ctx, w.moment)
}

// create creates the wish's object. An answer that was lost is no reason for a second one.
func (s *storm) create(ctx context.Context, w *wish) (*v1alpha1.AuroraBacktrack, error) {
	var object *v1alpha1.AuroraBacktrack
	err := s.insist(ctx, func() error {
		object = w.object()
		err := s.kube.API.Create(ctx, object)
		if apierrors.IsAlreadyExists(err) {
			return s.kube.API.Get(ctx, client.ObjectKeyFromObject(object), object)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", w, err)
	}
	return object, nil
}

// patch changes the spec, unless the object has finished before.
func (s *storm) patch(ctx context.Context, object *v1alpha1.AuroraBacktrack, change string) error {
	err := s.insist(ctx, func() error {
		return s.kube.API.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(change)))
	})
	if apierrors.IsInvalid(err) { // the spec of a finished object can't be changed
		return nil
	}
	if err != nil {
		return fmt.Errorf("patching %s with %s: %w", object.Name, change, err)
	}
	return nil
}

// remove deletes the object and waits until it is gone. By force, it does not wait for the operator.
func (s *storm) remove(ctx context.Context, object *v1alpha1.AuroraBacktrack, force bool) error {
	now := &v1alpha1.AuroraBacktrack{}
	for {
		err := s.insist(ctx, func() error {
			uid := object.UID
			err := s.kube.API.Delete(ctx, object.DeepCopy(), client.Preconditions{UID: &uid})
			if err == nil && force {
				err = s.kube.API.Patch(ctx, object.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
			}
			if client.IgnoreNotFound(err) != nil {
				return err
			}
			return s.kube.API.Get(ctx, client.ObjectKeyFromObject(object), now)
		})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return fmt.Errorf("deleting %s: %w", object.Name, err)
		}
		if err := stage.Pass(ctx, 300*time.Millisecond); err != nil {
			return fmt.Errorf("%s is still not gone: %w", object.Name, err)
		}
	}
}

// ended waits until the object has come to its end.
func (s *storm) ended(ctx context.Context, object *v1alpha1.AuroraBacktrack) error {
	for s.sight.latest(object.UID).Status.CompletedAt == "" {
		if err := stage.Pass(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%s is still not at its end: %w", object.Name, err)
		}
	}
	return nil
}
