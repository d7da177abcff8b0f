package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// fate is what happens to an AuroraBacktrack besides what its cluster goes through.
type fate string

const (
	plain     fate = "plain"
	cancelled fate = "cancelled"     // at some moment
	deleted   fate = "deleted"       // at some moment
	again     fate = "applied again" // deleted after its end and created once more, as GitOps does
	replaced  fate = "replaced"      // deleted at some moment and created once more
	forced    fate = "taken away"    // its finalizer stripped at some moment, deleted, and created once more
	suspended fate = "suspended"     // created suspended, lifted at some moment
)

// fates and how often each is drawn, in a hundred.
var fates = []struct {
	fate
	weight int
}{{plain, 46}, {cancelled, 10}, {deleted, 8}, {again, 10}, {replaced, 8}, {forced, 6}, {suspended, 12}}

// milepost is something that an object comes to on its way.
type milepost struct {
	name   string
	passed func(v1alpha1.AuroraBacktrackStatus) bool
}

// mileposts in the order of the way. Where nothing but time is counted, a slow machine has hardly begun.
var mileposts = []milepost{
	{"creation", func(v1alpha1.AuroraBacktrackStatus) bool { return true }},
	{"start", func(s v1alpha1.AuroraBacktrackStatus) bool { return s.StartedAt != "" }},
	{"preflight", func(s v1alpha1.AuroraBacktrackStatus) bool {
		return isTrue(s.Conditions, v1alpha1.ConditionPreflightPassed)
	}},
	{"pause", func(s v1alpha1.AuroraBacktrackStatus) bool {
		return isTrue(s.Conditions, v1alpha1.ConditionDependentsPaused)
	}},
	{"claim", func(s v1alpha1.AuroraBacktrackStatus) bool { return s.Claim != nil }},
	{"record", func(s v1alpha1.AuroraBacktrackStatus) bool { return s.Backtrack != nil }},
	{"backtrack", func(s v1alpha1.AuroraBacktrackStatus) bool {
		return isTrue(s.Conditions, v1alpha1.ConditionBacktracked)
	}},
}

// wish is one rewind that somebody wants: a name and a spec, for which there may be several objects one after the other.
type wish struct {
	cluster int
	name    string
	target  time.Time // no two wishes for a cluster have the same, so that a call is known by it
	fate    fate
	behind  milepost      // what the object must have come to for the fate to strike
	moment  time.Duration // how long after that it does

	lifted time.Time // when the suspension was lifted
	err    error     // why its life was not what its fate says
}

func (w *wish) namespace() string { return clusterName(w.cluster) }

func (w *wish) String() string { return w.namespace() + "/" + w.name }

func (w *wish) object() *v1alpha1.AuroraBacktrack {
	object := &v1alpha1.AuroraBacktrack{}
	object.Namespace, object.Name = w.namespace(), w.name
	object.Spec.ClusterRef.Name = clusterName(w.cluster)
	object.Spec.BacktrackTo = v1alpha1.NewTimestamp(w.target)
	object.Spec.Suspend = w.fate == suspended
	return object
}

// actors that draw, each from its own source.
const (
	drawsWishes uint64 = iota
	drawsManagers
	drawsAPIServer
	drawsFaults
)

// draw makes all wishes: the clusters take turns, the rest is chance. Targets lie close together, behind the given time.
func draw(settings Settings, after time.Time) []*wish {
	source := settings.draws(drawsWishes)
	apart := min(20*time.Millisecond, 2*time.Second*clusters/time.Duration(settings.Rewinds))
	wishes := make([]*wish, settings.Rewinds)
	for i := range wishes {
		wishes[i] = &wish{
			cluster: i % clusters,
			name:    fmt.Sprintf("wish-%04d", i),
			target:  after.UTC().Truncate(time.Millisecond).Add(time.Duration(i/clusters+1) * apart.Truncate(time.Millisecond)),
			fate:    drawFate(source),
			behind:  mileposts[source.IntN(len(mileposts))],
			moment:  between(source, 0, 4*time.Second),
		}
	}
	// No order in the targets: some rewinds go back, some forward.
	for n := range clusters {
		var own []*wish
		for _, w := range wishes {
			if w.cluster == n {
				own = append(own, w)
			}
		}
		source.Shuffle(len(own), func(i, j int) { own[i].target, own[j].target = own[j].target, own[i].target })
	}
	return wishes
}

func drawFate(source *rand.Rand) fate {
	n := source.IntN(100)
	for _, f := range fates {
		if n < f.weight {
			return f.fate
		}
		n -= f.weight
	}
	return plain
}

// between draws a length of time, in whole milliseconds.
func between(source *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(source.Int64N((to-from).Milliseconds()))*time.Millisecond
}
