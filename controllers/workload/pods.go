package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// podSet says which pods are a workload's own: those its selector finds, and that it really controls.
// Selectors of different workloads can overlap.
type podSet struct {
	namespace string
	selector  labels.Selector
	owns      func(pod metav1.Object) bool
}

func (s podSet) has(pod metav1.Object) bool {
	return s.selector.Matches(labels.Set(pod.GetLabels())) && s.owns(pod)
}

// alive leaves out pods that have ended for good: an evicted pod stays listed as Failed for as long as
// nobody removes it, and holds no connection.
var alive = client.MatchingFieldsSelector{Selector: fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)}

// maxUnion is how many pod sets one list is for: it bounds the length of the request.
const maxUnion = 100

// podList is one list call that brings the pods of some pod sets, by their indexes.
type podList struct {
	namespace string
	selector  labels.Selector
	sets      []int
}

// podLists puts pod sets together that select by values of the same label, so that many workloads cost one
// list, and one that brings hardly any pods but theirs: other people's pods cost memory too.
func podLists(all []podSet) []podList {
	type group struct{ namespace, key string }
	var lists []podList
	open := map[group]int{} // the list that takes the next one of the group
	for i, set := range all {
		key, _ := byValue(set.selector)
		g := group{set.namespace, key}
		at, there := open[g]
		if key == "" || !there || len(lists[at].sets) == maxUnion {
			open[g] = len(lists)
			lists = append(lists, podList{namespace: set.namespace, selector: set.selector, sets: []int{i}})
			continue
		}
		lists[at].sets = append(lists[at].sets, i)
	}
	for i := range lists {
		if len(lists[i].sets) > 1 {
			lists[i].selector = union(all, lists[i].sets)
		}
	}
	return lists
}

// byValue gives a label and the values of it that the selector demands; none where it selects otherwise.
func byValue(selector labels.Selector) (string, sets.Set[string]) {
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		switch r.Operator() {
		case selection.Equals, selection.DoubleEquals, selection.In:
			return r.Key(), sets.New(r.Values().UnsortedList()...)
		default:
		}
	}
	return "", nil
}

// union selects by all the values that some pod sets demand of the same label.
func union(all []podSet, some []int) labels.Selector {
	key, values := byValue(all[some[0]].selector)
	for _, i := range some[1:] {
		_, more := byValue(all[i].selector)
		values = values.Union(more)
	}
	r, err := labels.NewRequirement(key, selection.In, sets.List(values))
	if err != nil {
		return labels.Everything() // cannot be: the parts were valid. It would cost only time.
	}
	return labels.NewSelector().Add(*r)
}

// +kubebuilder:rbac:groups="",resources=pods,verbs=list

// firstPods names for each pod set one pod that has not ended; "" where all are gone. errs has an error, or
// nil, for each pod set.
func firstPods(ctx context.Context, c client.Client, all []podSet) (names []string, errs []error) {
	names, errs = make([]string, len(all)), make([]error, len(all))
	lists := podLists(all)
	_ = each(len(lists), func(i int) error { // the errors are in errs
		l := lists[i]
		pods := &metav1.PartialObjectMetadataList{}
		pods.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
		left := slices.Clone(l.sets)
		err := pages(ctx, c, pods, func(page *metav1.PartialObjectMetadataList) error {
			for p := range page.Items {
				pod := &page.Items[p]
				left = slices.DeleteFunc(left, func(set int) bool {
					if all[set].has(pod) {
						names[set] = pod.Name
					}
					return names[set] != ""
				})
			}
			if len(left) == 0 {
				return errEnough
			}
			return nil
		}, client.InNamespace(l.namespace), client.MatchingLabelsSelector{Selector: l.selector}, alive)
		for _, set := range left { // what was found before an error is found
			errs[set] = listError(l.namespace, err)
		}
		return nil
	})
	return names, errs
}

// allPods reads the pods of each pod set that have not ended. errs has an error, or nil, for each.
func allPods(ctx context.Context, c client.Client, all []podSet) (pods [][]corev1.Pod, errs []error) {
	pods, errs = make([][]corev1.Pod, len(all)), make([]error, len(all))
	lists := podLists(all)
	_ = each(len(lists), func(i int) error { // the errors are in errs
		l := lists[i]
		err := pages(ctx, c, &corev1.PodList{}, func(page *corev1.PodList) error {
			for p := range page.Items {
				for _, set := range l.sets {
					if all[set].has(&page.Items[p]) {
						pods[set] = append(pods[set], page.Items[p])
					}
				}
			}
			return nil
		}, client.InNamespace(l.namespace), client.MatchingLabelsSelector{Selector: l.selector}, alive)
		for _, set := range l.sets {
			errs[set] = listError(l.namespace, err)
		}
		return nil
	})
	return pods, errs
}

// errEnough ends a list early.
var errEnough = errors.New("enough")

func listError(namespace string, err error) error {
	if err == nil || errors.Is(err, errEnough) {
		return nil
	}
	return fmt.Errorf("list pods in %s: %w", namespace, missingRight(err, "list on pods"))
}

// selected reads the label selector of a workload.
func selected(u *unstructured.Unstructured) (podSet, error) {
	raw, _, _ := unstructured.NestedMap(u.Object, "spec", "selector")
	if len(raw) == 0 {
		return podSet{}, fmt.Errorf("%s %s/%s has no spec.selector to find its pods by", u.GetKind(), u.GetNamespace(), u.GetName())
	}
	labelSelector, err := convert[metav1.LabelSelector](&unstructured.Unstructured{Object: raw})
	if err != nil {
		return podSet{}, err
	}
	selector, err := metav1.LabelSelectorAsSelector(labelSelector)
	if err != nil {
		return podSet{}, fmt.Errorf("%s %s/%s: spec.selector: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return podSet{namespace: u.GetNamespace(), selector: selector}, nil
}

// podsOfItsOwn are the pods whose controller is the workload itself.
func podsOfItsOwn(_ context.Context, _ client.Client, u *unstructured.Unstructured) (podSet, error) {
	set, err := selected(u)
	uid := u.GetUID()
	set.owns = func(pod metav1.Object) bool {
		owner := metav1.GetControllerOf(pod)
		return owner != nil && owner.UID == uid
	}
	return set, err
}

// podsOfReplicaSets are the pods of a workload that works through ReplicaSets, which it names after itself
// and the hash that their pods carry in a label.
func podsOfReplicaSets(hashLabel string) func(context.Context, client.Client, *unstructured.Unstructured) (podSet, error) {
	return func(_ context.Context, _ client.Client, u *unstructured.Unstructured) (podSet, error) {
		set, err := selected(u)
		set.owns = throughReplicaSet(u.GetName(), hashLabel)
		return set, err
	}
}

func throughReplicaSet(name, hashLabel string) func(metav1.Object) bool {
	return func(pod metav1.Object) bool {
		owner, hash := metav1.GetControllerOf(pod), pod.GetLabels()[hashLabel]
		if owner == nil || owner.Kind != "ReplicaSet" || hash == "" {
			return false
		}
		base, cut := strings.CutSuffix(owner.Name, "-"+hash)
		// A name that would be too long is cut before the hash is put behind it.
		full := len(owner.Name) == validation.DNS1123SubdomainMaxLength && strings.HasPrefix(name, base)
		return cut && (base == name || full)
	}
}
