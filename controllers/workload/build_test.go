package workload

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// clockAt is ahead of the API server's, so that every pod of a test is older than a restart by time.
var clockAt = clocktesting.NewFakePassiveClock(time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC))

// callLog counts the requests that reach the API server, and the most that were under way at once.
type callLog struct {
	mu           sync.Mutex
	calls        map[string]int
	flying, most int
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (l *callLog) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		l.mu.Lock()
		if l.calls == nil {
			l.calls = map[string]int{}
		}
		if !discovery(parts) {
			l.calls[r.Method]++
		}
		l.flying++
		l.most = max(l.most, l.flying)
		l.mu.Unlock()
		defer func() { l.mu.Lock(); l.flying--; l.mu.Unlock() }()
		return next.RoundTrip(r)
	})
}

// discovery calls are made once per process and kind.
func discovery(path []string) bool {
	return len(path) <= 3 && path[0] == "apis" || len(path) <= 2 && path[0] == "api"
}

// take gives the counts since it was last asked, such as "GET 3, PATCH 1".
func (l *callLog) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []string
	for _, method := range slices.Sorted(maps.Keys(l.calls)) {
		parts = append(parts, fmt.Sprintf("%s %d", method, l.calls[method]))
	}
	l.calls, l.most = nil, 0
	return strings.Join(parts, ", ")
}

func (w *world) newNamespace(labels map[string]string) string {
	w.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels}}
	w.must(w.client.Create(w.ctx(), ns))
	return ns.Name
}

// create stores the object as its user would, under a field manager of its own.
func create[T client.Object](w *world, obj T) T {
	w.Helper()
	w.must(w.client.Create(w.ctx(), obj, client.FieldOwner("user")))
	return obj
}

// status writes the status that the object has, as its controller would.
func (w *world) status(obj client.Object) {
	w.Helper()
	w.must(w.client.Status().Update(w.ctx(), obj, client.FieldOwner("controller")))
}

// edit changes the object as a tool with this field manager would.
func edit[T client.Object](w *world, obj T, manager string, change func(T)) {
	w.Helper()
	w.must(w.client.Get(w.ctx(), client.ObjectKeyFromObject(obj), obj))
	change(obj)
	w.must(w.client.Update(w.ctx(), obj, client.FieldOwner(manager)))
}

// fresh reads the object again.
func fresh[T client.Object](w *world, obj T) T {
	w.Helper()
	w.must(w.client.Get(w.ctx(), client.ObjectKeyFromObject(obj), obj))
	return obj
}

func (w *world) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: "game"}}
}

func selectorOf(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func template(name string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec:       podSpec(),
	}
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "app"}}}
}

func (w *world) deployment(name string, replicas int32) *appsv1.Deployment {
	return create(w, &appsv1.Deployment{ObjectMeta: w.meta(name), Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: selectorOf(name), Template: template(name)}})
}

func (w *world) statefulSet(name string, replicas int32, change func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{ObjectMeta: w.meta(name), Spec: appsv1.StatefulSetSpec{
		Replicas: &replicas, Selector: selectorOf(name), Template: template(name), ServiceName: name}}
	if change != nil {
		change(s)
	}
	return create(w, s)
}

func (w *world) daemonSet(name string, change func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	d := &appsv1.DaemonSet{ObjectMeta: w.meta(name), Spec: appsv1.DaemonSetSpec{Selector: selectorOf(name), Template: template(name)}}
	if change != nil {
		change(d)
	}
	return create(w, d)
}

func (w *world) replicaSet(name string, replicas int32) *appsv1.ReplicaSet {
	return create(w, &appsv1.ReplicaSet{ObjectMeta: w.meta(name), Spec: appsv1.ReplicaSetSpec{
		Replicas: &replicas, Selector: selectorOf(name), Template: template(name)}})
}

func (w *world) cronJob() *batchv1.CronJob {
	spec := podSpec()
	spec.RestartPolicy = corev1.RestartPolicyNever
	return create(w, &batchv1.CronJob{ObjectMeta: w.meta("report"), Spec: batchv1.CronJobSpec{
		Schedule:    "* * * * *",
		JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec}}}}})
}

func (w *world) job(cronJob *batchv1.CronJob, name string) *batchv1.Job {
	return create(w, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, OwnerReferences: ownedBy(cronJob, "CronJob", "batch/v1")},
		Spec:       cronJob.Spec.JobTemplate.Spec})
}

// custom stores an object of a kind that has no Go type here.
func (w *world) custom(apiVersion, kind, name string, spec, status map[string]any) *unstructured.Unstructured {
	w.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": spec}}
	u.SetNamespace(w.namespace)
	u.SetName(name)
	u.SetLabels(map[string]string{v1alpha1.ClusterLabel: "game"})
	create(w, u)
	if status != nil {
		u.Object["status"] = runtime.DeepCopyJSONValue(status)
		w.status(u)
	}
	return u
}

func ownedBy(obj client.Object, kind, apiVersion string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: obj.GetName(), UID: obj.GetUID(), Controller: ptr.To(true)}}
}

// pod stores a running pod of the application, with or without being ready.
func (w *world) pod(name, app string, ready bool, change func(*corev1.Pod)) *corev1.Pod {
	w.Helper()
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{"app": app}}, Spec: podSpec()}
	if change != nil {
		change(p)
	}
	create(w, p)
	is := corev1.ConditionFalse
	if ready {
		is = corev1.ConditionTrue
	}
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: is}}}
	w.status(p)
	return p
}

// podOf stores a running pod that the workload controls itself.
func (w *world) podOf(obj client.Object, kind, name string, ready bool, restartedBy string) *corev1.Pod {
	w.Helper()
	return w.pod(name, obj.GetName(), ready, func(p *corev1.Pod) {
		p.OwnerReferences = ownedBy(obj, kind, "apps/v1")
		if restartedBy != "" {
			p.Annotations = map[string]string{v1alpha1.RestartedByAnnotation: restartedBy}
		}
	})
}

// podOfDeployment stores a running pod as a Deployment's ReplicaSet makes them.
func (w *world) podOfDeployment(d *appsv1.Deployment, name, restartedBy string) *corev1.Pod {
	w.Helper()
	return w.pod(name, d.Name, true, func(p *corev1.Pod) {
		p.Labels["pod-template-hash"] = "abc"
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: d.Name + "-abc", UID: types.UID("rs-" + d.Name), Controller: ptr.To(true)}}
		if restartedBy != "" {
			p.Annotations = map[string]string{v1alpha1.RestartedByAnnotation: restartedBy}
		}
	})
}

func (w *world) delete(obj client.Object) {
	w.Helper()
	w.must(w.client.Delete(w.ctx(), obj, client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground)))
}

// dep is a dependent as Find makes it.
func (w *world) dep(kind, name string, strategy v1alpha1.Strategy, change func(*v1alpha1.DependentStatus)) v1alpha1.DependentStatus {
	d := v1alpha1.DependentStatus{Kind: kind, Namespace: w.namespace, Name: name, Strategy: strategy, State: v1alpha1.DependentPending}
	if k := known("", kind); k != nil {
		d.APIVersion = k.gvk.GroupVersion().String()
	}
	if change != nil {
		change(&d)
	}
	return d
}

// states writes the dependents' states in one line, such as "api Paused, web Ready".
func states(deps []v1alpha1.DependentStatus) string {
	var parts []string
	for _, d := range deps {
		parts = append(parts, d.Name+" "+string(d.State))
	}
	return strings.Join(parts, ", ")
}

// expect compares the states, and shows the messages when they differ.
func (w *world) expect(deps []v1alpha1.DependentStatus, want string) {
	w.Helper()
	if got := states(deps); got != want {
		for _, d := range deps {
			w.Logf("%s: %s", d.Name, d.Message)
		}
		w.Fatalf("states: %s; want %s", got, want)
	}
}
