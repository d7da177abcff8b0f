package workload

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// The other tests play the controllers. This one has the real ones, so that what the others play is right.
// Only the kubelet is played: every new pod is running and ready at once.
func TestRealControllers(t *testing.T) {
	env := &envtest.Environment{ControlPlaneStartTimeout: patience}
	cfg, err := env.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	cfg.QPS, cfg.Burst = -1, -1
	startControllers(t, env)
	w := &world{T: t, client: newClient(t, cfg), calls: &callLog{}}
	w.workloads = &Workloads{Client: w.client, Clock: clockAt}
	w.namespace = w.newNamespace(nil)
	for _, name := range []string{"node-1", "node-2"} {
		node := create(w, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
		edit(w, node, "kubelet", func(n *corev1.Node) { n.Spec.Taints = nil }) // that it is not ready
	}
	w.playKubelet()

	onDelete := func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	}
	w.deployment("api", 2)
	w.statefulSet("db", 3, nil)
	w.statefulSet("ledger", 2, onDelete)
	w.daemonSet("agent", nil)
	w.daemonSet("probe", func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType })
	w.replicaSet("cache", 2)
	const pods = 2 + 3 + 2 + 2 + 2 + 2
	w.until("every pod runs", func() bool { return len(w.pods()) == pods && w.settled() })

	cluster := w.cluster()
	deps, problems := w.find(cluster)
	if len(deps) != 6 || len(problems) != 0 {
		t.Fatalf("found %v with problems %v", describe(deps), problems)
	}
	for _, p := range w.pods() { // what a rewind does to applications that do not reconnect
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
		w.status(&p)
	}
	w.until("everything is restarted", func() bool {
		if err := w.workloads.Restart(w.ctx(), owner, deps); err != nil {
			t.Log(err)
		}
		done, err := w.workloads.Ready(w.ctx(), owner, deps)
		return done && err == nil
	})
	if got := w.pods(); len(got) != pods {
		t.Errorf("%d pods after the restart, want %d", len(got), pods)
	}
	for _, p := range w.pods() {
		if !isFresh(&p, owner) {
			t.Errorf("pod %s is from before the restart", p.Name)
		}
	}

	cluster.Spec.Strategy = v1alpha1.StrategyPause
	deps, _ = w.find(cluster)
	w.until("everything is paused", func() bool {
		done, err := w.workloads.Pause(w.ctx(), owner, deps, false)
		return done && err == nil
	})
	if left := w.pods(); len(left) != 0 {
		t.Errorf("%d pods while paused, such as %s", len(left), left[0].Name)
	}
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
	w.until("everything is resumed", func() bool {
		resumed, err := w.workloads.Resume(w.ctx(), owner, deps)
		if err != nil || !resumed {
			return false
		}
		done, err := w.workloads.Ready(w.ctx(), owner, deps)
		return done && err == nil
	})
	if got := w.pods(); len(got) != pods {
		t.Errorf("%d pods after the resume, want %d", len(got), pods)
	}
}

// startControllers runs kube-controller-manager until the test ends.
func startControllers(t *testing.T, env *envtest.Environment) {
	t.Helper()
	user, err := env.AddUser(envtest.User{Name: "controllers", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kube-controller-manager"),
		"--kubeconfig", file, "--leader-elect=false", "--secure-port=0", "--bind-address=127.0.0.1",
		"--controllers=deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,disruption-controller,garbage-collector-controller")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was ended
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("kube-controller-manager:\n%s", text[max(0, len(text)-4000):])
		}
		_ = log.Close()
	})
}

// playKubelet makes every new pod running and ready.
func (w *world) playKubelet() {
	w.Helper()
	ctx, stop := context.WithCancel(context.Background())
	watcher, err := w.client.Watch(ctx, &corev1.PodList{}, client.InNamespace(w.namespace))
	w.must(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for event := range watcher.ResultChan() {
			p, ok := event.Object.(*corev1.Pod)
			if !ok || event.Type == watch.Deleted || p.Status.Phase != corev1.PodPending {
				continue
			}
			p.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}}
			if err := w.client.Status().Update(ctx, p); client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) { // the next event will do
				w.Logf("play the kubelet: %v", err)
			}
		}
	}()
	w.Cleanup(func() { stop(); watcher.Stop(); <-ended })
}

func (w *world) pods() []corev1.Pod {
	w.Helper()
	list := &corev1.PodList{}
	w.must(w.client.List(w.ctx(), list, client.InNamespace(w.namespace)))
	return list.Items
}

// settled answers whether the sets with OnDelete are reported as rolled out.
func (w *world) settled() bool {
	w.Helper()
	s, d := &appsv1.StatefulSet{ObjectMeta: w.meta("ledger")}, &appsv1.DaemonSet{ObjectMeta: w.meta("probe")}
	fresh(w, s)
	fresh(w, d)
	return s.Status.UpdatedReplicas == 2 && d.Status.UpdatedNumberScheduled == 2
}

// until waits for the condition, within a bound.
func (w *world) until(what string, condition func() bool) {
	w.Helper()
	start := time.Now()
	err := wait.PollUntilContextTimeout(w.ctx(), 100*time.Millisecond, patience, true, func(context.Context) (bool, error) { return condition(), nil })
	if err != nil {
		for _, p := range w.pods() {
			w.Logf("pod %s %s %v %v", p.Name, p.Status.Phase, p.Annotations, p.Status.Conditions)
		}
		w.Fatalf("%s: %v", what, err)
	}
	w.Logf("%s: %s", what, time.Since(start).Round(time.Millisecond))
}
