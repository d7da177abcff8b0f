package backtrack_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// actions are all that can happen. Each does nothing where it makes no sense, so that every order is a run.
func (m *model) actions() map[string]func(*rapid.T) {
	people := func(act func(*rapid.T)) func(*rapid.T) {
		return func(r *rapid.T) { m.AsUser(func() { act(r) }) }
	}
	return map[string]func(*rapid.T){
		"operator works":       m.operatorWorks,
		"operator works on":    m.operatorWorks,
		"operator looks":       m.operatorLooks,
		"operator looks again": m.operatorLooks,
		"operator dies":        m.operatorDies,
		"cache lags":           m.cacheLags,
		"clock jumps":          m.clockJumps,
		"RDS fails":            m.rdsFails,
		"workloads stand":      func(*rapid.T) { m.frozen = !m.frozen },
		"create":               people(m.creates),
		"create another":       people(m.creates),
		"change":               people(m.changes),
		"take away":            people(m.takesAway),
		"scale":                people(m.scales),
		"console":              people(m.rewindsElsewhere),
		"cluster":              people(m.changesCluster),
	}
}

func (m *model) actor(r *rapid.T) *harness.SteppedProcess {
	return m.actors[rapid.IntRange(0, len(m.actors)-1).Draw(r, "process")]
}

// operatorWorks lets one process, or both in turn, work for a while.
func (m *model) operatorWorks(r *rapid.T) {
	first := rapid.IntRange(0, 1).Draw(r, "process")
	both := rapid.Bool().Draw(r, "both")
	for range rapid.SampledFrom([]int{1, 5, 30}).Draw(r, "rounds") {
		next := m.Clock.Now().Add(10 * time.Second)
		for i, a := range m.actors {
			if (i != first && !both) || a.InFlight {
				continue
			}
			if at := a.Work(); at.Before(next) {
				next = at
			}
		}
		m.check(r)
		m.pass(next.Sub(m.Clock.Now()))
	}
}

// operatorLooks lets one process begin, or go on with, one look, in which something happens.
func (m *model) operatorLooks(r *rapid.T) {
	a := m.actor(r)
	a.Step(harness.Interruption(rapid.IntRange(0, int(harness.Interruptions)-1).Draw(r, "mishap")), rapid.IntRange(0, 30).Draw(r, "moments until then"))
	m.revive(a)
}

func (m *model) operatorDies(r *rapid.T) {
	a := m.actor(r)
	a.Stop()
	m.revive(a)
}

// revive starts a new process in place of a dead one.
func (m *model) revive(dead *harness.SteppedProcess) {
	if dead.Connection.Alive() {
		return
	}
	dead.End()
	for i, a := range m.actors {
		if a == dead {
			m.actors[i] = m.NewSteppedProcess()
		}
	}
}

func (m *model) cacheLags(r *rapid.T) {
	a := m.actor(r)
	if a.Lag == nil {
		a.FreezeCache()
	} else {
		a.ThawCache()
	}
}

// clockJumps lets time pass, or the operator's clock be set, which RDS's does not follow.
func (m *model) clockJumps(r *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Second, 7 * time.Second, 40 * time.Second, 3 * time.Minute}).Draw(r, "by")
	still := m.actors[0].InFlight || m.actors[1].InFlight
	if rapid.IntRange(0, 3).Draw(r, "is set") == 0 && !still { // within a look no clock is set
		m.RDSAhead -= d
	}
	m.pass(d)
}

func (m *model) rdsFails(r *rapid.T) {
	operations := []string{"BacktrackDBCluster", "BacktrackDBCluster", "DescribeDBClusterBacktracks", "DescribeDBClusters", "*", "RestoreDBClusterToPointInTime", "CreateDBClusterSnapshot", "CreateDBInstance"}
	faults := []string{local.FaultThrottling, local.FaultServiceUnavailable, local.FaultInternalFailure, local.FaultAccessDenied, local.FaultConnectionReset, local.FaultLostReply}
	var set []local.Fault
	for range rapid.IntRange(0, 2).Draw(r, "faults") {
		set = append(set, local.Fault{
			Operation: rapid.SampledFrom(operations).Draw(r, "operation"), Error: rapid.SampledFrom(faults).Draw(r, "fault"), Count: rapid.IntRange(1, 3).Draw(r, "times"),
		})
	}
	m.Must(m.RDS.SetFaults(set))
	if rapid.IntRange(0, 4).Draw(r, "record fails") == 0 {
		m.Must(m.RDS.EditCluster("testcluster", func(c *local.Cluster) { c.FailNextBacktrack = true }))
	}
	m.AmbiguousAnswers = rapid.IntRange(0, 1).Draw(r, "done, then 500")
	status := rapid.SampledFrom([]string{"", "", "modifying"}).Draw(r, "status")
	m.Must(m.RDS.EditCluster("testcluster", func(c *local.Cluster) { c.Status = status }))
}

func (m *model) creates(r *rapid.T) {
	if b := m.draw(r); m.Read(b.Name) == nil {
		m.Env.Create(b)
	}
}

func (m *model) changes(r *rapid.T) {
	b := m.pick(r)
	if b == nil {
		return
	}
	switch rapid.IntRange(0, 3).Draw(r, "change") {
	case 0:
		m.Edit(b.Name, cancel)
	case 1:
		m.Edit(b.Name, func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = !b.Spec.Suspend })
	case 2:
		if !m.LedgerLost[b.UID] {
			m.WipeStatus(b.Name)
		}
	case 3:
		m.Delete(b.Name)
	}
}

// takesAway takes an object away by force, and may put its like in its place, as a restore does. It spares an
// object whose AuroraCluster was taken away under it: with both gone nobody knows of the run any more.
func (m *model) takesAway(r *rapid.T) {
	b := m.pick(r)
	again := rapid.Bool().Draw(r, "again")
	if b == nil || m.LedgerLost[b.UID] {
		return
	}
	m.ForceDelete(b.Name)
	if again {
		like := harness.NewBacktrack(b.Name)
		like.Spec = b.Spec
		m.Env.Create(like)
	}
}

func (m *model) scales(r *rapid.T) {
	name := rapid.SampledFrom([]string{"worker", "chess-bot"}).Draw(r, "workload")
	m.Scale(name, rapid.Int32Range(1, 5).Draw(r, "replicas"))
}

// rewindsElsewhere asks RDS for a backtrack as somebody in the console would, to a time of their own.
func (m *model) rewindsElsewhere(r *rapid.T) {
	minutes := rapid.IntRange(10, 14).Draw(r, "minutes ago")
	m.RequestBacktrack("testcluster", harness.StartTime.Add(-time.Duration(minutes)*time.Minute-time.Hour))
}

func (m *model) changesCluster(r *rapid.T) {
	name := rapid.SampledFrom([]string{"game", "chess", "twin"}).Draw(r, "AuroraCluster")
	switch rapid.IntRange(0, 5).Draw(r, "to it") {
	case 0:
		m.deleteCluster(name, false)
	case 1:
		m.deleteCluster(name, true)
	default:
		if m.exists(name) {
			return
		}
		identifier := map[string]string{"game": "testcluster", "twin": "testcluster", "chess": "othercluster"}[name]
		c := harness.NewAuroraCluster(name, identifier)
		hasty(c)
		m.Env.Create(c)
	}
}
