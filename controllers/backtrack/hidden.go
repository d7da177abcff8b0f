package backtrack

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// longestText is how many bytes a message in the plan, or about a dependent, can have; the CRD admits as many characters.
const longestText = 1024

// hiddenNames are the names of dependents in other namespaces than their object's. What is stored in the object's status, which
// the requester can read, has aliases for them; a process that does not know the names looks for the aliases.
type hiddenNames struct {
	mu      sync.Mutex
	objects map[types.NamespacedName]*hiddenIn
}

// hiddenIn is what is known of one object's aliases.
type hiddenIn struct {
	uid   types.UID
	names map[string]types.NamespacedName
	gone  map[string]bool // workloads that were looked for and do not exist
}

// of gives what is known of the object's aliases. The caller has the lock.
func (h *hiddenNames) of(b *v1alpha1.AuroraBacktrack) *hiddenIn {
	if h.objects == nil {
		h.objects = map[types.NamespacedName]*hiddenIn{}
	}
	key := client.ObjectKeyFromObject(b)
	if known := h.objects[key]; known != nil && known.uid == b.UID {
		return known
	}
	h.objects[key] = &hiddenIn{uid: b.UID, names: map[string]types.NamespacedName{}, gone: map[string]bool{}}
	return h.objects[key]
}

// forget drops what is known of an object that has ended, or is gone.
func (h *hiddenNames) forget(name types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.objects, name)
}

// learn remembers the names that redact takes out of the object's status. It gives those that are new.
func (h *hiddenNames) learn(b *v1alpha1.AuroraBacktrack) map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	news := map[string]string{}
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		if d.Namespace == b.Namespace || workload.IsHidden(d) {
			continue
		}
		alias, known := workload.Alias(b.UID, d.Kind, d.Namespace, d.Name), h.of(b).names
		if _, there := known[alias]; !there {
			known[alias] = types.NamespacedName{Namespace: d.Namespace, Name: d.Name}
			news[alias] = d.Kind + " " + d.Namespace + "/" + d.Name
		}
	}
	return news
}

// fill puts the names that are known back into the object's dependents. It gives those of the others that the run may have to
// find.
func (h *hiddenNames) fill(b *v1alpha1.AuroraBacktrack) (unknown []v1alpha1.DependentStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		if !workload.IsHidden(d) {
			continue
		}
		known := h.of(b)
		if name, there := known.names[d.Name]; there {
			d.Namespace, d.Name = name.Namespace, name.Name
		} else if known.gone[d.Name] {
			d.State = v1alpha1.DependentSkipped
		} else if d.Strategy != v1alpha1.StrategyNone {
			unknown = append(unknown, *d)
		}
	}
	return unknown
}

// found notes what a search came to; complete says that what it did not find does not exist.
func (h *hiddenNames) found(b *v1alpha1.AuroraBacktrack, searched []v1alpha1.DependentStatus, names map[string]types.NamespacedName, complete bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.of(b)
	for i := range searched {
		alias := searched[i].Name
		if name, there := names[alias]; there {
			known.names[alias] = name
		} else if complete {
			known.gone[alias] = true
		}
	}
}

// reveal puts the names of hidden dependents back into the object as it was read, for a run that has begun. After a restart or
// a change of the leader they are looked for. While that fails, those that are not found count as unknown, which no operation
// on workloads takes for gone; the others go on.
func (r *Reconciler) reveal(ctx context.Context, s *store) {
	object := s.facts.Object
	unknown := r.hidden.fill(object)
	if len(unknown) == 0 || !s.facts.Started() && !s.facts.CalledRDS() {
		return
	}
	if !s.facts.Cluster.Read() {
		s.facts.Cluster = readCluster(ctx, r.Live, object.Spec.ClusterRef.Name)
	}
	names, err := r.Workloads.Reveal(ctx, s.facts.Cluster.Value(), object.UID, unknown)
	if err != nil {
		log.FromContext(ctx).Error(err, "looking for the dependents in other namespaces; it is tried again")
	}
	if len(names) > 0 {
		log.FromContext(ctx).Info("found dependents in other namespaces by their aliases in the status", "aliases", names)
	}
	r.hidden.found(object, unknown, names, err == nil)
	r.hidden.fill(object)
}

// redact takes out of a status what its readers may not see: the names of workloads in other namespaces. deps are the
// dependents with their names.
func redact(b *v1alpha1.AuroraBacktrack, deps []v1alpha1.DependentStatus) {
	text := func(s string) string { // an alias can be longer than the name
		return line.Clean(workload.RedactText(s, deps, b.Namespace, b.UID), longestText)
	}
	b.Status.Dependents = workload.Redact(deps, b.Namespace, b.UID)
	for i := range b.Status.Conditions {
		b.Status.Conditions[i].Message = rds.CleanLine(workload.RedactText(b.Status.Conditions[i].Message, deps, b.Namespace, b.UID))
	}
	if plan := b.Status.Plan; plan != nil {
		plan.Summary = text(plan.Summary)
		for i := range plan.Warnings {
			plan.Warnings[i] = text(plan.Warnings[i])
		}
	}
	for i := range b.Status.Dependents {
		b.Status.Dependents[i].Message = text(b.Status.Dependents[i].Message)
	}
}
