package workload

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestTooManyDependents(t *testing.T) {
	w := newWorld(t)
	var entries []v1alpha1.Dependent
	for i := range maxDependents + 1 {
		entries = append(entries, v1alpha1.Dependent{Kind: "Deployment", Name: fmt.Sprint("d", i), Strategy: v1alpha1.StrategyNone})
	}
	deps, problems := w.find(w.cluster(entries...))
	want := "AuroraCluster game has 2049 dependents and 2048 is the most that can be handled: label fewer workloads"
	if len(deps) != maxDependents || len(problems) != 1 || problems[0] != (Problem{v1alpha1.ReasonDependentUnsupported, want}) {
		t.Errorf("%d dependents, problems %v", len(deps), problems)
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
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Deployment %s/typo does not exist: correct the entry in spec.dependents of the AuroraCluster, or remove it"}},
		"unknown kind": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: the apiVersion of kind Gadget is not known: check its spelling, or set apiVersion in the entry in spec.dependents of the AuroraCluster"}},
		"bad apiVersion": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "a/b/c"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, `Gadget %s/x: apiVersion "a/b/c" is none: write it as group/version in the entry in spec.dependents of the AuroraCluster`}},
		"kind not served": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "example.com/v1"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: this Kubernetes cluster has no kind Gadget in example.com/v1: correct the entry in spec.dependents of the AuroraCluster, or remove it"}},
		"group not served": {
			entry: v1alpha1.Dependent{Kind: "Gadget", Name: "x", APIVersion: "unknown.example.org/v1"},
			want:  Problem{v1alpha1.ReasonDependentNotFound, "Gadget %s/x: this Kubernetes cluster has no kind Gadget in unknown.example.org/v1: correct the entry in spec.dependents of the AuroraCluster, or remove it"}},
		"paused Deployment": {
			build: func(w *world) {
				edit(w, w.deployment("api", 1), "user", func(d *appsv1.Deployment) { d.Spec.Paused = true })
			},
			entry: v1alpha1.Dependent{Kind: "Deployment", Name: "api"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Deployment %s/api is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None"}},
		"paused Rollout": {
			build: func(w *world) {
				w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"paused": true}, nil)
			},
			entry: v1alpha1.Dependent{Kind: "Rollout", Name: "web"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Rollout %s/web is paused (spec.paused): resume it with kubectl argo rollouts promote, or give it strategy None"}},
		"partition": {
			build: func(w *world) {
				w.statefulSet("db", 3, func(s *appsv1.StatefulSet) {
					s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr.To[int32](2)}
				})
			},
			entry: v1alpha1.Dependent{Kind: "StatefulSet", Name: "db"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "StatefulSet %s/db has spec.updateStrategy.rollingUpdate.partition 2, so the pods below it would not be restarted: set the partition to 0, or give it strategy Pause"}},
		"OnDelete with changes held back": {
			build: func(w *world) {
				s := w.statefulSet("db", 3, func(s *appsv1.StatefulSet) {
					s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
				})
				s.Status.Replicas, s.Status.UpdatedReplicas = 3, 1
				w.status(s)
			},
			entry: v1alpha1.Dependent{Kind: "StatefulSet", Name: "db"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "StatefulSet %s/db " + heldBack}},
		"OnDelete DaemonSet with changes held back": {
			build: func(w *world) {
				d := w.daemonSet("agent", func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType })
				d.Status.CurrentNumberScheduled, d.Status.DesiredNumberScheduled, d.Status.UpdatedNumberScheduled = 3, 3, 0
				w.status(d)
			},
			entry: v1alpha1.Dependent{Kind: "DaemonSet", Name: "agent"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "DaemonSet %s/agent " + heldBack}},
		"volumes that a pause would delete": {
			build: func(w *world) { w.statefulSet("db", 3, deletesVolumes) },
			entry: v1alpha1.Dependent{Kind: "StatefulSet", Name: "db", Strategy: v1alpha1.StrategyPause},
			also:  pauseAll,
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "StatefulSet %s/db has persistentVolumeClaimRetentionPolicy.whenScaled: Delete, so pausing it would delete its PersistentVolumeClaims and the data on them: set whenScaled to Retain, or give it strategy Restart"}},
		"OnDelete with changes held back, paused": {
			build: func(w *world) {
				s := w.statefulSet("db", 3, func(s *appsv1.StatefulSet) {
					s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
				})
				s.Status.Replicas, s.Status.UpdatedReplicas = 3, 1
				w.status(s)
			},
			entry: v1alpha1.Dependent{Kind: "StatefulSet", Name: "db"},
			also:  pauseAll,
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "StatefulSet %s/db " + heldBack}},
		"paused by scale without consent": {
			build: func(w *world) {
				w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(1)}, map[string]any{"selector": "app=gear"})
			},
			entry: v1alpha1.Dependent{Kind: "Widget", Name: "gear", APIVersion: "example.com/v1"},
			also:  pauseAll,
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Widget %s/gear " + needsConsent}},
		"ReplicaSet of a Deployment": {
			build: func(w *world) {
				edit(w, w.replicaSet("api-abc", 1), "user", func(r *appsv1.ReplicaSet) {
					r.OwnerReferences = ownedBy(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "api", UID: "u"}}, "Deployment", "apps/v1")
				})
			},
			entry: v1alpha1.Dependent{Kind: "ReplicaSet", Name: "api-abc"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "ReplicaSet %s/api-abc belongs to Deployment api: name that one instead"}},
		"annotation with a typo": {
			build: func(w *world) {
				edit(w, w.deployment("api", 1), "user", func(d *appsv1.Deployment) {
					d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: "pause"}
				})
			},
			entry: v1alpha1.Dependent{Kind: "Deployment", Name: "api"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, `Deployment %s/api: the annotation aurora-backtrack.io/strategy is "pause": it must be Restart, Pause or None`}},
		"marked with nonsense": {
			build: func(w *world) {
				edit(w, w.daemonSet("agent", nil), "user", func(d *appsv1.DaemonSet) { d.Annotations[v1alpha1.PausedAnnotation] = "x" })
			},
			entry: v1alpha1.Dependent{Kind: "DaemonSet", Name: "agent"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "DaemonSet %s/agent: the annotation aurora-backtrack.io/paused cannot be read: it is not the JSON that the operator writes. Set spec.template.spec.nodeSelector[aurora-backtrack.io/paused] as it should be and remove the annotation"}},
		"restart by scale": {
			build: func(w *world) {
				w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(1)}, nil)
			},
			entry: v1alpha1.Dependent{Kind: "Widget", Name: "gear", APIVersion: "example.com/v1"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Widget %s/gear can be paused but not restarted, because how to restart its kind is not known: give it strategy Pause or None"}},
		"scale without selector": {
			build: func(w *world) {
				w.custom("example.com/v1", "Blind", "mole", map[string]any{"replicas": int64(1)}, nil)
			},
			entry: v1alpha1.Dependent{Kind: "Blind", Name: "mole", APIVersion: "example.com/v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Blind %s/mole has a scale that reports no selector, so nobody can see when its pods are gone: give it strategy None"}},
		"no scale": {
			build: func(w *world) { w.custom("example.com/v1", "Solid", "rock", map[string]any{}, nil) },
			entry: v1alpha1.Dependent{Kind: "Solid", Name: "rock", APIVersion: "example.com/v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Solid %s/rock has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out"}},
		"built-in kind without scale": {
			build: func(w *world) {
				create(w, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "cm"}})
			},
			entry: v1alpha1.Dependent{Kind: "ConfigMap", Name: "cm", APIVersion: "v1", Strategy: v1alpha1.StrategyPause},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "ConfigMap %s/cm has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out"}},
		"HPA that may wake it": {
			build: func(w *world) { w.deployment("api", 0); w.hpa("api", corev1.ConditionTrue) },
			also:  pauseAll,
			entry: v1alpha1.Dependent{Kind: "Deployment", Name: "api"},
			want:  Problem{v1alpha1.ReasonDependentUnsupported, "Deployment %s/api: HorizontalPodAutoscaler api scaled it to zero and may wake it during the rewind: set minReplicas to 1 and let it scale up once, or give it strategy Restart"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.build != nil {
				test.build(w)
			}
			cluster := w.cluster(test.entry)
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
			if known("", test.entry.Kind) == nil || test.entry.Kind == "ReplicaSet" || test.build == nil {
				return // not found by its label
			}
			// With the label alone nobody is held up by it.
			cluster.Spec.Dependents = nil
			deps, problems = w.find(cluster)
			want := leftAlone + test.want.Message
			if len(problems) != 0 || len(deps) != 1 || deps[0].State != v1alpha1.DependentSkipped || deps[0].Strategy != v1alpha1.StrategyNone || deps[0].Message != want {
				t.Errorf("only labelled: problems %v, dependents %+v", problems, deps)
			}
			if got := Warnings(deps); len(got) != 1 || got[0] != want {
				t.Errorf("warnings %q", got)
			}
		})
	}
}

// deletesVolumes makes a set whose volumes go when it is scaled down.
func deletesVolumes(s *appsv1.StatefulSet) {
	s.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType, WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType}
	s.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}}}}
}

// A workload that another AuroraBacktrack has paused becomes free when that ends: it is waited for where it is
// listed, and left alone where it is not.
func TestFindWhatAnotherHasPaused(t *testing.T) {
	w := newWorld(t)
	edit(w, w.deployment("api", 0), "user", func(d *appsv1.Deployment) {
		d.Annotations = map[string]string{v1alpha1.PausedAnnotation: `{"owner":"other","restore":3}`}
	})
	want := "Deployment " + w.namespace + `/api is marked as paused by another AuroraBacktrack, with UID "other". Wait until that one ends; if it no longer exists, set spec.replicas as it should be and remove the annotation aurora-backtrack.io/paused`
	_, problems, err := w.workloads.Find(w.ctx(), w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api"}))
	if len(problems) != 0 || err == nil || err.Error() != want {
		t.Errorf("listed: problems %v, error %v, want %q", problems, err, want)
	}
	deps, problems := w.find(w.cluster())
	if len(problems) != 0 || len(deps) != 1 || deps[0].State != v1alpha1.DependentSkipped || deps[0].Message != leftAlone+want {
		t.Errorf("labelled: problems %v, dependents %+v", problems, deps)
	}
}

// What pausing a set would destroy is asked again right before the pause: it can change after the preflight.
func TestPauseNeverDeletesVolumes(t *testing.T) {
	w := newWorld(t)
	s := w.statefulSet("db", 3, func(s *appsv1.StatefulSet) { deletesVolumes(s); s.Spec.PersistentVolumeClaimRetentionPolicy = nil })
	deps, problems := w.find(w.cluster(v1alpha1.Dependent{Kind: "StatefulSet", Name: "db", Strategy: v1alpha1.StrategyPause}))
	if len(problems) != 0 || deps[0].State != v1alpha1.DependentPending {
		t.Fatalf("problems %v, dependents %+v", problems, deps)
	}
	edit(w, s, "user", func(s *appsv1.StatefulSet) {
		s.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType}
	})
	done, err := w.workloads.Pause(w.ctx(), owner, deps, false)
	var destroys *UnsupportedError
	if done || !errors.As(err, &destroys) || !strings.Contains(err.Error(), "whenScaled to Retain") {
		t.Errorf("Pause: done %v, %v", done, err)
	}
	w.expect(deps, "db Failed")
	if *fresh(w, s).Spec.Replicas != 3 {
		t.Errorf("it was scaled to %d", *s.Spec.Replicas)
	}
	w.resumeRound(deps)
	if *fresh(w, s).Spec.Replicas != 3 {
		t.Errorf("%d replicas after the resume", *s.Spec.Replicas)
	}
}
