package workload

import (
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// Problem is why a dependent that spec.dependents lists cannot be handled as asked, found before anything is
// touched. It rests on facts that do not pass by themselves; what may pass is an error.
type Problem struct {
	// Reason is v1alpha1.ReasonDependentNotFound or v1alpha1.ReasonDependentUnsupported.
	Reason string
	// Message is one line: the workload, what is wrong with it and what to do.
	Message string
}

func notFound(format string, args ...any) *Problem {
	return &Problem{Reason: v1alpha1.ReasonDependentNotFound, Message: line.Clean(fmt.Sprintf(format, args...), maxMessage)}
}

func unsupported(format string, args ...any) *Problem {
	return &Problem{Reason: v1alpha1.ReasonDependentUnsupported, Message: line.Clean(fmt.Sprintf(format, args...), maxMessage)}
}

const (
	strategyNone = "strategy None"
	// leftAlone begins the message of a labelled workload that cannot be handled.
	leftAlone = "left alone, since it is not listed in spec.dependents and can't be handled: "
	// nothingRuns is the message of a workload that has nothing to restart.
	nothingRuns = "nothing to restart: it has no running pods of its own, and what it starts next connects anew"
)

// Warnings gives what a person should know of the dependents that Find leaves alone: workloads that only
// carry the label, and that cannot be handled. One line each.
func Warnings(deps []v1alpha1.DependentStatus) []string {
	var lines []string
	for i := range deps {
		if dep := &deps[i]; dep.State == v1alpha1.DependentSkipped && dep.Strategy == v1alpha1.StrategyNone && dep.Message != strategyNone {
			lines = append(lines, dep.Message)
		}
	}
	return lines
}
