package fakeapi_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// api is one of the API servers in the hands of one case.
type api struct {
	*testing.T
	client.Client
}

// TestConformance runs one table against both API servers.
func TestConformance(t *testing.T) {
	cases := map[string]func(api){
		"a new object gets what the server gives, and no status": created,
		"a spec changes the generation, a label does not":        generations,
		"the status changes by itself and changes nothing else":  status,
		"a write with an older resource version is refused":      locks,
		"a write with another UID is refused":                    otherUID,
		"a patch that changes nothing keeps the version":         noChange,
		"null in a patch removes a field":                        removal,
		"a finalizer holds a deletion":                           finalizers,
		"a deletion may name the UID":                            preconditions,
		"what is not there is not found":                         absent,
		"a name is taken only once":                              taken,
		"lists are selected by label, field and namespace":       lists,
		"only the metadata may be read":                          partially,
		"a Deployment has a generation and a status, too":        deployment,
	}
	maps.Copy(cases, finer)
	for name, run := range cases {
		for server, c := range apis {
			t.Run(name+"/"+server, func(t *testing.T) { run(api{t, c}) })
		}
	}
}

var ctx = context.Background()

func (a api) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// same checks a value that the server answered.
func same[T comparable](a api, what string, got, want T) {
	a.Helper()
	if got != want {
		a.Errorf("%s is %v, want %v", what, got, want)
	}
}

// object makes an object of the case's own.
func (a api) object() *v1alpha1.AuroraBacktrack {
	a.Helper()
	b := &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("b-%d", number())},
		Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z"},
		Status:     v1alpha1.AuroraBacktrackStatus{StartedAt: "2023-12-23T13:55:00Z"},
	}
	a.must(a.Create(ctx, b))
	return b
}

var numbers int

func number() int { numbers++; return numbers }

func (a api) fresh(b *v1alpha1.AuroraBacktrack) *v1alpha1.AuroraBacktrack {
	a.Helper()
	read := &v1alpha1.AuroraBacktrack{}
	a.must(a.Get(ctx, client.ObjectKeyFromObject(b), read))
	return read
}

func created(a api) {
	b := a.object()
	read := a.fresh(b)
	same(a, "the UID's presence", b.UID != "" && b.UID == read.UID, true)
	same(a, "the version", read.ResourceVersion, b.ResourceVersion)
	same(a, "the generation", read.Generation, 1)
	same(a, "the time's presence", read.CreationTimestamp.IsZero(), false)
	same(a, "startedAt", read.Status.StartedAt, "")
	same(a, "observedGeneration", read.Status.ObservedGeneration, -1)
	same(a, "startedAt in the answer", b.Status.StartedAt, "")
}

func generations(a api) {
	b := a.object()
	b.Labels = map[string]string{"a": "b"}
	b.Generation = 7
	a.must(a.Update(ctx, b))
	same(a, "the generation after a label", b.Generation, 1)
	b.Spec.Suspend = true
	a.must(a.Update(ctx, b))
	same(a, "the generation after a change", a.fresh(b).Generation, 2)
}

func status(a api) {
	b := a.object()
	saved := b.DeepCopy()
	b.Status.StartedAt, b.Spec.Suspend = "2023-12-23T14:00:00Z", true
	a.must(a.Client.Status().Patch(ctx, b.DeepCopy(), client.MergeFrom(saved)))
	read := a.fresh(b)
	same(a, "startedAt", read.Status.StartedAt, "2023-12-23T14:00:00Z")
	same(a, "suspend after a write to the status", read.Spec.Suspend, false)
	same(a, "the generation", read.Generation, 1)
	read.Status.StartedAt, read.Spec.Suspend = "2023-12-23T15:00:00Z", true
	a.must(a.Update(ctx, read))
	read = a.fresh(b)
	same(a, "startedAt after a write to the object", read.Status.StartedAt, "2023-12-23T14:00:00Z")
	same(a, "suspend", read.Spec.Suspend, true)
}

func locks(a api) {
	b := a.object()
	old := b.DeepCopy()
	b.Spec.Suspend = true
	a.must(a.Update(ctx, b))
	changed := old.DeepCopy()
	changed.Spec.Suspend = true
	same(a, "an update's refusal", apierrors.IsConflict(a.Update(ctx, changed)), true)
	changed = old.DeepCopy()
	changed.Status.StartedAt = "2023-12-23T14:00:00Z"
	patch := client.MergeFromWithOptions(old, client.MergeFromWithOptimisticLock{})
	same(a, "a status patch's refusal", apierrors.IsConflict(a.Client.Status().Patch(ctx, changed.DeepCopy(), patch)), true)
	a.must(a.Client.Status().Patch(ctx, changed, client.MergeFrom(old)))
}

func otherUID(a api) {
	b := a.object()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"uid":"00000000-0000-4000-8000-999999999999","labels":{"a":"b"}}}`))
	same(a, "the refusal", apierrors.IsInvalid(a.Patch(ctx, b.DeepCopy(), patch)), true)
	b.UID = "00000000-0000-4000-8000-999999999999"
	same(a, "an update's refusal", apierrors.IsConflict(a.Update(ctx, b)), true)
}

func noChange(a api) {
	b := a.object()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":false}}`))
	a.must(a.Patch(ctx, b, patch)) // the real one notes who patched, once
	version := b.ResourceVersion
	a.must(a.Patch(ctx, b, patch))
	same(a, "the version", a.fresh(b).ResourceVersion, version)
}

func removal(a api) {
	b := a.object()
	a.must(a.Patch(ctx, b, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"1","b":"2"}}}`))))
	a.must(a.Patch(ctx, b, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":null}}}`))))
	same(a, "the annotations", fmt.Sprint(a.fresh(b).Annotations), "map[b:2]")
}

func finalizers(a api) {
	b := a.object()
	b.Finalizers = []string{"example.com/a", "example.com/b"}
	a.must(a.Update(ctx, b))
	a.must(a.Delete(ctx, b))
	held := a.fresh(b)
	same(a, "the deletion's mark", held.DeletionTimestamp.IsZero(), false)
	same(a, "the generation", held.Generation, 2)
	a.must(a.Delete(ctx, b))
	same(a, "the version after another deletion", a.fresh(b).ResourceVersion, held.ResourceVersion)
	held.Finalizers = held.Finalizers[:1]
	a.must(a.Update(ctx, held))
	held.Finalizers = nil
	a.must(a.Update(ctx, held))
	same(a, "its going", apierrors.IsNotFound(a.Get(ctx, client.ObjectKeyFromObject(b), held)), true)
}

func preconditions(a api) {
	b := a.object()
	other := types.UID("00000000-0000-4000-8000-999999999999")
	same(a, "the refusal", apierrors.IsConflict(a.Delete(ctx, b, client.Preconditions{UID: &other})), true)
	a.must(a.Delete(ctx, b, client.Preconditions{UID: &b.UID}))
}

func absent(a api) {
	b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "absent", ResourceVersion: "1"}}
	b.Spec.ClusterRef.Name, b.Spec.BacktrackTo = "game", "2023-12-23T13:55:00Z"
	merge := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":true}}`))
	for what, err := range map[string]error{
		"get": a.Get(ctx, client.ObjectKeyFromObject(b), b.DeepCopy()), "update": a.Update(ctx, b.DeepCopy()), "patch": a.Patch(ctx, b.DeepCopy(), merge),
		"delete": a.Delete(ctx, b.DeepCopy()), "status": a.Client.Status().Patch(ctx, b.DeepCopy(), merge),
	} {
		same(a, what+"'s answer", apierrors.IsNotFound(err), true)
	}
}

func taken(a api) {
	b := a.object()
	again := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: b.Name}, Spec: b.Spec}
	same(a, "the refusal", apierrors.IsAlreadyExists(a.Create(ctx, again)), true)
	a.must(a.Delete(ctx, b))
	a.must(a.Create(ctx, again))
	same(a, "the UID's repetition", again.UID == b.UID, false)
}

func lists(a api) {
	one, two := a.object(), a.object()
	one.Labels = map[string]string{"case": one.Name}
	a.must(a.Update(ctx, one))
	two.Labels = map[string]string{"case": one.Name, "more": "x"}
	a.must(a.Update(ctx, two))
	count := func(options ...client.ListOption) int {
		var list v1alpha1.AuroraBacktrackList
		a.must(a.List(ctx, &list, options...))
		return len(list.Items)
	}
	label := client.MatchingLabels{"case": one.Name}
	same(a, "by label", count(label), 2)
	same(a, "by two labels", count(client.MatchingLabels{"case": one.Name, "more": "x"}), 1)
	same(a, "by field", count(label, client.MatchingFields{"spec.clusterRef.name": "game"}), 2)
	same(a, "by another field", count(label, client.MatchingFields{"spec.clusterRef.name": "chess"}), 0)
	same(a, "elsewhere", count(label, client.InNamespace("kube-system")), 0)
	same(a, "here", count(label, client.InNamespace("default")), 2)
}

func partially(a api) {
	b := a.object()
	b.Labels = map[string]string{"case": b.Name}
	a.must(a.Update(ctx, b))
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("AuroraBacktrackList"))
	a.must(a.List(ctx, list, client.MatchingLabels{"case": b.Name}))
	same(a, "the number", len(list.Items), 1)
	same(a, "the UID", list.Items[0].UID, b.UID)
}

func deployment(a api) {
	labels := map[string]string{"app": "x"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("d-%d", number())},
		Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "app"}}},
		}},
		Status: appsv1.DeploymentStatus{Replicas: 9},
	}
	a.must(a.Create(ctx, d))
	same(a, "the status of a new one", d.Status.Replicas, 0)
	a.must(a.Patch(ctx, d, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0},"metadata":{"annotations":{"a":"b"}}}`))))
	same(a, "the generation", d.Generation, 2)
	saved := d.DeepCopy()
	d.Status.ObservedGeneration = 2
	a.must(a.Client.Status().Patch(ctx, d, client.MergeFrom(saved)))
	same(a, "the generation after the status", d.Generation, 2)
	same(a, "observedGeneration", d.Status.ObservedGeneration, 2)
}
