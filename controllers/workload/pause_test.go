package workload

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// quietable is one workload of a kind that can be paused, with what the tests need to play its controller.
type quietable struct {
	obj client.Object
	dep v1alpha1.DependentStatus
	// running is what keeps it from being paused until it is deleted.
	running client.Object
	// quiet and busy write the status of a workload without and with all its pods.
	quiet, busy func()
}

// kinds makes one of every kind that can be paused.
var kinds = map[string]func(*world) quietable{
	"Deployment": func(w *world) quietable {
		d := w.deployment("api", 3)
		at := func(n int32) func() {
			return func() {
				fresh(w, d).Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
				w.status(d)
			}
		}
		at(3)()
		return quietable{obj: d, dep: w.dep("Deployment", "api", v1alpha1.StrategyPause, nil), running: w.podOfDeployment(d, "api-abc-1", ""), quiet: at(0), busy: at(3)}
	},
	"StatefulSet": func(w *world) quietable {
		s := w.statefulSet("db", 2, nil)
		at := func(n int32) func() {
			return func() {
				fresh(w, s).Status = appsv1.StatefulSetStatus{ObservedGeneration: s.Generation, Replicas: n, ReadyReplicas: n, AvailableReplicas: n}
				w.status(s)
			}
		}
		at(2)()
		return quietable{obj: s, dep: w.dep("StatefulSet", "db", v1alpha1.StrategyPause, nil), running: w.podOf(s, "StatefulSet", "db-0", true, ""), quiet: at(0), busy: at(2)}
	},
	"DaemonSet": func(w *world) quietable {
		d := w.daemonSet("agent", func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "ssd"} })
		at := func(n int32) func() {
			return func() {
				fresh(w, d).Status = appsv1.DaemonSetStatus{ObservedGeneration: d.Generation, DesiredNumberScheduled: n, CurrentNumberScheduled: n, UpdatedNumberScheduled: n, NumberAvailable: n}
				w.status(d)
			}
		}
		return quietable{obj: d, dep: w.dep("DaemonSet", "agent", v1alpha1.StrategyPause, nil), running: w.podOf(d, "DaemonSet", "agent-x", true, ""), quiet: at(0), busy: at(4)}
	},
	"ReplicaSet": func(w *world) quietable {
		r := w.replicaSet("cache", 2)
		at := func(n int32) func() {
			return func() {
				fresh(w, r).Status = appsv1.ReplicaSetStatus{ObservedGeneration: r.Generation, Replicas: n, ReadyReplicas: n, AvailableReplicas: n}
				w.status(r)
			}
		}
		return quietable{obj: r, dep: w.dep("ReplicaSet", "cache", v1alpha1.StrategyPause, nil), running: w.podOf(r, "ReplicaSet", "cache-x", true, ""), quiet: at(0), busy: at(2)}
	},
	"CronJob": func(w *world) quietable {
		c := w.cronJob()
		nothing := func() {}
		return quietable{obj: c, dep: w.dep("CronJob", "report", v1alpha1.StrategyPause, nil), running: w.job(c, "report-1"), quiet: nothing, busy: nothing}
	},
	"Rollout": func(w *world) quietable {
		r := w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"replicas": int64(5)}, nil)
		at := func(n int64) func() {
			return func() {
				fresh(w, r).Object["status"] = map[string]any{"observedGeneration": itoa(r.GetGeneration()), "replicas": n, "updatedReplicas": n, "availableReplicas": n, "phase": "Healthy", "selector": "app=web"}
				w.status(r)
			}
		}
		at(5)()
		pod := w.pod("web-abc-1", "web", true, func(p *corev1.Pod) {
			p.Labels["rollouts-pod-template-hash"] = "abc"
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-abc", UID: "rs", Controller: ptr.To(true)}}
		})
		return quietable{obj: r, dep: w.dep("Rollout", "web", v1alpha1.StrategyPause, nil), running: pod, quiet: at(0), busy: at(5)}
	},
	"anything with a scale": func(w *world) quietable {
		u := w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(2)}, map[string]any{"selector": "app=gear", "size": int64(2)})
		dep := w.dep("Widget", "gear", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.APIVersion = "example.com/v1" })
		busy := func() { w.pod("gear-2", "gear", true, nil); w.pod("gear-3", "gear", true, nil) }
		return quietable{obj: u, dep: dep, running: w.pod("gear-1", "gear", true, nil), quiet: func() {}, busy: busy}
	},
}

// spec is what must be the same before the pause and after the resume.
func (w *world) spec(obj client.Object) string {
	w.Helper()
	u := &unstructured.Unstructured{}
	gvk, err := w.client.GroupVersionKindFor(obj)
	w.must(err)
	u.SetGroupVersionKind(gvk)
	w.must(w.client.Get(w.ctx(), client.ObjectKeyFromObject(obj), u))
	annotations := toAny(u.GetAnnotations())
	delete(annotations, "deprecated.daemonset.template.generation") // the API server's own count
	data, err := (&unstructured.Unstructured{Object: map[string]any{"kind": "x", "spec": u.Object["spec"], "annotations": annotations}}).MarshalJSON()
	w.must(err)
	return string(data)
}

func TestPauseAndResumeEveryKind(t *testing.T) {
	for name, build := range kinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			q := build(w)
			before := w.spec(q.obj)
			deps := []v1alpha1.DependentStatus{q.dep}

			w.pauseRound(deps, false)
			w.expect(deps, q.dep.Name+" Pausing")
			if mark := fresh(w, q.obj).GetAnnotations()[v1alpha1.PausedAnnotation]; !strings.Contains(mark, owner) {
				t.Fatalf("mark %q does not name the owner", mark)
			}
			q.quiet()
			w.pauseRound(deps, false) // the status says zero, and something still runs
			w.expect(deps, q.dep.Name+" Pausing")
			if !strings.Contains(deps[0].Message, q.running.GetName()) {
				t.Errorf("message %q does not name %s", deps[0].Message, q.running.GetName())
			}
			w.delete(q.running)
			w.pauseRound(deps, true)
			w.expect(deps, q.dep.Name+" Paused")
			w.must(w.workloads.Verify(w.ctx(), owner, deps))

			w.resumeRound(deps)
			w.expect(deps, q.dep.Name+" Resuming")
			if after := w.spec(q.obj); after != before {
				t.Errorf("after the resume:\n%s\nbefore the pause:\n%s", after, before)
			}
			if name != "CronJob" {
				w.readyRound(deps, false) // its controller has not seen it, or its pods are not there
			}
			q.busy()
			w.readyRound(deps, true)
			w.expect(deps, q.dep.Name+" Ready")
		})
	}
}

func (w *world) pauseRound(deps []v1alpha1.DependentStatus, wantDone bool) {
	w.Helper()
	done, err := w.workloads.Pause(w.ctx(), owner, deps, false)
	w.must(err)
	if done != wantDone {
		w.Fatalf("pause done %v, want %v: %s: %s", done, wantDone, states(deps), deps[0].Message)
	}
}

func (w *world) resumeRound(deps []v1alpha1.DependentStatus) {
	w.Helper()
	done, err := w.workloads.Resume(w.ctx(), owner, deps)
	w.must(err)
	if !done {
		w.Fatalf("resume is not done: %s", states(deps))
	}
}

func (w *world) readyRound(deps []v1alpha1.DependentStatus, wantDone bool) {
	w.Helper()
	done, err := w.workloads.Ready(w.ctx(), owner, deps)
	w.must(err)
	if done != wantDone {
		w.Fatalf("ready done %v, want %v: %s: %s", done, wantDone, states(deps), deps[0].Message)
	}
}

func TestPauseKeepsToTheOrder(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"first", "second", "third"} {
		w.deployment(name, 1)
	}
	order := func(n int32) func(*v1alpha1.DependentStatus) {
		return func(d *v1alpha1.DependentStatus) { d.Order = n }
	}
	deps := []v1alpha1.DependentStatus{
		w.dep("Deployment", "third", v1alpha1.StrategyPause, order(7)),
		w.dep("Deployment", "first", v1alpha1.StrategyPause, order(-1)),
		w.dep("Deployment", "second", v1alpha1.StrategyPause, order(0)),
	}
	for _, want := range []string{
		"third Pending, first Pausing, second Pending",
		"third Pending, first Paused, second Pausing",
		"third Pausing, first Paused, second Paused",
	} {
		w.pauseRound(deps, false)
		w.expect(deps, want)
	}
	w.pauseRound(deps, true)
	w.resumeRound(deps)
	var versions []string
	for _, name := range []string{"third", "second", "first"} {
		d := fresh(w, &appsv1.Deployment{ObjectMeta: w.meta(name)})
		if *d.Spec.Replicas != 1 {
			t.Errorf("%s has %d replicas after the resume", name, *d.Spec.Replicas)
		}
		versions = append(versions, d.ResourceVersion)
	}
	if !(less(versions[0], versions[1]) && less(versions[1], versions[2])) {
		t.Errorf("resumed in another order than third, second, first: resource versions %v", versions)
	}
}

func TestPauseSurvivesACrashAfterTheWrite(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 3)
	w.pauseRound([]v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}, false)
	mark := fresh(w, d).Annotations[v1alpha1.PausedAnnotation]

	lost := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)} // the status was never stored
	w.pauseRound(lost, true)
	if again := fresh(w, d).Annotations[v1alpha1.PausedAnnotation]; again != mark {
		t.Errorf("the mark was %s and is %s", mark, again)
	}
	lost = []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.resumeRound(lost)
	if got := *fresh(w, d).Spec.Replicas; got != 3 {
		t.Errorf("%d replicas after the resume, want 3", got)
	}
	version := d.ResourceVersion
	w.resumeRound(lost)
	if fresh(w, d).ResourceVersion != version {
		t.Error("a second resume wrote again")
	}
}

func TestZeroStaysZero(t *testing.T) {
	w := newWorld(t)
	d, c := w.deployment("api", 0), w.cronJob()
	edit(w, c, "user", func(c *batchv1.CronJob) { c.Spec.Suspend = ptr.To(true) })
	versions := fresh(w, d).ResourceVersion + fresh(w, c).ResourceVersion
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil), w.dep("CronJob", "report", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, true)
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
	w.resumeRound(deps)
	if got := fresh(w, d).ResourceVersion + fresh(w, c).ResourceVersion; got != versions {
		t.Error("a workload that was at zero before was written")
	}
}

func TestPodsThatDoNotCount(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 1)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pod("somebody-elses", "api", true, nil) // the selector finds it, and the Deployment does not control it
	evicted := w.podOfDeployment(d, "api-abc-evicted", "")
	evicted.Status.Phase = corev1.PodFailed
	w.status(evicted)
	w.pauseRound(deps, true)
}

func TestDeleteRunningJobs(t *testing.T) {
	w := newWorld(t)
	c := w.cronJob()
	running, finished, foreign := w.job(c, "report-1"), w.job(c, "report-2"), w.job(c, "other")
	finished.Status = batchv1.JobStatus{StartTime: ptr.To(metav1.Now()), CompletionTime: ptr.To(metav1.Now()), Succeeded: 1, Conditions: []batchv1.JobCondition{
		{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue}, {Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}
	w.status(finished)
	edit(w, foreign, "user", func(j *batchv1.Job) { j.OwnerReferences = nil })
	deps := []v1alpha1.DependentStatus{w.dep("CronJob", "report", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.DeleteRunningJobs = true })}
	w.pauseRound(deps, false)
	w.pauseRound(deps, false)
	if fresh(w, running).DeletionTimestamp != nil {
		t.Fatal("the Job was ended before the deadline")
	}
	if _, err := w.workloads.Pause(w.ctx(), owner, deps, true); err != nil {
		t.Fatal(err)
	}
	w.expect(deps, "report Pausing") // it stays in sight until its pods are gone
	if fresh(w, running).DeletionTimestamp == nil {
		t.Error("the Job was not ended after the deadline")
	}
	if fresh(w, finished).DeletionTimestamp != nil || fresh(w, foreign).DeletionTimestamp != nil {
		t.Error("a Job was ended that is finished, or another's")
	}
	edit(w, running, "garbage-collector", func(j *batchv1.Job) { j.Finalizers = nil })
	w.pauseRound(deps, true)
}
