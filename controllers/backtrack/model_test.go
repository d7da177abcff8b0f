package backtrack

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// shards run side by side; together they make at least 10,000 runs.
const (
	shards = 4
	runs   = 2500
)

func init() {
	// Defaults for plain `go test`; -rapid.checks and -rapid.steps on the command line outrank them.
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(runs), "rapid.steps": "20", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// TestModel lets anything happen in any order, and checks after every step what must always hold; then all
// faults stop, and every object has to come to its end with every workload as before. A failure prints its seed.
func TestModel(t *testing.T) {
	for shard := range shards {
		t.Run(fmt.Sprintf("shard %d", shard+1), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				m := newModel(t, r)
				defer m.close()
				actions := m.actions()
				actions[""] = m.check
				r.Repeat(actions)
				m.drain(r)
			})
		})
	}
}

// model is a world in which anything can happen.
type model struct {
	*witness
	actors []*actor
	frozen bool // the workload controllers stand still
}

func newModel(t testing.TB, r *rapid.T) *model {
	w := newWorld(t)
	seconds := func(name string, among ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(among).Draw(r, name)) * time.Second
	}
	w.rds.SetTiming(local.Timing{
		Unlisted: seconds("unlisted", 0, 2, 8), Pending: seconds("pending", 0, 3), Backtracking: seconds("backtracking", 0, 6), StatusLag: seconds("status lag", 0, 4, 12),
	})
	w.rds.SetUpperCaseStatus(rapid.Bool().Draw(r, "upper case"))
	w.rdsAhead = seconds("RDS's clock is ahead", 0, -7, 90)
	w.addAurora("othercluster")
	w.create(auroraCluster("chess", "othercluster"))
	for _, name := range []string{"game", "chess"} {
		w.editCluster(name, hasty)
	}
	w.create(deployment("game-api", 2, v1alpha1.StrategyRestart))
	w.create(deployment("worker", 3, v1alpha1.StrategyPause))
	chess := deployment("chess-bot", 1, v1alpha1.StrategyPause)
	chess.Labels[v1alpha1.ClusterLabel] = "chess"
	w.create(chess)
	w.kubelet(w)
	m := &model{witness: w.watch()}
	m.actors = []*actor{m.newActor(), m.newActor()}
	return m
}

// hasty keeps a run short: little is asked while nothing happens, and no time-out takes long.
func hasty(c *v1alpha1.AuroraCluster) {
	c.Spec.PauseTimeout, c.Spec.ReconnectTimeout, c.Spec.RefreshInterval = "100s", "30s", "5m"
}

func (m *model) close() {
	for _, a := range m.actors {
		a.stop()
	}
}

// check is called after every step.
func (m *model) check(r *rapid.T) {
	if !m.frozen {
		m.kubelet(m.world)
	}
	if len(m.wrong) > 0 {
		r.Fatalf("%s\n%s", strings.Join(m.wrong, "\n"), m.world.describe())
	}
}

// pass lets time pass.
func (m *model) pass(d time.Duration) { m.clock.Step(max(d, time.Millisecond)) }

// drain lets all faults stop and everything come to its end.
func (m *model) drain(r *rapid.T) {
	m.must(m.rds.SetFaults(nil))
	m.frozen = false
	m.must(m.rds.EditCluster("testcluster", func(c *local.Cluster) { c.Status = "" }))
	fresh := rapid.Bool().Draw(r, "fresh processes")
	for i, a := range m.actors {
		a.goOn(nil, nothing, 0)
		a.thaw()
		if fresh {
			a.stop()
			m.actors[i] = m.newActor()
		}
	}
	m.check(r)
	quiet := m.clock.Now()
	for range 1500 {
		next := m.clock.Now().Add(30 * time.Second)
		for _, a := range m.actors {
			if at := a.work(); at.Before(next) {
				next = at
			}
		}
		m.check(r)
		m.sendAway()
		if !m.atRest() {
			quiet = m.clock.Now()
		} else if m.clock.Now().Sub(quiet) >= restFor {
			m.inOrder()
			m.check(r)
			return
		}
		m.pass(next.Sub(m.clock.Now()))
	}
	r.Fatalf("it never came to rest\n%s", m.world.describe())
}

// sendAway cancels what waits for people.
func (m *model) sendAway() {
	for _, uid := range m.present {
		b := m.objects[uid]
		if b.Status.CompletedAt != "" || b.Status.StartedAt != "" || b.Spec.Cancel {
			continue
		}
		c := m.clusters[b.Spec.ClusterRef.Name]
		ready := c != nil && c.DeletionTimestamp.IsZero() && meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady)
		if b.Spec.Suspend || !ready && len(b.Status.Conditions) > 0 {
			m.person(func() { m.edit(b.Name, cancel) })
		}
	}
}

// pick draws one of the objects; nil when there is none.
func (m *model) pick(r *rapid.T) *v1alpha1.AuroraBacktrack {
	name := rapid.SampledFrom(names).Draw(r, "object")
	return m.read(name)
}

var names = []string{"a", "b", "c"}

// draw makes an object.
func (m *model) draw(r *rapid.T) *v1alpha1.AuroraBacktrack {
	b := undo(rapid.SampledFrom(names).Draw(r, "name"))
	b.Spec.ClusterRef.Name = rapid.SampledFrom([]string{"game", "game", "game", "chess", "twin", "nowhere"}).Draw(r, "cluster")
	b.Spec.BacktrackTo = rapid.SampledFrom([]v1alpha1.Timestamp{"2023-12-23T13:55:00Z", "2023-12-23T13:55:00Z", "2023-12-23T13:45:00Z", "2023-12-23T23:00:00Z", "yesterday"}).Draw(r, "to")
	switch rapid.IntRange(0, 9).Draw(r, "trait") {
	case 0:
		b.Spec.Suspend = true
	case 1:
		b.Spec.Repeat = "b1"
	case 2:
		b.Spec.TTLSecondsAfterFinished = ptr.To[int32](5)
	case 3:
		b.Spec.StartDeadline = v1alpha1.NewTimestamp(start.Add(time.Minute))
	}
	return b
}

// exists tells whether the AuroraCluster is there.
func (m *model) exists(name string) bool { return m.clusters[name] != nil }

func (m *model) deleteCluster(name string, force bool) {
	if !m.exists(name) {
		return
	}
	holder := m.clusters[name].Status.ActiveBacktrack
	if force && (holder == nil || !m.forced[holder.UID] && !m.wiped[holder.UID]) { // not the last that knows of a run
		m.editCluster(name, func(c *v1alpha1.AuroraCluster) { c.Finalizers = nil })
	}
	if m.exists(name) { // one that is being deleted goes with its finalizer
		m.must(m.api.Delete(context.Background(), m.readCluster(name)))
	}
}
