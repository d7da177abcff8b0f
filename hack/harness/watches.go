package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// notice puts into the queue what the controllers' watches would.
func (p *Process) notice(c objectChange) {
	switch kindOf(c) {
	case "AuroraBacktrack":
		old, object := typed[v1alpha1.AuroraBacktrack](p.Env, c)
		if wakesObject(old, object) {
			b := cmp.Or(object, old)
			p.want(Item{Namespace: b.Namespace, Name: b.Name}, p.Clock.Now())
		}
		if p.leavesQueue(old, object) {
			p.changed = append(p.changed, old.Spec.ClusterRef.Name)
		}
	case "AuroraCluster":
		old, object := typed[v1alpha1.AuroraCluster](p.Env, c)
		cluster := cmp.Or(object, old)
		if object == nil {
			delete(p.targets, cluster.Name)
		} else {
			p.targets[cluster.Name] = cluster.Spec.DBClusterIdentifier
		}
		if wakesCluster(old, object) {
			p.want(Item{Cluster: true, Name: cluster.Name}, p.Clock.Now())
		}
		if wakesSameTarget(old, object) {
			for _, item := range p.sameTarget(cluster) {
				p.want(item, p.Clock.Now())
			}
		}
		if wakesQueue(old, object) {
			p.changed = append(p.changed, cluster.Name)
		}
	}
}

// wakesObject reports whether the controller of AuroraBacktracks looks at the object after the change: what the
// operator itself writes brings nothing new.
func wakesObject(old, object *v1alpha1.AuroraBacktrack) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		object.DeletionTimestamp != nil || len(object.Status.Conditions) == 0 && len(old.Status.Conditions) > 0
}

// leavesQueue reports whether the change of an AuroraBacktrack may let another one go on that waits for the same AuroraCluster.
func (p *Process) leavesQueue(old, object *v1alpha1.AuroraBacktrack) bool {
	inTheWay := func(b *v1alpha1.AuroraBacktrack) bool { return b != nil && lock.InTheWay(b, p.Clock.Now()) }
	return inTheWay(old) && !inTheWay(object)
}

// wakesCluster reports whether the controller of AuroraClusters looks at the AuroraCluster after the change.
func wakesCluster(old, object *v1alpha1.AuroraCluster) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		(old.Status.ActiveBacktrack == nil) != (object.Status.ActiveBacktrack == nil)
}

// wakesSameTarget reports whether the change of an AuroraCluster may make another one of its Aurora cluster Ready, or not.
func wakesSameTarget(old, object *v1alpha1.AuroraCluster) bool {
	return old == nil || object == nil || old.Generation != object.Generation || old.Status.DBClusterResourceID != object.Status.DBClusterResourceID
}

// sameTarget gives the other AuroraClusters that the process watches for the Aurora cluster. It is called under the server's lock.
func (p *Process) sameTarget(of *v1alpha1.AuroraCluster) (items []Item) {
	for name, identifier := range p.targets {
		if name != of.Name && strings.EqualFold(identifier, of.Spec.DBClusterIdentifier) {
			items = append(items, Item{Cluster: true, Name: name})
		}
	}
	return items
}

// wakesQueue reports whether the change of an AuroraCluster may let an AuroraBacktrack go on that waits for it.
func wakesQueue(old, object *v1alpha1.AuroraCluster) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		old.Status.ActiveBacktrack != nil && object.Status.ActiveBacktrack == nil || readyState(old) != readyState(object)
}

func readyState(c *v1alpha1.AuroraCluster) string {
	ready := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return ""
	}
	return fmt.Sprint(ready.Status, ready.Reason, ready.ObservedGeneration)
}

// mostWoken is how many objects at the head of a queue hear of a change at their AuroraCluster.
const mostWoken = 10

// waitingFor gives the objects that hear of a change at the AuroraCluster, as far as the process's cache knows them.
func (p *Process) waitingFor(cluster string) []Item {
	var list v1alpha1.AuroraBacktrackList
	if err := p.Backtracks.Client.List(context.Background(), &list, client.MatchingFields{"spec.clusterRef.name": cluster}); err != nil {
		p.T.Fatal(err)
	}
	list.Items = slices.DeleteFunc(list.Items, func(b v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" })
	slices.SortFunc(list.Items, func(a, b v1alpha1.AuroraBacktrack) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var items []Item
	for _, b := range list.Items[:min(mostWoken, len(list.Items))] {
		items = append(items, Item{Namespace: b.Namespace, Name: b.Name})
	}
	return items
}

func kindOf(c objectChange) any {
	if c.object == nil {
		return c.old["kind"]
	}
	return c.object["kind"]
}

// typed decodes both sides of a change; nil stays nil. What is decoded is kept by the world until the object
// changes, and is not to be written to.
func typed[T any](env *Env, c objectChange) (old, object *T) {
	decode := func(from fakeapi.Object) *T {
		if from == nil {
			return nil
		}
		uid, version := from.Identity()
		if known, ok := env.decoded[uid]; ok && known.version == version {
			return known.object.(*T)
		}
		into := new(T)
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from, into); err != nil {
			panic(err)
		}
		return into
	}
	old, object = decode(c.old), decode(c.object)
	if object != nil {
		uid, version := c.object.Identity()
		env.decoded[uid] = decoded{version, object}
	}
	return old, object
}

// decoded is the newest version of an object that somebody looked at.
type decoded struct {
	version string
	object  any
}
