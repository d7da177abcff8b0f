package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
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

func TestTooManyDependents(t *testing.T) {
	w := newWorld(t)
	var entries []v1alpha1.Dependent
	for i := range maxDependents + 1 {
		entries = append(entries, v1alpha1.Dependent{Kind: "Deployment", Name: fmt.Sprint("d", i), Strategy: v1alpha1.StrategyNone})
	}
	deps, problems := w.find(w.cluster(entries...))
	want := "AuroraCluster game has 2049 dependents and 2048 is the most that can be handled: label fewer workloads"
	if len(deps) != maxDependents || len(problems) != 1 || problems[0] != (Problem{v1alpha1.ReasonDependentNotSound, want}) {
		t.Errorf("%d dependents, problems %v", len(deps), problems)
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
	want := "Rollout " + w.namespace + "/web: this Kubernetes cluster has no kind Rollout in argoproj.io/v1alpha1: correct the entry of spec.dependents, or remove it"
	if len(problems) != 1 || problems[0] != (Problem{v1alpha1.ReasonDependentNotFound, want}) {
		t.Errorf("problems %+v, want %q", problems, want)
	}
}

func TestProblems(t *testing.T) {
	pauseAll := func(c *v1alpha1.AuroraCluster) { c.Spec.Strategy = v1alpha1.StrategyPause }
	tests := map[string]struct {
		build func(*world) // labelled workloads
		entry v1alpha1.Dependent
		also  func(*v1alpha1.AuroraCluster)
		want  Problem // %s stands for the namespace
	}{
		"no such workload": {
			entry: v1alpha1.Dependent{Kind: "Deployment", Name: "typo"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Deployment %s/typo does not exist: correct the entry of spec.dependents, or remove it"}},
		"unknown kind": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: the apiVersion of kind Gadget is not known: set it in the entry of spec.dependents"}},
		"bad apiVersion": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "a/b/c"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, `Gadget %s/x: apiVersion "a/b/c" is none: write it as group/version in the entry of spec.dependents`}},
		"kind not served": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "example.com/v1"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: this Kubernetes cluster has no kind Gadget in example.com/v1: correct the entry of spec.dependents, or remove it"}},
		"group not served": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "unknown.example.org/v1"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: this Kubernetes cluster has no kind Gadget in unknown.example.org/v1: correct the entry of spec.dependents, or remove it"}},
		"paused Deployment": {
			build: func(w *world) {
				edit(w, w.deployment("api", 1), "user", func(d *appsv1.Deployment) { d.Spec.Paused = true })
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "Deployment %s/api is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None"}},
		"paused Rollout": {
			build: func(w *world) {
				w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"paused": true}, nil)
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "Rollout %s/web is paused (spec.paused): resume it with kubectl argo rollouts promote, or give it strategy None"}},
		"partition": {
			build: func(w *world) {
				w.statefulSet("db", 3, func(s *appsv1.StatefulSet) {
					s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr.To[int32](2)}
				})
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "StatefulSet %s/db has spec.updateStrategy.rollingUpdate.partition 2, so the pods below it would not be restarted: set the partition to 0, or give it strategy Pause"}},
		"OnDelete with changes held back": {
			build: func(w *world) {
				s := w.statefulSet("db", 3, func(s *appsv1.StatefulSet) {
					s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
				})
				s.Status.Replicas, s.Status.UpdatedReplicas = 3, 1
				w.status(s)
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "StatefulSet %s/db " + heldBack}},
		"OnDelete DaemonSet with changes held back": {
			build: func(w *world) {
				d := w.daemonSet("agent", func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType })
				d.Status.CurrentNumberScheduled, d.Status.DesiredNumberScheduled, d.Status.UpdatedNumberScheduled = 3, 3, 0
				w.status(d)
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "DaemonSet %s/agent " + heldBack}},
		"ReplicaSet of a Deployment": {
			build: func(w *world) {
				edit(w, w.replicaSet("api-abc", 1), "user", func(r *appsv1.ReplicaSet) {
					r.OwnerReferences = ownedBy(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "api", UID: "u"}}, "Deployment", "apps/v1")
				})
			},
			entry: v1alpha1.Dependent{Kind: "ReplicaSet", Name: "api-abc"},
			want:  Problem{v1alpha1.ReasonDependentNotSound, "ReplicaSet %s/api-abc belongs to Deployment api: name that one instead"}},
		"annotation with a typo": {
			build: func(w *world) {
				edit(w, w.deployment("api", 1), "user", func(d *appsv1.Deployment) {
					d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: "pause"}
				})
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, `Deployment %s/api: the annotation aurora-backtrack.io/strategy is "pause": it must be Restart, Pause or None`}},
		"marked by another": {
			build: func(w *world) {
				edit(w, w.deployment("api", 0), "user", func(d *appsv1.Deployment) {
					d.Annotations = map[string]string{v1alpha1.PausedAnnotation: `{"owner":"other","restore":3}`}
				})
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, `Deployment %s/api is marked as paused by another AuroraBacktrack, with UID "other". Wait until that one ends; if it no longer exists, set spec.replicas as it should be and remove the annotation aurora-backtrack.io/paused`}},
		"marked with nonsense": {
			build: func(w *world) {
				edit(w, w.daemonSet("agent", nil), "user", func(d *appsv1.DaemonSet) { d.Annotations[v1alpha1.PausedAnnotation] = "x" })
			},
			want: Problem{v1alpha1.ReasonDependentNotSound, "DaemonSet %s/agent: the annotation aurora-backtrack.io/paused cannot be read: it is not the JSON that the operator writes. Set spec.template.spec.nodeSelector[aurora-backtrack.io/paused] as it should be and remove the annotation"}},
		"restart by scale": {
			build: func(w *world) {
				w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(1)}, nil)
			},
			entry: v1alpha1.Dependent{Kind: "Widget", Name: "gear", APIVersion: "example.com/v1"},
			want:  Problem{v1alpha1.ReasonDependentNotSound, "Widget %s/gear can be paused but not restarted, because how to restart its kind is not known: give it strategy Pause or None"}},
		"scale without selector": {
			build: func(w *world) {
				w.custom("example.com/v1", "Blind", "mole", map[string]any{"replicas": int64(1)}, nil)
			},
			entry: v1alpha1.Dependent{Kind: "Blind", Name: "mole", APIVersion: "example.com/v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentNotSound, "Blind %s/mole has a scale that reports no selector, so nobody can see when its pods are gone: give it strategy None"}},
		"no scale": {
			build: func(w *world) { w.custom("example.com/v1", "Solid", "rock", map[string]any{}, nil) },
			entry: v1alpha1.Dependent{Kind: "Solid", Name: "rock", APIVersion: "example.com/v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentNotSound, "Solid %s/rock has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out"}},
		"built-in kind without scale": {
			build: func(w *world) {
				create(w, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "cm"}})
			},
			entry: v1alpha1.Dependent{Kind: "ConfigMap", Name: "cm", APIVersion: "v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentNotSound, "ConfigMap %s/cm has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out"}},
		"HPA that may wake it": {
			build: func(w *world) { w.deployment("api", 0); w.hpa("api", corev1.ConditionTrue) },
			also:  pauseAll,
			want:  Problem{v1alpha1.ReasonDependentNotSound, "Deployment %s/api: HorizontalPodAutoscaler api scaled it to zero and may wake it during the rewind: set minReplicas to 1 and let it scale up once, or give it strategy Restart"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.build != nil {
				test.build(w)
			}
			cluster := w.cluster()
			if test.entry.Kind != "" {
				cluster = w.cluster(test.entry)
			}
			if test.also != nil {
				test.also(cluster)
			}
			deps, problems := w.find(cluster)
			test.want.Message = strings.ReplaceAll(test.want.Message, "%s", w.namespace)
			if len(problems) != 1 || problems[0] != test.want {
				t.Errorf("problems:\n%+v\nwant\n%+v", problems, test.want)
			}
			if len(deps) != 1 || deps[0].State != v1alpha1.DependentFailed || deps[0].Message != test.want.Message {
				t.Errorf("dependents %+v", deps)
			}
		})
	}
}

func (w *world) hpa(name string, scaledToZero corev1.ConditionStatus) {
	w.Helper()
	h := create(w, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		MaxReplicas: 5, ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name}}})
	h.Status.DesiredReplicas = 1
	h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScaledToZero, Status: scaledToZero}}
	w.status(h)
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

func TestKEDA(t *testing.T) {
	scaledObject := func(w *world, ref map[string]any, annotation string) {
		u := w.custom("keda.sh/v1alpha1", "ScaledObject", "scaler", map[string]any{"scaleTargetRef": ref}, nil)
		if annotation != "" {
			u.SetAnnotations(map[string]string{pausedReplicas: annotation})
			w.must(w.client.Update(w.ctx(), u))
		}
	}
	for name, earlier := range map[string]string{"running": "", "held at five": "5"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployment("api", 3)
			w.hpa("api", corev1.ConditionFalse) // goes idle by itself
			scaledObject(w, map[string]any{"name": "api"}, earlier)
			cluster := w.cluster()
			cluster.Spec.Strategy = v1alpha1.StrategyPause
			deps, problems := w.find(cluster)
			want := []string{"apps/v1 Deployment/api Pause 0 3 Pending", "keda.sh/v1alpha1 ScaledObject/scaler Pause 0 - Pending"}
			if got := describe(deps); !slices.Equal(got, want) || len(problems) != 0 {
				t.Fatalf("found %q with %v, want %q", got, problems, want)
			}
			w.pauseRound(deps, false)
			w.expect(deps, "api Pausing, scaler Paused")
			so := &metav1.PartialObjectMetadata{}
			so.SetGroupVersionKind(scaledObjectKind)
			so.Namespace, so.Name = w.namespace, "scaler"
			if got := fresh(w, so).Annotations[pausedReplicas]; got != "0" {
				t.Errorf("while paused the annotation is %q", got)
			}
			// KEDA acted once more before it saw that.
			api := &appsv1.Deployment{ObjectMeta: w.meta("api")}
			edit(w, api, "keda", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) })
			w.pauseRound(deps, false)
			w.expect(deps, "api Pausing, scaler Paused")
			edit(w, api, "keda", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](0) })
			w.pauseRound(deps, true)
			w.must(w.workloads.Verify(w.ctx(), owner, deps))
			w.resumeRound(deps)
			got, there := fresh(w, so).Annotations[pausedReplicas]
			if got != earlier || there != (earlier != "") || *fresh(w, api).Spec.Replicas != 3 {
				t.Errorf("after the resume the annotation is %q and the Deployment has %d replicas", got, *api.Spec.Replicas)
			}
			if _, marked := so.Annotations[v1alpha1.PausedAnnotation]; marked {
				t.Error("the mark is still there")
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	w := newWorld(t)
	team := w.newNamespace(map[string]string{"team": w.namespace})
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"team": w.namespace}}
	tests := map[string]struct {
		allowed   v1alpha1.AllowedNamespaces
		namespace string
		want      bool
		wantErr   string
	}{
		"nothing allows nobody":        {namespace: team},
		"named":                        {allowed: v1alpha1.AllowedNamespaces{Names: []string{team}}, namespace: team, want: true},
		"not named":                    {allowed: v1alpha1.AllowedNamespaces{Names: []string{"x"}}, namespace: team},
		"selected":                     {allowed: v1alpha1.AllowedNamespaces{Selector: selector}, namespace: team, want: true},
		"not selected":                 {allowed: v1alpha1.AllowedNamespaces{Selector: selector}, namespace: w.namespace},
		"named or selected":            {allowed: v1alpha1.AllowedNamespaces{Names: []string{w.namespace}, Selector: selector}, namespace: w.namespace, want: true},
		"an empty selector allows all": {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}}, namespace: w.namespace, want: true},
		"a namespace that is gone":     {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}}, namespace: "gone"},
		"an impossible selector": {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}},
			namespace: team, wantErr: "AuroraCluster game: spec.allowedNamespaces.selector: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := w.cluster()
			cluster.Spec.AllowedNamespaces = test.allowed
			got, err := w.workloads.NamespaceAllowed(w.ctx(), cluster, test.namespace)
			if got != test.want || (err != nil) != (test.wantErr != "") || err != nil && !strings.HasPrefix(err.Error(), test.wantErr) {
				t.Errorf("allowed %v, %v; want %v, %q", got, err, test.want, test.wantErr)
			}
			listed, err := w.workloads.AllowedNamespaces(w.ctx(), cluster)
			if (err != nil) != (test.wantErr != "") || slices.Contains(listed, test.namespace) != test.want {
				t.Errorf("listed %v, %v", listed, err)
			}
		})
	}
	t.Run("labelled workloads of selected namespaces", func(t *testing.T) {
		w := &world{T: t, client: w.client, workloads: w.workloads, calls: w.calls, namespace: team}
		w.deployment("inside", 1)
		cluster := w.cluster()
		cluster.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{Selector: selector}
		deps, _ := w.find(cluster)
		if len(deps) != 1 || deps[0].Name != "inside" {
			t.Errorf("found %v", describe(deps))
		}
	})
}
