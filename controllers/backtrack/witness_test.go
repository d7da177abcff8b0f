package backtrack

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// witness sees every change at the API server and every backtrack that RDS takes, at the moment at which it
// happens, and writes down what must never happen. What must always hold is numbered as in the design.
type witness struct {
	*world
	wrong []string

	objects     map[types.UID]*v1alpha1.AuroraBacktrack // as they are, or were when they went
	present     map[item]types.UID                      // which of them are there
	clusters    map[string]*v1alpha1.AuroraCluster
	targets     map[string]string // what each AuroraCluster stands for, or stood for
	deployments map[string]*appsv1.Deployment

	accepted map[types.UID]int             // backtracks that RDS took, by who asked
	wishes   map[string]types.UID          // who asked first for a rewind of this name and spec
	verdicts map[types.UID]map[string]news // of conditions that became True or False
	told     map[types.UID][]*corev1.Event

	// ambiguous is how many backtracks RDS still does and answers with 500.
	ambiguous int
	// forced are objects that were taken away before their end.
	forced map[types.UID]bool
	// wiped are objects whose status was taken away.
	wiped map[types.UID]bool
	// people is set while people change things, and not the operator.
	people bool
	// replicas is what each Deployment is to have in the end.
	replicas map[string]int32
	// woken are the paused Deployments that people scaled up.
	woken map[string]bool
	// unledgered are objects whose AuroraCluster was taken away while they ran, lock and ledger and all.
	unledgered map[types.UID]bool
	// forgotten are wishes whose first run nobody can know of any more: the ledger was taken away.
	forgotten map[string]bool
}

// watch puts a witness into the world.
func (w *world) watch() *witness {
	s := &witness{
		world: w, objects: map[types.UID]*v1alpha1.AuroraBacktrack{}, present: map[item]types.UID{},
		clusters: map[string]*v1alpha1.AuroraCluster{}, targets: map[string]string{}, deployments: map[string]*appsv1.Deployment{},
		accepted: map[types.UID]int{}, wishes: map[string]types.UID{}, verdicts: map[types.UID]map[string]news{},
		told: map[types.UID][]*corev1.Event{}, forced: map[types.UID]bool{}, unledgered: map[types.UID]bool{}, wiped: map[types.UID]bool{}, replicas: map[string]int32{}, woken: map[string]bool{}, forgotten: map[string]bool{},
	}
	for _, object := range w.server.Snapshot() {
		s.see(nil, object)
	}
	w.server.OnChange(s.see)
	return s
}

func (s *witness) fault(format string, args ...any) {
	s.wrong = append(s.wrong, s.clock.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// person lets somebody change things by hand.
func (s *witness) person(change func()) {
	s.people = true
	defer func() { s.people = false }()
	change()
}

// line connects a process so that the witness sees what it asks RDS.
func (s *witness) line(hook hook) *wire { return &wire{hook: hook} }

func (s *witness) start(hook hook, settings Settings) *process {
	line := s.line(hook)
	p := s.newProcess(line, settings)
	line.called = func(action string) {
		if action == "BacktrackDBCluster" {
			s.asked(p)
		}
	}
	return p
}

func (s *witness) see(old, object fakeapi.Object) {
	c := change{old, object}
	switch kindOf(c) {
	case "AuroraBacktrack":
		s.seeObject(typed[v1alpha1.AuroraBacktrack](s.world, c))
	case "AuroraCluster":
		s.seeCluster(typed[v1alpha1.AuroraCluster](s.world, c))
	case "Deployment":
		s.seeDeployment(typed[appsv1.Deployment](s.world, c))
	case "Event":
		if _, event := typed[corev1.Event](s.world, c); event != nil {
			s.seeEvent(event)
		}
	}
}

func (s *witness) seeObject(old, b *v1alpha1.AuroraBacktrack) {
	if b == nil {
		s.forced[old.UID] = s.people
		delete(s.present, item{namespace: old.Namespace, name: old.Name})
		return
	}
	s.objects[b.UID] = b
	s.present[item{namespace: b.Namespace, name: b.Name}] = b.UID
	if old != nil && !s.people {
		s.neverRegresses(old, b)
	}
	if old != nil && len(old.Status.Conditions) > 0 && len(b.Status.Conditions) == 0 {
		s.wiped[b.UID] = true
		delete(s.verdicts, b.UID)
	}
	if len(b.Status.Conditions) > 0 {
		s.tellsTheTruth(old, b)
	}
}

func (s *witness) seeCluster(old, c *v1alpha1.AuroraCluster) {
	if c != nil {
		s.clusters[c.Name], s.targets[c.Name] = c, c.Spec.DBClusterIdentifier
		return
	}
	delete(s.clusters, old.Name)
	for wish := range s.wishes { // its ledger went with it; only RDS's own history may still know
		s.forgotten[wish] = true
	}
	for uid, b := range s.objects {
		s.unledgered[uid] = s.unledgered[uid] || b.Spec.ClusterRef.Name == old.Name
	}
}

func (s *witness) seeDeployment(old, d *appsv1.Deployment) {
	if d == nil {
		delete(s.deployments, old.Name)
		return
	}
	s.deployments[d.Name] = d
	if old == nil {
		s.replicas[d.Name] = *d.Spec.Replicas
		return
	}
	_, paused := old.Annotations[v1alpha1.PausedAnnotation]
	scaled := *old.Spec.Replicas != *d.Spec.Replicas
	switch {
	case scaled && s.people:
		s.replicas[d.Name] = *d.Spec.Replicas
		s.woken[d.Name] = paused
	case scaled && *d.Spec.Replicas == 0 && d.Annotations[v1alpha1.PausedAnnotation] == "":
		s.fault("3: %s was set to zero without a mark", d.Name)
	case scaled && *d.Spec.Replicas > 0 && (!paused || *d.Spec.Replicas != s.replicas[d.Name]):
		s.fault("3: %s had %d replicas, was set to %d and should have %d", d.Name, *old.Spec.Replicas, *d.Spec.Replicas, s.replicas[d.Name])
	}
	if d.Annotations[v1alpha1.PausedAnnotation] == "" {
		s.woken[d.Name] = false
	}
}

func (s *witness) seeEvent(e *corev1.Event) {
	s.told[e.InvolvedObject.UID] = append(s.told[e.InvolvedObject.UID], e)
}

// news is what an event says.
type news struct{ reason, message string }

// eventsRight checks that each condition that became True or False is told by exactly one event.
func (s *witness) eventsRight(uid types.UID) {
	want, got := map[news]int{}, map[news]int{}
	for _, n := range s.verdicts[uid] {
		want[s.comparable(uid, n)]++
	}
	for _, e := range s.told[uid] {
		got[s.comparable(uid, news{e.Reason, e.Message})]++
	}
	for n, times := range want {
		if got[n] != times && (got[n] == 0 || !s.wiped[uid]) {
			s.fault("6: %s: %s is told by %d events, want %d: %s", s.objects[uid].Name, n.reason, got[n], times, n.message)
		}
	}
}

// comparable leaves out the message where the status was wiped: what was told before is not told again in
// other words.
func (s *witness) comparable(uid types.UID, n news) news {
	if s.wiped[uid] {
		n.message = ""
	}
	return n
}

// asked is told that RDS has answered, or swallowed, a backtrack that the process asked for.
func (s *witness) asked(p *process) {
	calls := s.rds.Calls()
	if !calls[len(calls)-1].Done() {
		return
	}
	b := s.objects[p.looksAt]
	if b == nil {
		s.fault("1: RDS took a backtrack that no object asked for")
		return
	}
	s.accepted[b.UID]++
	if n := s.accepted[b.UID]; n > 1 {
		s.fault("1: RDS took %d backtracks for %s (%s)", n, b.Name, b.UID)
	}
	wish := wishOf(b)
	if first, known := s.wishes[wish]; known && first != b.UID && !s.forgotten[wish] {
		s.fault("2: %s was rewound for %s, and is once more for %s", b.Name, first, b.UID)
	}
	s.wishes[wish] = b.UID
	delete(s.forgotten, wish)
	if s.present[item{namespace: b.Namespace, name: b.Name}] == b.UID { // otherwise it was taken away by force
		s.wasAllowed(b)
	}
}

// wasAllowed looks at the world at the moment at which RDS takes the object's backtrack.
func (s *witness) wasAllowed(b *v1alpha1.AuroraBacktrack) {
	cluster := s.clusters[b.Spec.ClusterRef.Name]
	if cluster == nil || !holdsLock(cluster, b) {
		s.fault("4: %s asked RDS without the lock", b.Name)
		return
	}
	if b.Status.Claim == nil {
		s.fault("1: %s asked RDS without a claim", b.Name)
	}
	if !slices.Contains(cluster.Spec.AllowedNamespaces.Names, b.Namespace) {
		s.fault("5: %s asked RDS from namespace %s, which may not", b.Name, b.Namespace)
	}
	if b.Spec.Cancel && b.Status.Claim == nil || b.Spec.Suspend && b.Status.StartedAt == "" {
		s.fault("6: %s asked RDS although it is cancelled or suspended", b.Name)
	}
	for _, uid := range s.present {
		other := s.objects[uid]
		if uid != b.UID && s.underWay(other) && s.sameTarget(other, cluster) && !s.lostItsLock(other) {
			s.fault("4: %s asked RDS while %s is under way", b.Name, other.Name)
		}
	}
	for _, d := range b.Status.Dependents {
		workload := s.deployments[d.Name]
		if d.Strategy == v1alpha1.StrategyPause && workload != nil && !s.woken[d.Name] && (*workload.Spec.Replicas != 0 || workload.Status.Replicas != 0) {
			s.fault("3: %s asked RDS while %s runs", b.Name, d.Name)
		}
	}
}

// underWay tells whether the object has asked RDS and has not brought its dependents back.
func (s *witness) underWay(b *v1alpha1.AuroraBacktrack) bool {
	return b.Status.Claim != nil && b.Status.CompletedAt == "" &&
		!meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionDependentsReconnected) &&
		!meta.IsStatusConditionFalse(b.Status.Conditions, v1alpha1.ConditionDependentsReconnected) &&
		!meta.IsStatusConditionFalse(b.Status.Conditions, v1alpha1.ConditionBacktracked)
}

func (s *witness) sameTarget(b *v1alpha1.AuroraBacktrack, c *v1alpha1.AuroraCluster) bool {
	return s.targets[b.Spec.ClusterRef.Name] == c.Spec.DBClusterIdentifier
}

// lostItsLock tells whether the object's AuroraCluster was taken away by force and the object has not taken the lock of
// the new one yet. Until then nobody can know of it.
func (s *witness) lostItsLock(b *v1alpha1.AuroraBacktrack) bool {
	c := s.clusters[b.Spec.ClusterRef.Name]
	return s.unledgered[b.UID] && (c == nil || !holdsLock(c, b))
}
