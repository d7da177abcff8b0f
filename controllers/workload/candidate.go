package workload

import (
	"cmp"
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// candidate is a dependent on its way into the list.
type candidate struct {
	dep  v1alpha1.DependentStatus
	kind *kind
	obj  *unstructured.Unstructured // nil where it was not read
	// listed is set where spec.dependents names it: somebody who may write the AuroraCluster wants it handled.
	listed bool
	// entryStrategy is what the entry itself says; "" where the strategy is a default.
	entryStrategy v1alpha1.Strategy
	// ours is set where the run that holds the cluster has paused it.
	ours    bool
	problem *Problem
}

// newCandidates gives a function that appends candidates for workloads of the kind. What is about to go is
// left out.
func newCandidates(k *kind, listed bool, all *[]*candidate) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		if u.GetDeletionTimestamp() != nil {
			return
		}
		*all = append(*all, &candidate{kind: k, obj: u, listed: listed, dep: v1alpha1.DependentStatus{
			APIVersion: k.gvk.GroupVersion().String(), Kind: k.gvk.Kind, Namespace: u.GetNamespace(), Name: u.GetName(),
		}})
	}
}

// refuse notes why it cannot be handled: a problem where it is listed, else it is left alone. What this
// operator has paused is never left alone, since it would stay paused.
func (f *candidate) refuse(p *Problem) {
	switch {
	case f.problem != nil:
	case f.listed || f.ours:
		set(&f.dep, v1alpha1.DependentFailed, p.Message)
		f.problem = p
	default:
		f.dep.Strategy = v1alpha1.StrategyNone
		set(&f.dep, v1alpha1.DependentSkipped, leftAlone+p.Message)
	}
}

// leave notes that it goes with its namespace, so that there is nothing to do for it.
func (f *candidate) leave() {
	f.dep.Strategy = v1alpha1.StrategyNone
	set(&f.dep, v1alpha1.DependentSkipped, goesWithNamespace)
}

// isToPause reports whether it is a workload that will be paused.
func (f *candidate) isToPause() bool {
	return f.dep.Strategy == v1alpha1.StrategyPause && f.dep.State == v1alpha1.DependentPending && !f.kind.isAutoscaler()
}

// resolve settles the strategy and the number of replicas, and whether the strategy can be carried out.
func (f *candidate) resolve(ctx context.Context, c client.Client, cluster *v1alpha1.AuroraCluster) error {
	if holder := cluster.Status.ActiveBacktrack; f.obj != nil && holder != nil {
		record, err := readRecord(f.obj, f.kind.pauseField)
		f.ours = err == nil && record != nil && record.Owner == holder.UID
	}
	if f.dep.Strategy == "" {
		f.dep.Strategy = cmp.Or(cluster.Spec.Strategy, v1alpha1.StrategyRestart)
		if f.kind != nil && f.kind.isAutoscaler() {
			f.dep.Strategy = v1alpha1.StrategyPause
		}
		if f.obj != nil {
			f.readStrategy()
		}
	}
	switch {
	case f.problem != nil || f.dep.State == v1alpha1.DependentSkipped:
		return nil
	case f.dep.Strategy == v1alpha1.StrategyNone:
		set(&f.dep, v1alpha1.DependentSkipped, strategyNone)
		return nil
	case f.dep.Strategy == v1alpha1.StrategyRestart && f.kind.startsAnew:
		set(&f.dep, v1alpha1.DependentSkipped, nothingRuns)
		return nil
	}
	f.dep.State = v1alpha1.DependentPending
	if err := f.readReplicas(); err != nil || f.dep.State != v1alpha1.DependentPending {
		return err
	}
	why, err := f.whyNot(ctx, c)
	if why != "" {
		f.refuse(unsupported("%s %s", nameOf(&f.dep), why))
	}
	return err
}

// whyNot says why the strategy cannot be carried out; "" when it can.
func (f *candidate) whyNot(ctx context.Context, c client.Client) (string, error) {
	pause := f.dep.Strategy == v1alpha1.StrategyPause
	if pause && f.kind.destroys != nil {
		if why, err := f.kind.destroys(f.obj); why != "" || err != nil {
			return why, err
		}
	}
	if why, err := f.kind.unsupported(ctx, c, f.obj, f.dep.Strategy); why != "" || err != nil {
		return why, err
	}
	if pause && known(f.dep.APIVersion, f.dep.Kind) == nil && f.entryStrategy != v1alpha1.StrategyPause {
		return needsConsent, nil
	}
	return "", nil
}

// readStrategy takes the strategy from the workload's own annotation, if it has one.
func (f *candidate) readStrategy() {
	text, there := f.obj.GetAnnotations()[v1alpha1.StrategyAnnotation]
	if !there {
		return
	}
	switch s := v1alpha1.Strategy(text); s {
	case v1alpha1.StrategyRestart, v1alpha1.StrategyPause, v1alpha1.StrategyNone:
		f.dep.Strategy = s
	default:
		f.refuse(unsupported("%s: the annotation %s is %q: it must be Restart, Pause or None", nameOf(&f.dep), v1alpha1.StrategyAnnotation, text))
	}
}

// readReplicas reads how many replicas it has, or had before it was paused by the run that holds the
// cluster. One that another AuroraBacktrack has paused becomes free when that ends, so it is waited for
// where it is listed.
func (f *candidate) readReplicas() error {
	field := f.kind.pauseField
	value := field.value(f.obj)
	record, err := readRecord(f.obj, field)
	switch {
	case err != nil:
		f.refuse(unsupported("%s", unreadable(&f.dep, field, err)))
		return nil
	case record != nil && !f.ours:
		why := pausedByOther(&f.dep, field, record.Owner)
		if f.listed {
			return errors.New(why)
		}
		f.dep.Strategy = v1alpha1.StrategyNone
		set(&f.dep, v1alpha1.DependentSkipped, leftAlone+why)
		return nil
	case record != nil:
		value = record.Restore
	}
	if n, isNumber := value.(int64); isNumber {
		replicas := int32(n) //nolint:gosec // the API server holds replicas to 32 bits
		f.dep.Replicas = &replicas
	}
	return nil
}
