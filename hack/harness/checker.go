package harness

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// Checker sees every change at the API server and every backtrack that RDS takes, at the moment at which it
// happens, and writes down what must never happen. What must always hold is numbered as in the design.
type Checker struct {
	*Env
	Violations []string

	Objects     map[types.UID]*v1alpha1.AuroraBacktrack // as they are, or were when they went
	Present     map[Item]types.UID                      // which of them are there
	Clusters    map[string]*v1alpha1.AuroraCluster
	targets     map[string]string // what each AuroraCluster stands for, or stood for
	deployments map[string]*appsv1.Deployment

	accepted map[types.UID]int                     // backtracks that RDS took, by who asked
	wishes   map[string]types.UID                  // who asked first for a rewind of this name and spec
	verdicts map[types.UID]map[string]announcement // of conditions that became True or False
	events   map[types.UID][]*corev1.Event

	// ambiguous is how many backtracks RDS still does and answers with 500.
	AmbiguousAnswers int
	// forced are objects that were taken away before their end.
	Forced map[types.UID]bool
	// wiped are objects whose status was taken away.
	Wiped map[types.UID]bool
	// people is set while people change things, and not the operator.
	byUser bool
	// replicas is what each Deployment is to have in the end.
	wantReplicas map[string]int32
	// woken are the paused Deployments that people scaled up.
	woken map[string]bool
	// unledgered are objects whose AuroraCluster was taken away while they ran, lock and ledger and all.
	LedgerLost map[types.UID]bool
	// forgotten are wishes whose first run nobody can know of any more: the ledger was taken away.
	ledgerLostFor map[string]bool
	// checks are the Jobs that were made to check data, by whose it is.
	checks map[types.UID]int
}

// NewChecker starts to check what happens from now on.
func (env *Env) NewChecker() *Checker {
	s := &Checker{
		Env: env, Objects: map[types.UID]*v1alpha1.AuroraBacktrack{}, Present: map[Item]types.UID{},
		Clusters: map[string]*v1alpha1.AuroraCluster{}, targets: map[string]string{}, deployments: map[string]*appsv1.Deployment{},
		accepted: map[types.UID]int{}, wishes: map[string]types.UID{}, verdicts: map[types.UID]map[string]announcement{},
		events: map[types.UID][]*corev1.Event{}, wantReplicas: map[string]int32{}, woken: map[string]bool{},
		Forced: map[types.UID]bool{}, Wiped: map[types.UID]bool{}, LedgerLost: map[types.UID]bool{}, ledgerLostFor: map[string]bool{}, checks: map[types.UID]int{},
	}
	for _, object := range env.Server.Snapshot() {
		s.see(nil, object)
	}
	env.Server.OnChange(s.see)
	return s
}

func (s *Checker) violation(format string, args ...any) {
	s.Violations = append(s.Violations, s.Clock.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// AsUser lets somebody change things by hand.
func (s *Checker) AsUser(change func()) {
	s.byUser = true
	defer func() { s.byUser = false }()
	change()
}

// connection connects a process so that the checker sees what it asks RDS.
func (s *Checker) connection(hook Hook) *Connection { return &Connection{Hook: hook} }

// StartProcess starts a process whose calls to RDS the checker sees.
func (s *Checker) StartProcess(hook Hook, settings backtrack.Settings) *Process {
	line := s.connection(hook)
	p := s.NewProcess(line, settings)
	line.called = func(action string) {
		if action == "BacktrackDBCluster" {
			s.calledRDS(p)
		}
	}
	return p
}

func (s *Checker) see(old, object fakeapi.Object) {
	c := objectChange{old, object}
	switch kindOf(c) {
	case "AuroraBacktrack":
		old, b := typed[v1alpha1.AuroraBacktrack](s.Env, c)
		s.seeObject(old, b)
		if b != nil && !s.byUser && b.Status.ObservedGeneration != 0 { // a wiped status has 0 until the operator writes it
			s.checkSummary("AuroraBacktrack", b.Name, backtrackSummary(b, kstatus(&unstructured.Unstructured{Object: object})))
		}
	case "AuroraCluster":
		old, c := typed[v1alpha1.AuroraCluster](s.Env, c)
		s.seeCluster(old, c)
		if c != nil && !s.byUser {
			s.checkSummary("AuroraCluster", c.Name, clusterSummary(c, kstatus(&unstructured.Unstructured{Object: object})))
		}
	case "Job":
		s.seeJob(typed[batchv1.Job](s.Env, c))
	case "Deployment":
		s.seeDeployment(typed[appsv1.Deployment](s.Env, c))
	case "Event":
		if _, event := typed[corev1.Event](s.Env, c); event != nil {
			s.seeEvent(event)
		}
	}
}

func (s *Checker) seeObject(old, b *v1alpha1.AuroraBacktrack) {
	if b == nil {
		s.Forced[old.UID] = s.byUser
		delete(s.Present, Item{Namespace: old.Namespace, Name: old.Name})
		return
	}
	s.Objects[b.UID] = b
	s.Present[Item{Namespace: b.Namespace, Name: b.Name}] = b.UID
	if old != nil && !s.byUser {
		s.checkProgress(old, b)
	}
	if old != nil && len(old.Status.Conditions) > 0 && len(b.Status.Conditions) == 0 {
		s.Wiped[b.UID] = true
		delete(s.verdicts, b.UID)
	}
	if len(b.Status.Conditions) > 0 {
		s.checkTruth(old, b)
	}
}

func (s *Checker) seeCluster(old, c *v1alpha1.AuroraCluster) {
	if c != nil {
		s.Clusters[c.Name], s.targets[c.Name] = c, c.Spec.DBClusterIdentifier
		return
	}
	delete(s.Clusters, old.Name)
	for wish := range s.wishes { // its ledger went with it; only RDS's own history may still know
		s.ledgerLostFor[wish] = true
	}
	for uid, b := range s.Objects {
		s.LedgerLost[uid] = s.LedgerLost[uid] || b.Spec.ClusterRef.Name == old.Name
	}
}

func (s *Checker) seeDeployment(old, d *appsv1.Deployment) {
	if d == nil {
		delete(s.deployments, old.Name)
		return
	}
	s.deployments[d.Name] = d
	if old == nil {
		s.wantReplicas[d.Name] = *d.Spec.Replicas
		return
	}
	_, paused := old.Annotations[v1alpha1.PausedAnnotation]
	scaled := *old.Spec.Replicas != *d.Spec.Replicas
	switch {
	case scaled && s.byUser:
		s.wantReplicas[d.Name] = *d.Spec.Replicas
		s.woken[d.Name] = paused
	case scaled && *d.Spec.Replicas == 0 && d.Annotations[v1alpha1.PausedAnnotation] == "":
		s.violation("3: %s was set to zero without a mark", d.Name)
	case scaled && *d.Spec.Replicas > 0 && (!paused || *d.Spec.Replicas != s.wantReplicas[d.Name]):
		s.violation("3: %s had %d replicas, was set to %d and should have %d", d.Name, *old.Spec.Replicas, *d.Spec.Replicas, s.wantReplicas[d.Name])
	}
	if scaled && !s.byUser && *d.Spec.Replicas > 0 {
		s.checkVerified(d)
	}
	if d.Annotations[v1alpha1.PausedAnnotation] == "" {
		s.woken[d.Name] = false
	}
}

func (s *Checker) seeEvent(e *corev1.Event) {
	s.events[e.InvolvedObject.UID] = append(s.events[e.InvolvedObject.UID], e)
}

// announcement is what an event says.
type announcement struct{ reason, message string }

// checkEvents checks that each condition that became True or False is told by exactly one event.
func (s *Checker) checkEvents(uid types.UID) {
	want, got := map[announcement]int{}, map[announcement]int{}
	for _, n := range s.verdicts[uid] {
		want[s.withoutLostMessage(uid, n)]++
	}
	for _, e := range s.events[uid] {
		got[s.withoutLostMessage(uid, announcement{e.Reason, e.Message})]++
	}
	for n, times := range want {
		if got[n] != times && (got[n] == 0 || !s.Wiped[uid]) {
			s.violation("6: %s: %s is told by %d events, want %d: %s", s.Objects[uid].Name, n.reason, got[n], times, n.message)
		}
	}
}

// withoutLostMessage leaves out the message where the status was wiped: what was told before is not told again in
// other words.
func (s *Checker) withoutLostMessage(uid types.UID, n announcement) announcement {
	if s.Wiped[uid] {
		n.message = ""
	}
	return n
}

// calledRDS is told that RDS has answered, or swallowed, a backtrack that the process asked for.
func (s *Checker) calledRDS(p *Process) {
	calls := s.RDS.Calls()
	if !calls[len(calls)-1].Done() {
		return
	}
	b := s.Objects[p.looksAt]
	if b == nil {
		s.violation("1: RDS took a backtrack that no object asked for")
		return
	}
	s.accepted[b.UID]++
	if n := s.accepted[b.UID]; n > 1 {
		s.violation("1: RDS took %d backtracks for %s (%s)", n, b.Name, b.UID)
	}
	wish := wishOf(b)
	if first, known := s.wishes[wish]; known && first != b.UID && !s.ledgerLostFor[wish] {
		s.violation("2: %s was rewound for %s, and is once more for %s", b.Name, first, b.UID)
	}
	s.wishes[wish] = b.UID
	delete(s.ledgerLostFor, wish)
	if s.Present[Item{Namespace: b.Namespace, Name: b.Name}] == b.UID { // otherwise it was taken away by force
		s.checkAllowed(b)
	}
}

// checkAllowed looks at the world at the moment at which RDS takes the object's backtrack.
func (s *Checker) checkAllowed(b *v1alpha1.AuroraBacktrack) {
	cluster := s.Clusters[b.Spec.ClusterRef.Name]
	if cluster == nil || !HoldsLock(cluster, b) {
		s.violation("4: %s asked RDS without the lock", b.Name)
		return
	}
	if b.Status.Claim == nil {
		s.violation("1: %s asked RDS without a claim", b.Name)
	}
	if !slices.Contains(cluster.Spec.AllowedNamespaces.Names, b.Namespace) {
		s.violation("5: %s asked RDS from namespace %s, which may not", b.Name, b.Namespace)
	}
	if b.Spec.Cancel && b.Status.Claim == nil || b.Spec.Suspend && b.Status.StartedAt == "" {
		s.violation("6: %s asked RDS although it is cancelled or suspended", b.Name)
	}
	for _, uid := range s.Present {
		other := s.Objects[uid]
		undoes := b.Spec.UndoOf != nil && b.Spec.UndoOf.UID == uid
		if uid != b.UID && !undoes && s.underWay(other) && s.sameTarget(other, cluster) && !s.lostItsLock(other) {
			s.violation("4: %s asked RDS while %s is under way", b.Name, other.Name)
		}
	}
	s.checkCopied(b)
	for _, d := range b.Status.Dependents {
		workload := s.deployments[d.Name]
		if d.Strategy == v1alpha1.StrategyPause && workload != nil && !s.woken[d.Name] && (*workload.Spec.Replicas != 0 || workload.Status.Replicas != 0) {
			s.violation("3: %s asked RDS while %s runs", b.Name, d.Name)
		}
	}
}

// underWay reports whether the object has asked RDS and has not brought its dependents back.
func (s *Checker) underWay(b *v1alpha1.AuroraBacktrack) bool {
	return b.Status.Claim != nil && b.Status.CompletedAt == "" &&
		!meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionDependentsReconnected) &&
		!meta.IsStatusConditionFalse(b.Status.Conditions, v1alpha1.ConditionDependentsReconnected) &&
		!meta.IsStatusConditionFalse(b.Status.Conditions, v1alpha1.ConditionBacktracked)
}

func (s *Checker) sameTarget(b *v1alpha1.AuroraBacktrack, c *v1alpha1.AuroraCluster) bool {
	return s.targets[b.Spec.ClusterRef.Name] == c.Spec.DBClusterIdentifier
}

// lostItsLock reports whether the object's AuroraCluster was taken away by force and the object has not taken the lock of
// the new one yet. Until then nobody can know of it.
func (s *Checker) lostItsLock(b *v1alpha1.AuroraBacktrack) bool {
	c := s.Clusters[b.Spec.ClusterRef.Name]
	return s.LedgerLost[b.UID] && (c == nil || !HoldsLock(c, b))
}
