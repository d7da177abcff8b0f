package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
)

// facts are everything that is counted, as found at one moment.
type facts struct {
	wishes   []*wish
	objects  map[string]v1alpha1.AuroraBacktrack   // by namespace/name
	earlier  map[string][]v1alpha1.AuroraBacktrack // those that are gone, as they were seen last
	clusters []v1alpha1.AuroraCluster
	events   map[types.UID][]corev1.Event
	accepted []aurora.Call // those BacktrackDBClusters whose work was done
	before   map[string]workload
	after    map[string]workload
	seen     []string // what was seen that must not be seen
}

// gather finds the facts.
func (s *storm) gather(ctx context.Context) (*facts, error) {
	f := &facts{
		wishes: s.wishes, before: s.before, seen: s.sight.seen(), earlier: s.sight.earlier(),
		objects: map[string]v1alpha1.AuroraBacktrack{}, events: map[types.UID][]corev1.Event{},
	}
	var objects v1alpha1.AuroraBacktrackList
	var clusters v1alpha1.AuroraClusterList
	var events corev1.EventList
	err := s.insist(ctx, func() error {
		if err := s.kube.API.List(ctx, &objects); err != nil {
			return err
		}
		if err := s.kube.API.List(ctx, &clusters); err != nil {
			return err
		}
		if err := s.kube.API.List(ctx, &events); err != nil {
			return err
		}
		var err error
		if f.after, err = s.workloads(ctx); err != nil {
			return err
		}
		f.accepted, err = s.rds.Backtracks(ctx, "", time.Time{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking at what became of it: %w", err)
	}
	f.clusters = clusters.Items
	for _, object := range objects.Items {
		f.objects[object.Namespace+"/"+object.Name] = object
	}
	for _, event := range events.Items {
		if event.InvolvedObject.Kind == "AuroraBacktrack" {
			f.events[event.InvolvedObject.UID] = append(f.events[event.InvolvedObject.UID], event)
		}
	}
	return f, nil
}

// life is one object of a wish: the one that is there in the end, or an earlier one, which was taken away.
type life struct {
	v1alpha1.AuroraBacktrack
	earlier bool
}

func (l *life) String() string {
	if l.earlier {
		return l.Namespace + "/" + l.Name + ", an earlier life,"
	}
	return l.Namespace + "/" + l.Name
}

// lives are all objects that there were of a wish, the earlier ones first.
func (f *facts) lives(w *wish) []life {
	var lives []life
	for _, object := range f.earlier[w.String()] {
		lives = append(lives, life{object, true})
	}
	if object, there := f.objects[w.String()]; there {
		lives = append(lives, life{object, false})
	}
	return lives
}

// callsFor are the accepted calls of a wish: its cluster and its target are nobody else's.
func (f *facts) callsFor(w *wish) []aurora.Call {
	var calls []aurora.Call
	for _, call := range f.accepted {
		if f.isFor(call, w) {
			calls = append(calls, call)
		}
	}
	return calls
}

func (f *facts) isFor(call aurora.Call, w *wish) bool {
	to, err := time.Parse(time.RFC3339Nano, call.Parameters["BacktrackTo"])
	return err == nil && to.Equal(w.target) && strings.EqualFold(call.Parameters["DBClusterIdentifier"], clusterName(w.cluster))
}
