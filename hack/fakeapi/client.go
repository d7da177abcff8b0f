package fakeapi

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// Client returns a client of the server. Its Watch is an error.
func (s *Server) Client() client.WithWatch { return apiClient{Server: s} }

type apiClient struct {
	*Server
}

func (c apiClient) Scheme() *runtime.Scheme     { return c.options.Scheme }
func (c apiClient) RESTMapper() meta.RESTMapper { return c.options.Mapper }

func (c apiClient) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(o, c.options.Scheme)
}

func (c apiClient) IsObjectNamespaced(o runtime.Object) (bool, error) {
	return apiutil.IsObjectNamespaced(o, c.options.Scheme, c.options.Mapper)
}

func (c apiClient) key(o client.Object) (Key, error) {
	gvk, err := c.GroupVersionKindFor(o)
	return Key{gvk.GroupKind(), o.GetNamespace(), o.GetName()}, err
}

func (c apiClient) Get(_ context.Context, name client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	return c.get(c.Server.current(), name, o)
}

func (c apiClient) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	return c.list(c.Server.current(), list, options...)
}

func (c apiClient) Create(_ context.Context, o client.Object, options ...client.CreateOption) error {
	if len((&client.CreateOptions{}).ApplyOptions(options).DryRun) > 0 {
		return errUnsupported
	}
	object, key, err := c.encode(o)
	if err != nil {
		return err
	}
	stored, err := c.create(key, object)
	return c.answer(stored, err, o)
}

func (c apiClient) Update(_ context.Context, o client.Object, _ ...client.UpdateOption) error {
	return c.replace(o, false)
}

func (c apiClient) Patch(_ context.Context, o client.Object, patch client.Patch, _ ...client.PatchOption) error {
	return c.patch(o, patch, false)
}

func (c apiClient) Delete(_ context.Context, o client.Object, options ...client.DeleteOption) error {
	key, err := c.key(o)
	if err != nil {
		return err
	}
	return c.delete(key, (&client.DeleteOptions{}).ApplyOptions(options).Preconditions)
}

func (c apiClient) replace(o client.Object, status bool) error {
	object, key, err := c.encode(o)
	if err != nil {
		return err
	}
	stored, err := c.update(key, status, func(into Object) error {
		clear(into)
		for field, value := range object {
			into[field] = value
		}
		return nil
	})
	return c.answer(stored, err, o)
}

func (c apiClient) patch(o client.Object, patch client.Patch, status bool) error {
	key, err := c.key(o)
	if err != nil {
		return err
	}
	data, err := patch.Data(o)
	if err != nil {
		return err
	}
	if patch.Type() != types.MergePatchType {
		return fmt.Errorf("patch of type %s: %w", patch.Type(), errUnsupported)
	}
	var body map[string]any
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	stored, err := c.update(key, status, func(into Object) error {
		uid := metaOf(into)["uid"]
		mergeInto(into, body)
		if metaOf(into)["uid"] != uid {
			return apierrors.NewInvalid(key.GroupKind, key.Name, field.ErrorList{
				field.Invalid(field.NewPath("metadata", "uid"), metaOf(into)["uid"], "field is immutable"),
			})
		}
		return nil
	})
	return c.answer(stored, err, o)
}

// encode makes the stored form of an object.
func (c apiClient) encode(o client.Object) (Object, Key, error) {
	key, err := c.key(o)
	if err != nil {
		return nil, key, err
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, key, err
	}
	gvk, err := c.GroupVersionKindFor(o)
	object = runtime.DeepCopyJSON(object) // of an untyped object it is the object's own map
	object["apiVersion"], object["kind"] = gvk.GroupVersion().String(), gvk.Kind
	withoutNulls(object)
	return object, key, err
}

func (c apiClient) answer(stored Object, err error, into client.Object) error {
	if err != nil {
		return err
	}
	return decode(stored, into)
}

func (c apiClient) Status() client.SubResourceWriter { return subresource{c, "status"} }

func (c apiClient) SubResource(name string) client.SubResourceClient { return subresource{c, name} }

type subresource struct {
	apiClient
	name string
}

func (s subresource) Get(context.Context, client.Object, client.Object, ...client.SubResourceGetOption) error {
	return errUnsupported
}

func (s subresource) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return errUnsupported
}

func (s subresource) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	if s.name != "status" {
		return errUnsupported
	}
	return s.replace(o, true)
}

func (s subresource) Patch(_ context.Context, o client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
	if s.name != "status" {
		return errUnsupported
	}
	return s.patch(o, patch, true)
}

func (s subresource) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	return errUnsupported
}

func (c apiClient) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return errUnsupported
}

func (c apiClient) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return errUnsupported
}

func (c apiClient) Watch(context.Context, client.ObjectList, ...client.ListOption) (watch.Interface, error) {
	return nil, errUnsupported
}

// partial reports whether only the metadata is wanted.
func partial(o any) bool {
	switch o.(type) {
	case *metav1.PartialObjectMetadata, *metav1.PartialObjectMetadataList:
		return true
	}
	return false
}
