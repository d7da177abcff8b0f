package backtrack

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// pureModel is a world without an API server and without RDS: what the facts are read from, and what actions change.
type pureModel struct {
	t          *testing.T
	shard, run uint64
	rand       *rand.Rand
	now        time.Time
	version    int // of the object that was written last, and the number of the newest object
	objects    map[string]*v1alpha1.AuroraBacktrack
	cluster    *v1alpha1.AuroraCluster
	records    []pureRecord
	checks     map[types.UID]*pureCheck
	pausedBy   types.UID // the mark on the one workload that is paused
	accepted   map[string]int
	processes  []*pureProcess
	seen       map[types.UID][]metav1.Condition
	copies     map[string]*pureCopy
	pausedAt   map[types.UID]time.Time // since when the worker is paused by the object
	ends       map[string]int
	waited     map[string]bool // condition/reason of every wait
	decisions  int
	told       []string

	lossy, silent, refusing, deadly bool
}

// start is when every run of the model begins.
var start = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

// pureRecord is a backtrack in RDS, and how it goes on by the clock.
type pureRecord struct {
	v1alpha1.BacktrackRecord
	listedAt, endsAt time.Time
	fails            bool
}

func newPureModel(t *testing.T, shard, run uint64) *pureModel {
	m := &pureModel{
		t: t, shard: shard, run: run, rand: rand.New(rand.NewPCG(shard, run)), now: start, deadly: true,
		objects: map[string]*v1alpha1.AuroraBacktrack{}, checks: map[types.UID]*pureCheck{}, accepted: map[string]int{}, seen: map[types.UID][]metav1.Condition{}, ends: map[string]int{}, waited: map[string]bool{},
		copies: map[string]*pureCopy{}, pausedAt: map[types.UID]time.Time{},
	}
	m.cluster = &v1alpha1.AuroraCluster{
		ObjectMeta: metav1.ObjectMeta{Name: "game", UID: "cluster", ResourceVersion: "0", Generation: 1},
		Spec: v1alpha1.AuroraClusterSpec{
			DBClusterIdentifier: "testcluster", AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{"game"}},
			SafetyCopy: v1alpha1.SafetyCopyPolicy{InstanceClasses: []v1alpha1.InstanceClass{"db.t4g.medium"}},
		},
	}
	meta.SetStatusCondition(&m.cluster.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1, Reason: "Ready"})
	m.processes = []*pureProcess{{m: m}, {m: m}}
	return m
}

func (m *pureModel) note(format string, args ...any) {
	m.told = append(m.told, m.now.Format(time.TimeOnly)+" "+fmt.Sprintf(format, args...))
}

func (m *pureModel) create(name string) {
	m.version++
	b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{
		Namespace: "game", Name: name, UID: types.UID(fmt.Sprint("uid-", m.version)), ResourceVersion: fmt.Sprint(m.version),
		CreationTimestamp: metav1.NewTime(m.now.Truncate(time.Second)),
	}}
	b.Spec.ClusterRef.Name = "game"
	b.Spec.BacktrackTo = v1alpha1.NewTimestamp(start.Add(-time.Duration(10+m.rand.IntN(2)) * time.Minute))
	b.Spec.Suspend = m.rand.IntN(6) == 0
	if m.rand.IntN(2) == 0 {
		b.Spec.Verify = &v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: "check"}}
	}
	b.Spec.SafetyCopy = m.drawCopy()
	m.objects[name] = b
	m.note("create %s %s", name, b.UID)
}

func (m *pureModel) edit(name string, change func(*v1alpha1.AuroraBacktrack)) {
	b := m.objects[name].DeepCopy()
	change(b)
	m.version++
	b.ResourceVersion = fmt.Sprint(m.version)
	m.objects[name] = b
	m.note("edit %s: cancel %v suspend %v conditions %d", name, b.Spec.Cancel, b.Spec.Suspend, len(b.Status.Conditions))
}

func (m *pureModel) remove(name string) {
	if len(m.objects[name].Finalizers) == 0 {
		delete(m.objects, name)
		return
	}
	m.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.DeletionTimestamp = &metav1.Time{Time: m.now} })
}

var errPureConflict = errors.New("the object has been modified")

// writeObject is a write with an optimistic lock.
func (m *pureModel) writeObject(b *v1alpha1.AuroraBacktrack) error {
	stored := m.objects[b.Name]
	if stored == nil || stored.UID != b.UID || stored.ResourceVersion != b.ResourceVersion {
		return errPureConflict
	}
	if stored.Status.CompletedAt == "" && b.Status.CompletedAt != "" {
		m.ends[meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded).Reason]++
	}
	m.version++
	b.ResourceVersion = fmt.Sprint(m.version)
	m.objects[b.Name] = b.DeepCopy()
	return nil
}

// writeCluster is a write with an optimistic lock.
func (m *pureModel) writeCluster(c *v1alpha1.AuroraCluster) error {
	if m.cluster.ResourceVersion != c.ResourceVersion {
		return errPureConflict
	}
	m.version++
	c.ResourceVersion = fmt.Sprint(m.version)
	m.cluster = c.DeepCopy()
	return nil
}

// rewind is RDS accepting a backtrack.
func (m *pureModel) rewind(to time.Time, wish string) v1alpha1.BacktrackRecord {
	m.accepted[wish]++
	m.note("RDS accepts a backtrack for %s", wish)
	r := pureRecord{
		BacktrackRecord: v1alpha1.BacktrackRecord{
			ID: fmt.Sprint("b", len(m.records)+1), RequestedAt: v1alpha1.NewTimestamp(m.now), BacktrackTo: v1alpha1.NewTimestamp(to.Truncate(time.Second)),
			BacktrackedFrom: v1alpha1.NewTimestamp(m.now.Add(2 * time.Second)), Status: "applying",
		},
		listedAt: m.now.Add(time.Duration(m.rand.IntN(60)) * time.Second), endsAt: m.now.Add(time.Duration(5+m.rand.IntN(90)) * time.Second), fails: m.rand.IntN(8) == 0,
	}
	m.records = append(m.records, r)
	return r.BacktrackRecord
}

// underWay is the backtrack that has not ended; nil when there is none.
func (m *pureModel) underWay() *pureRecord {
	for i := range m.records {
		if m.now.Before(m.records[i].endsAt) {
			return &m.records[i]
		}
	}
	return nil
}

var errSilent = &rds.Error{Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonRDSUnreachable, Message: "no answer"}

func (m *pureModel) describe() (rds.Cluster, error) {
	if m.silent {
		return rds.Cluster{}, errSilent
	}
	status := "available"
	if m.underWay() != nil {
		status = "backtracking"
	}
	return rds.Cluster{Identifier: "testcluster", ResourceID: "cluster-1", Status: status, Engine: "aurora-mysql", BacktrackWindow: 7200, Earliest: start.Add(-2 * time.Hour), Instances: 1}, nil
}

func (m *pureModel) history() ([]v1alpha1.BacktrackRecord, error) {
	if m.silent {
		return nil, errSilent
	}
	var listed []v1alpha1.BacktrackRecord
	for _, r := range m.records {
		if m.now.Before(r.listedAt) {
			continue
		}
		if !m.now.Before(r.endsAt) {
			r.Status = rds.StatusCompleted
			if r.fails {
				r.Status = rds.StatusFailed
			}
		}
		listed = append(listed, r.BacktrackRecord)
	}
	slices.SortFunc(listed, func(a, b v1alpha1.BacktrackRecord) int { return cmp.Compare(a.RequestedAt, b.RequestedAt) })
	return listed, nil
}

// clearVanished is what the AuroraCluster's reconciler does for a holder that is gone or has ended.
func (m *pureModel) clearVanished() {
	holder := m.cluster.Status.ActiveBacktrack
	if holder == nil {
		return
	}
	b := m.objects[holder.Name]
	if b != nil && b.Status.CompletedAt == "" && (b.UID == holder.UID || claim.Find(m.cluster, b) != nil) {
		return
	}
	m.resume(holder.UID)
	c := m.cluster.DeepCopy()
	lock.Release(c, *holder)
	if err := m.writeCluster(c); err != nil {
		m.fail("%v", err)
	}
}

func (m *pureModel) resume(uid types.UID) {
	if m.pausedBy == uid {
		m.pausedBy = ""
	}
}
