package workload

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// stillRunning names for each target something of it that still runs; "" where nothing does. The targets
// are present. errs has an error, or nil, for each.
func stillRunning(ctx context.Context, c client.Client, targets []*target) (names []string, errs []error) {
	names, errs = make([]string, len(targets)), make([]error, len(targets))
	var sets []podSet
	var whose []int
	grouped := map[group][]int{}
	for i, t := range targets {
		switch {
		case t.kind.running != nil:
			g := group{t.kind, t.dep.Namespace}
			grouped[g] = append(grouped[g], i)
		case t.kind.pods == nil:
		case t.kind.reportsPods != nil && t.kind.reportsPods(t.obj):
			names[i] = "its pods"
		default:
			own, err := t.kind.pods(ctx, c, t.obj)
			if errs[i] = err; err == nil {
				sets, whose = append(sets, own), append(whose, i)
			}
		}
	}
	pods, podErrs := firstPods(ctx, c, sets)
	for j, i := range whose {
		if errs[i] = podErrs[j]; pods[j] != "" {
			names[i] = "pod " + pods[j]
		}
	}
	for g, members := range grouped {
		all := make([]*unstructured.Unstructured, len(members))
		for j, i := range members {
			all[j] = targets[i].obj
		}
		running, err := g.kind.running(ctx, c, all)
		for j, i := range members {
			if errs[i] = err; err == nil {
				names[i] = running[j]
			}
		}
	}
	return names, errs
}

// group is workloads of one kind and namespace.
type group struct {
	kind      *kind
	namespace string
}
