package approval

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	annotations = "aurora-backtrack-annotations"
	approval    = "aurora-backtrack-approval"
)

var installedAt = time.Date(2023, 12, 23, 13, 0, 0, 0, time.UTC)

// installation is what an API server has of the shipped policies and bindings.
type installation struct {
	*testing.T
	objects []*unstructured.Unstructured
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	shipped, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range shipped {
		object.SetCreationTimestamp(metav1.NewTime(installedAt))
		object.SetGeneration(1)
	}
	return &installation{T: t, objects: shipped}
}

func (i *installation) get(kind, name string) *unstructured.Unstructured {
	i.Helper()
	for _, object := range i.objects {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	i.Fatalf("no %s %s is shipped", kind, name)
	return nil
}

func (i *installation) set(kind, name string, value any, path ...string) {
	i.Helper()
	if err := unstructured.SetNestedField(i.get(kind, name).Object, value, path...); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) remove(kind, name string) {
	gone := i.get(kind, name)
	var left []*unstructured.Unstructured
	for _, object := range i.objects {
		if object != gone {
			left = append(left, object)
		}
	}
	i.objects = left
}

// reader reads the installation, as the API server would answer it.
func (i *installation) reader() client.Reader {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		i.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(interceptor.Funcs{
		// The fake client would read through the Go types, and lose what they do not know.
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, opts ...client.GetOption) error {
			u, ok := object.(*unstructured.Unstructured)
			if !ok {
				return c.Get(ctx, key, object, opts...)
			}
			for _, stored := range i.objects {
				if stored.GetKind() == u.GetKind() && stored.GetName() == key.Name {
					u.Object = stored.DeepCopy().Object
					return nil
				}
			}
			return c.Get(ctx, key, object, opts...)
		},
	}).Build()
}

func object(created time.Time) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "undo", CreationTimestamp: metav1.NewTime(created)}}
}

// changed notes that somebody changed the object at that time, as the API server would.
func changed(object *unstructured.Unstructured, at time.Time, subresource string) {
	entry := metav1.ManagedFieldsEntry{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationUpdate, Subresource: subresource}
	if !at.IsZero() {
		entry.Time = &metav1.Time{Time: at}
	}
	object.SetManagedFields(append(object.GetManagedFields(), entry))
}

// TestEnforced is about where and since when; what weakens a policy is in TestWeakened.
func TestEnforced(t *testing.T) {
	const tooEarly = "this object was created at 2023-12-23T13:00:59Z, which is not a minute after the ValidatingAdmissionPolicy aurora-backtrack-annotations was installed or last changed, at 2023-12-23T13:00:00Z"
	for name, test := range map[string]struct {
		created time.Duration // after the installation
		change  func(*installation)
		want    string
	}{
		"a minute later":   {created: time.Minute},
		"much later":       {created: 1000 * time.Hour},
		"59 seconds later": {created: 59 * time.Second, want: tooEarly},
		"in the same second": {
			want: strings.Replace(tooEarly, "13:00:59", "13:00:00", 1),
		},
		"an hour before": {
			created: -time.Hour, want: strings.Replace(tooEarly, "13:00:59", "12:00:00", 1),
		},
		"only the last binding is newer": {
			created: time.Hour,
			change: func(i *installation) {
				i.get(bindingKind, approval).SetCreationTimestamp(metav1.NewTime(installedAt.Add(time.Hour - 30*time.Second)))
			},
			want: "this object was created at 2023-12-23T14:00:00Z, which is not a minute after the ValidatingAdmissionPolicyBinding aurora-backtrack-approval was installed or last changed, at 2023-12-23T13:59:30Z",
		},
		"changed and changed back, before": {
			created: time.Hour,
			change: func(i *installation) {
				policy := i.get(policyKind, approval)
				policy.SetGeneration(3)
				changed(policy, installedAt, "")
				changed(policy, installedAt.Add(30*time.Minute), "")
			},
		},
		"changed and changed back, afterwards": {
			created: time.Hour,
			change: func(i *installation) {
				policy := i.get(policyKind, approval)
				policy.SetGeneration(3)
				changed(policy, installedAt.Add(2*time.Hour), "")
				changed(policy, installedAt, "")
			},
			want: "this object was created at 2023-12-23T14:00:00Z, which is not a minute after the ValidatingAdmissionPolicy aurora-backtrack-approval was installed or last changed, at 2023-12-23T15:00:00Z",
		},
		"a label was changed afterwards": {
			created: time.Hour,
			change:  func(i *installation) { changed(i.get(policyKind, approval), installedAt.Add(2*time.Hour), "") },
		},
		"a status was written afterwards": {
			created: time.Hour,
			change: func(i *installation) {
				policy := i.get(policyKind, approval)
				policy.SetGeneration(2)
				changed(policy, installedAt, "")
				changed(policy, installedAt.Add(2*time.Hour), "status")
			},
		},
		"changed, nobody knows when": {
			created: 1000 * time.Hour,
			change: func(i *installation) {
				i.get(bindingKind, annotations).SetGeneration(2)
			},
			want: "the ValidatingAdmissionPolicyBinding aurora-backtrack-annotations was changed after it was installed, and its metadata.managedFields do not say when",
		},
		"changed by somebody who hides when": {
			created: 1000 * time.Hour,
			change: func(i *installation) {
				policy := i.get(policyKind, annotations)
				policy.SetGeneration(2)
				changed(policy, installedAt, "")
				changed(policy, time.Time{}, "")
			},
			want: "the ValidatingAdmissionPolicy aurora-backtrack-annotations was changed after it was installed, and its metadata.managedFields do not say when",
		},
		"a policy is being deleted": {
			created: time.Hour,
			change: func(i *installation) {
				now := metav1.NewTime(installedAt)
				i.get(policyKind, approval).SetDeletionTimestamp(&now)
			},
			want: "the ValidatingAdmissionPolicy aurora-backtrack-approval is being deleted",
		},
		"a policy is missing": {
			created: time.Hour, change: func(i *installation) { i.remove(policyKind, annotations) },
			want: "the ValidatingAdmissionPolicy aurora-backtrack-annotations is not installed",
		},
		"the other binding is missing": {
			created: time.Hour, change: func(i *installation) { i.remove(bindingKind, approval) },
			want: "the ValidatingAdmissionPolicyBinding aurora-backtrack-approval is not installed",
		},
		"nothing is installed": {
			created: time.Hour, change: func(i *installation) { i.objects = nil },
			want: "the ValidatingAdmissionPolicy aurora-backtrack-annotations is not installed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t)
			if test.change != nil {
				test.change(i)
			}
			got, err := Enforced(t.Context(), i.reader(), object(installedAt.Add(test.created)))
			if err != nil || got != test.want {
				t.Errorf("told %q, %v\nwant %q", got, err, test.want)
			}
		})
	}
}

// TestUnknown: where a policy can't be read, nothing is known.
func TestUnknown(t *testing.T) {
	i := newInstallation(t)
	refused := errors.New("forbidden")
	reader := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return refused
		},
	}).Build()
	trouble, err := Enforced(i.Context(), reader, object(installedAt.Add(time.Hour)))
	if trouble != "" || !errors.Is(err, refused) || !strings.Contains(err.Error(), "reading ValidatingAdmissionPolicy aurora-backtrack-annotations") {
		t.Errorf("told %q, %v", trouble, err)
	}
}

// TestShipped: the embedded copy is what config/admission has.
func TestShipped(t *testing.T) {
	var source []string
	for _, name := range []string{"annotations.yaml", "approval.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "config", "admission", name))
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, string(text))
	}
	if strings.Join(source, "---\n") != string(shippedYAML) {
		t.Error("policies.yaml is not what config/admission has: run make manifests")
	}
	shipped, err := Shipped()
	if err != nil || len(shipped) != 4 {
		t.Errorf("%d objects are shipped, %v", len(shipped), err)
	}
}
