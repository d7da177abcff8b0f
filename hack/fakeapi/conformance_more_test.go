package fakeapi_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// finer are the cases that the operator's claim, lock and finalizer stand on.
var finer = map[string]func(api){
	"an optimistic lock holds for metadata, too":           locksMeta,
	"an optimistic lock holds for what changes nothing":    locksNoChange,
	"a status that is taken away is as of a new object":    statusTakenAway,
	"an optimistic lock knows a forerunner of the name":    locksForerunner,
	"a status that changes nothing keeps the version":      noChangeOfStatus,
	"a list in a patch replaces the whole, null takes out": replaces,
	"what is being deleted still takes a status":           statusOfDeleted,
	"what is being deleted takes no new finalizer":         lateFinalizer,
	"a patch may take the last finalizer away":             lastFinalizer,
	"a patch of the spec leaves the status alone":          patchesHalf,
	"an event has its name once, and no status":            events,
	"an AuroraCluster belongs to no namespace":             clusterScoped,
	"pods that have ended can be left out":                 endedPods,
	"a list goes by namespace and name":                    sorted,
}

func optimistic(from client.Object) client.Patch {
	return client.MergeFromWithOptions(from, client.MergeFromWithOptimisticLock{})
}

// touch changes the object behind the case's back.
func (a api) touch(b *v1alpha1.AuroraBacktrack) {
	a.Helper()
	a.must(a.Patch(ctx, b.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"touched":"yes"}}}`))))
}

func locksMeta(a api) {
	b := a.object()
	a.touch(b)
	changed := b.DeepCopy()
	changed.Finalizers = []string{"example.com/a"}
	same(a, "the refusal", apierrors.IsConflict(a.Patch(ctx, changed, optimistic(b))), true)
	same(a, "the number of finalizers", len(a.fresh(b).Finalizers), 0)
}

func locksNoChange(a api) {
	b := a.object()
	a.touch(b)
	same(a, "the refusal", apierrors.IsConflict(a.Client.Status().Patch(ctx, b.DeepCopy(), optimistic(b))), true)
}

func statusTakenAway(a api) {
	b := a.object()
	b.Status = v1alpha1.AuroraBacktrackStatus{StartedAt: "2023-12-23T14:00:00Z", ObservedGeneration: 1}
	a.must(a.Client.Status().Update(ctx, b))
	b.Status = v1alpha1.AuroraBacktrackStatus{}
	a.must(a.Client.Status().Update(ctx, b))
	read := a.fresh(b)
	same(a, "startedAt", read.Status.StartedAt, "")
	same(a, "observedGeneration", read.Status.ObservedGeneration, -1)
}

func locksForerunner(a api) {
	b := a.object()
	saved := b.DeepCopy()
	a.must(a.Delete(ctx, b.DeepCopy()))
	a.must(a.Create(ctx, &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: b.Name}, Spec: b.Spec}))
	b.Status.StartedAt = "2023-12-23T14:00:00Z"
	same(a, "the refusal", apierrors.IsConflict(a.Client.Status().Patch(ctx, b, optimistic(saved))), true)
	same(a, "startedAt of the new one", a.fresh(saved).Status.StartedAt, "")
}

func noChangeOfStatus(a api) {
	b := a.object()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":{"startedAt":"2023-12-23T14:00:00Z"}}`))
	a.must(a.Client.Status().Patch(ctx, b, patch))
	version := b.ResourceVersion
	a.must(a.Client.Status().Patch(ctx, b, patch))
	same(a, "the version", a.fresh(b).ResourceVersion, version)
}

func replaces(a api) {
	b := a.object()
	saved := b.DeepCopy()
	condition := func(kind string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: "R", Message: "m", LastTransitionTime: metav1.Now().Rfc3339Copy()}
	}
	b.Status.Conditions = []metav1.Condition{condition("A"), condition("B")}
	b.Status.Claim = &v1alpha1.Claim{ClaimedAt: "2023-12-23T14:00:00Z", BacktrackTo: "2023-12-23T13:55:00Z", Attempt: 1}
	a.must(a.Client.Status().Patch(ctx, b, optimistic(saved)))
	saved = b.DeepCopy()
	b.Status.Conditions, b.Status.Claim = []metav1.Condition{condition("C")}, nil
	a.must(a.Client.Status().Patch(ctx, b, optimistic(saved)))
	read := a.fresh(b)
	same(a, "the number of conditions", len(read.Status.Conditions), 1)
	same(a, "the condition", read.Status.Conditions[0].Type, "C")
	same(a, "the claim's presence", read.Status.Claim != nil, false)
}

// held makes an object that is being deleted and has a finalizer.
func (a api) held() *v1alpha1.AuroraBacktrack {
	a.Helper()
	b := a.object()
	b.Finalizers = []string{"example.com/a"}
	a.must(a.Update(ctx, b))
	a.must(a.Delete(ctx, b.DeepCopy()))
	return a.fresh(b)
}

func statusOfDeleted(a api) {
	b := a.held()
	saved := b.DeepCopy()
	b.Status.StartedAt = "2023-12-23T14:00:00Z"
	a.must(a.Client.Status().Patch(ctx, b, optimistic(saved)))
	read := a.fresh(b)
	same(a, "startedAt", read.Status.StartedAt, "2023-12-23T14:00:00Z")
	same(a, "the generation", read.Generation, saved.Generation)
	a.must(a.Patch(ctx, read.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))))
}

func lateFinalizer(a api) {
	b := a.held()
	saved := b.DeepCopy()
	b.Finalizers = append(b.Finalizers, "example.com/late")
	same(a, "the refusal", apierrors.IsInvalid(a.Patch(ctx, b, optimistic(saved))), true)
	a.must(a.Patch(ctx, saved, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))))
}

func lastFinalizer(a api) {
	b := a.held()
	saved := b.DeepCopy()
	b.Finalizers = nil
	a.must(a.Patch(ctx, b, optimistic(saved)))
	same(a, "its going", apierrors.IsNotFound(a.Get(ctx, client.ObjectKeyFromObject(b), b.DeepCopy())), true)
	b.Labels = map[string]string{"a": "b"}
	same(a, "a patch of what has gone", apierrors.IsNotFound(a.Patch(ctx, b, optimistic(saved))), true)
}

func patchesHalf(a api) {
	b := a.object()
	a.must(a.Patch(ctx, b, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":true},"status":{"startedAt":"2023-12-23T14:00:00Z"}}`))))
	read := a.fresh(b)
	same(a, "suspend", read.Spec.Suspend, true)
	same(a, "startedAt", read.Status.StartedAt, "")
	a.must(a.Client.Status().Patch(ctx, b, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}},"status":{"startedAt":"2023-12-23T14:00:00Z"}}`))))
	read = a.fresh(b)
	same(a, "startedAt after a patch of the status", read.Status.StartedAt, "2023-12-23T14:00:00Z")
	same(a, "the label by way of the status", read.Labels["a"], "")
}

func events(a api) {
	b := a.object()
	event := func() *corev1.Event {
		return &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "default", Name: b.Name + ".0123456789abcdef"},
			InvolvedObject: corev1.ObjectReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: "AuroraBacktrack", Namespace: "default", Name: b.Name, UID: b.UID},
			Type:           corev1.EventTypeNormal, Reason: "R", Message: "m",
		}
	}
	first := event()
	a.must(a.Create(ctx, first))
	same(a, "the generation", first.Generation, 0)
	same(a, "the refusal", apierrors.IsAlreadyExists(a.Create(ctx, event())), true)
}

func clusterScoped(a api) {
	c := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c-%d", number())}, Spec: v1alpha1.AuroraClusterSpec{DBClusterIdentifier: "testcluster"}}
	a.must(a.Create(ctx, c))
	read := &v1alpha1.AuroraCluster{}
	a.must(a.Get(ctx, client.ObjectKey{Name: c.Name}, read))
	same(a, "the namespace", read.Namespace, "")
	saved := read.DeepCopy()
	read.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "default", Name: "b", UID: "u"}
	a.must(a.Client.Status().Patch(ctx, read, optimistic(saved)))
	late := saved.DeepCopy()
	late.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "default", Name: "other", UID: "v"}
	same(a, "the second lock's refusal", apierrors.IsConflict(a.Client.Status().Patch(ctx, late, optimistic(saved))), true)
	a.must(a.Delete(ctx, read))
}

func endedPods(a api) {
	labels := map[string]string{"case": fmt.Sprintf("pods-%d", number())}
	for _, phase := range []corev1.PodPhase{corev1.PodRunning, corev1.PodSucceeded, corev1.PodFailed} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("p-%d", number()), Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "app"}}},
		}
		a.must(a.Create(ctx, pod))
		saved := pod.DeepCopy()
		pod.Status.Phase = phase
		a.must(a.Client.Status().Patch(ctx, pod, client.MergeFrom(saved)))
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	a.must(a.List(ctx, list, client.InNamespace("default"), client.MatchingLabels(labels), client.MatchingFieldsSelector{Selector: fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)), fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
	)}))
	same(a, "how many are left", len(list.Items), 1)
}

func sorted(a api) {
	label := map[string]string{"case": fmt.Sprintf("sorted-%d", number())}
	for _, name := range []string{"z", "a", "m"} {
		a.must(a.Create(ctx, &v1alpha1.AuroraBacktrack{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("%s-%s", label["case"], name), Labels: label},
			Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z"},
		}))
	}
	var list v1alpha1.AuroraBacktrackList
	a.must(a.List(ctx, &list, client.MatchingLabels(label)))
	order := ""
	for i := range list.Items {
		order += list.Items[i].Name[len(list.Items[i].Name)-1:]
	}
	same(a, "the order", order, "amz")
}
