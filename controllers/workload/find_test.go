package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// cluster is an AuroraCluster that allows the test's namespace.
func (w *world) cluster(entries ...v1alpha1.Dependent) *v1alpha1.AuroraCluster {
	for i := range entries {
		if entries[i].Namespace == "" {
			entries[i].Namespace = w.namespace
		}
	}
	return &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game"}, Spec: v1alpha1.AuroraClusterSpec{
		Strategy: v1alpha1.StrategyRestart, Dependents: entries, AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{w.namespace}}}}
}

func (w *world) find(cluster *v1alpha1.AuroraCluster) ([]v1alpha1.DependentStatus, []Problem) {
	w.Helper()
	deps, problems, err := w.workloads.Find(w.ctx(), cluster)
	w.must(err)
	return deps, problems
}

// describe writes the dependents as kind/name strategy order replicas state.
func describe(deps []v1alpha1.DependentStatus) []string {
	var lines []string
	for _, d := range deps {
		replicas := "-"
		if d.Replicas != nil {
			replicas = fmt.Sprint(*d.Replicas)
		}
		lines = append(lines, fmt.Sprintf("%s %s/%s %s %d %s %s", d.APIVersion, d.Kind, d.Name, d.Strategy, d.Order, replicas, d.State))
	}
	return lines
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	w.deployment("api", 3)
	edit(w, w.deployment("quiet", 2), "user", func(d *appsv1.Deployment) {
		d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: "Pause"}
	})
	edit(w, w.deployment("apart", 2), "user", func(d *appsv1.Deployment) {
		d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: "None"}
	})
	edit(w, w.deployment("unrelated", 2), "user", func(d *appsv1.Deployment) { d.Labels[v1alpha1.ClusterLabel] = "another" })
	w.statefulSet("db", 1, nil)
	w.daemonSet("agent", nil)
	w.cronJob()
	w.replicaSet("cache", 4)
	owned := w.replicaSet("api-abc", 3)
	edit(w, owned, "user", func(r *appsv1.ReplicaSet) {
		r.OwnerReferences = ownedBy(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "api", UID: "u"}}, "Deployment", "apps/v1")
	})
	w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"replicas": int64(5)}, nil)
	w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(2)}, map[string]any{"selector": "app=gear", "size": int64(2)})
	listed := w.deployment("listed", 1)
	edit(w, listed, "user", func(d *appsv1.Deployment) {
		d.Labels = nil
		d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: "None"}
	})
	going := w.deployment("going", 1)
	edit(w, going, "user", func(d *appsv1.Deployment) { d.Finalizers = []string{"example.com/hold"} })
	w.delete(going)
	here := w.namespace
	w.namespace = w.newNamespace(nil)
	w.deployment("elsewhere", 1) // labelled in a namespace that is not allowed
	w.deployment("trusted", 1)   // the same, and named by whoever runs the platform
	w.namespace = here

	elsewhere := trustedNamespace(w, "trusted")
	deps, problems := w.find(w.cluster(
		v1alpha1.Dependent{Kind: "Deployment", Name: "listed", Strategy: v1alpha1.StrategyPause, Order: 5},
		v1alpha1.Dependent{Kind: "Deployment", Name: "api", APIVersion: "apps/v1beta1", Strategy: v1alpha1.StrategyPause, Order: -2},
		v1alpha1.Dependent{Kind: "Widget", Name: "gear", APIVersion: "example.com/v1", Strategy: v1alpha1.StrategyPause},
		v1alpha1.Dependent{Kind: "Deployment", Name: "does-not-exist", Strategy: v1alpha1.StrategyNone},
		v1alpha1.Dependent{Kind: "Deployment", Name: "trusted", Namespace: elsewhere, Order: 9},
	))
	for _, p := range problems {
		t.Errorf("problem: %+v", p)
	}
	want := []string{
		"apps/v1 Deployment/api Pause -2 3 Pending",
		"batch/v1 CronJob/report Restart 0 - Skipped",
		"apps/v1 DaemonSet/agent Restart 0 - Pending",
		"apps/v1 Deployment/apart None 0 - Skipped",
		"apps/v1 Deployment/does-not-exist None 0 - Skipped",
		"apps/v1 Deployment/quiet Pause 0 2 Pending",
		"apps/v1 ReplicaSet/cache Restart 0 4 Pending",
		"argoproj.io/v1alpha1 Rollout/web Restart 0 5 Pending",
		"apps/v1 StatefulSet/db Restart 0 1 Pending",
		"example.com/v1 Widget/gear Pause 0 2 Pending",
		"apps/v1 Deployment/listed Pause 5 1 Pending",
		"apps/v1 Deployment/trusted Restart 9 1 Pending",
	}
	if got := describe(deps); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// trustedNamespace finds the namespace of the test's Deployment with this name outside its own.
func trustedNamespace(w *world, name string) string {
	list := &appsv1.DeploymentList{}
	w.must(w.client.List(w.ctx(), list))
	for _, d := range list.Items {
		if d.Name == name && d.Namespace != w.namespace {
			return d.Namespace
		}
	}
	w.Fatalf("no Deployment %s", name)
	return ""
}

func TestFindWhereOptionalKindsAreAbsent(t *testing.T) {
	w := newWorld(t)
	w.deployment("api", 3)
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, k := range builtIn {
		if strings.Contains(k.gvk.Group, ".") {
			continue
		}
		mapper.Add(k.gvk, meta.RESTScopeNamespace)
	}
	mapper.Add(autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"), meta.RESTScopeNamespace)
	c, err := client.New(rest.CopyConfig(apiServer), client.Options{Scheme: scheme, Mapper: mapper})
	w.must(err)
	w.workloads.Client = c
	deps, problems := w.find(w.cluster(
		v1alpha1.Dependent{Kind: "Deployment", Name: "api", Strategy: v1alpha1.StrategyPause},
		v1alpha1.Dependent{Kind: "Rollout", Name: "web"},
	))
	if got := describe(deps); len(got) != 2 || got[0] != "apps/v1 Deployment/api Pause 0 3 Pending" {
		t.Errorf("found %q", got)
	}
	want := "Rollout " + w.namespace + "/web: this Kubernetes cluster has no kind Rollout in argoproj.io/v1alpha1: correct the entry in spec.dependents of the AuroraCluster, or remove it"
	if len(problems) != 1 || problems[0] != (Problem{v1alpha1.ReasonDependentNotFound, want}) {
		t.Errorf("problems %+v, want %q", problems, want)
	}
}

func TestFindDuringItsOwnPause(t *testing.T) {
	w := newWorld(t)
	_, _ = w.paused()
	cluster := w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api", Strategy: v1alpha1.StrategyPause})
	cluster.Status.ActiveBacktrack = &v1alpha1.ObjectReference{UID: owner}
	deps, problems := w.find(cluster)
	if len(problems) != 0 || len(deps) != 1 || ptr.Deref(deps[0].Replicas, -1) != 3 {
		t.Errorf("found %v with problems %v; want the 3 replicas from before the pause", describe(deps), problems)
	}
}
