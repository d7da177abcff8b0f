package workload

import (
	"cmp"
	"slices"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// orderGroup is what is paused and resumed together.
type orderGroup struct{ workloads, autoscalers []*v1alpha1.DependentStatus }

// byOrder groups the Pause dependents by their order, lowest first.
func byOrder(deps []v1alpha1.DependentStatus) []orderGroup {
	groups := map[int32]*orderGroup{}
	var orders []int32
	for i := range deps {
		dep := &deps[i]
		if dep.Strategy != v1alpha1.StrategyPause {
			continue
		}
		group := groups[dep.Order]
		if group == nil {
			group = &orderGroup{}
			groups[dep.Order] = group
			orders = append(orders, dep.Order)
		}
		if isAutoscaler(dep) {
			group.autoscalers = append(group.autoscalers, dep)
		} else {
			group.workloads = append(group.workloads, dep)
		}
	}
	slices.SortFunc(orders, cmp.Compare)
	sorted := make([]orderGroup, len(orders))
	for i, order := range orders {
		sorted[i] = *groups[order]
	}
	return sorted
}
