package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/drain"
)

const operatorNamespace = "aurora-backtrack-system"

// TestChart installs the chart over the manifests, uninstalls it in the middle of a rewind, and installs it again.
func TestChart(t *testing.T) {
	i := newInstallation(t)
	i.jobs(t)
	c, err := client.New(i.config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	i.install()
	before := i.uids(c)
	i.helm("upgrade", "--install", "aurora-backtrack", i.path("config", "chart"), "--namespace", operatorNamespace, "--take-ownership", "--force-conflicts")
	for key, uid := range i.uids(c) {
		if before[key] != "" && before[key] != uid {
			t.Errorf("%s was deleted and made again", key)
		}
	}

	w := i.world()
	w.ends = "leader election lost"
	stop := w.manager(func(o *options) { o.leaderElect, o.leaderNamespace = true, operatorNamespace })
	w.create(w.cluster())
	worker := w.deployment("worker", 3, v1alpha1.StrategyPause)
	w.create(worker)
	w.create(w.stubbornPod("worker"))
	w.create(w.backtrack("under-way", time.Minute))
	w.until("the worker is paused", func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(worker), worker))
		return *worker.Spec.Replicas == 0
	})
	suspended := w.backtrack("suspended", 2*time.Minute)
	suspended.Spec.Suspend = true
	w.create(suspended)
	w.create(w.backtrack("queued", 2*time.Minute))

	i.helm("uninstall", "aurora-backtrack", "--namespace", operatorNamespace, "--timeout", "2m")
	stop()
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(worker), worker))
	if *worker.Spec.Replicas != 3 || worker.Annotations[v1alpha1.PausedAnnotation] != "" {
		t.Errorf("the worker has %d replicas and the annotations %v", *worker.Spec.Replicas, worker.Annotations)
	}
	for _, name := range []string{"under-way", "queued"} {
		b := w.reads(name, v1alpha1.ConditionSucceeded, metav1.ConditionFalse, v1alpha1.ReasonCancelled)
		if len(b.Finalizers) > 0 {
			t.Errorf("%s still has %v", name, b.Finalizers)
		}
	}
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(suspended), suspended))
	if suspended.Spec.Cancel || suspended.Status.CompletedAt != "" {
		t.Errorf("the suspended one was touched: %+v", suspended)
	}
	i.onlyCRDsLeft(c)

	i.helm("install", "aurora-backtrack", i.path("config", "chart"), "--namespace", operatorNamespace, "--set-json", `watchNamespaces=["`+w.name+`"]`)
	w.must(c.Get(t.Context(), client.ObjectKey{Namespace: w.name, Name: "aurora-backtrack-manager"}, &rbacv1.Role{}))
	w.manager(func(o *options) { o.watchNamespaces = w.name })
	w.edit(suspended, func() { suspended.Spec.Suspend = false })
	w.reads("suspended", v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted)
}

// helm runs bin/helm on the cluster, which must succeed.
func (i *installation) helm(arguments ...string) {
	i.Helper()
	program := i.path("bin", "helm")
	if _, err := os.Stat(program); err != nil {
		i.Fatalf("run make bin/helm: %v", err)
	}
	command := exec.CommandContext(i.Context(), program, arguments...)
	home := i.TempDir()
	command.Env = append(os.Environ(), "KUBECONFIG="+i.kubeconfig, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	if said, err := command.CombinedOutput(); err != nil {
		i.Fatalf("helm %s: %v\n%s", strings.Join(arguments, " "), err, said)
	}
}

// uids are those of what must not be made anew: the kinds, whose objects would go, and the Deployment.
func (i *installation) uids(c client.Client) map[string]types.UID {
	i.Helper()
	found := map[string]types.UID{}
	for _, name := range []string{"aurorabacktracks.aurora-backtrack.io", "auroraclusters.aurora-backtrack.io"} {
		found[name] = i.uid(c, crd(), client.ObjectKey{Name: name})
	}
	found["the Deployment"] = i.uid(c, &appsv1.Deployment{}, client.ObjectKey{Namespace: operatorNamespace, Name: "aurora-backtrack-manager"})
	return found
}

func crd() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}}
}

func (i *installation) uid(c client.Client, o client.Object, key client.ObjectKey) types.UID {
	i.Helper()
	if err := c.Get(i.Context(), key, o); err != nil {
		i.Fatalf("%s: %v", key.Name, err)
	}
	return o.GetUID()
}

// onlyCRDsLeft fails where the uninstallation has left more than the kinds and their objects, and the namespace.
func (i *installation) onlyCRDsLeft(c client.Client) {
	i.Helper()
	said, err := i.run("kubectl", "get", "-f", i.path("config", "install.yaml"), "--ignore-not-found", "-o", "name")
	if err != nil {
		i.Errorf("looking for what is left: %v\n%s", err, said)
	}
	var left []string
	for line := range strings.SplitSeq(strings.TrimSpace(said), "\n") {
		left = append(left, line)
	}
	slices.Sort(left)
	want := []string{
		"customresourcedefinition.apiextensions.k8s.io/aurorabacktracks.aurora-backtrack.io",
		"customresourcedefinition.apiextensions.k8s.io/auroraclusters.aurora-backtrack.io", "namespace/" + operatorNamespace,
	}
	if !slices.Equal(left, want) {
		i.Errorf("left are %q", left)
	}
	job := &batchv1.Job{}
	if err := c.Get(i.Context(), client.ObjectKey{Namespace: operatorNamespace, Name: "aurora-backtrack-drain"}, job); !apierrors.IsNotFound(err) {
		i.Errorf("the Job: %v", err)
	}
}

// jobs stands in for the Job controller and the kubelet: it runs what the Jobs of the operator's namespace ask for, as their
// service account.
func (i *installation) jobs(t *testing.T) {
	t.Helper()
	c, err := client.New(i.config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() {
		started := map[types.UID]bool{}
		_ = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			var jobs batchv1.JobList
			if err := c.List(ctx, &jobs, client.InNamespace(operatorNamespace)); err != nil {
				return false, nil //nolint:nilerr // the next round tries again
			}
			for n := range jobs.Items {
				if job := &jobs.Items[n]; !started[job.UID] {
					started[job.UID] = true
					running.Go(func() { i.runJob(ctx, t, c, job) })
				}
			}
			return false, nil
		})
	})
}

func (i *installation) runJob(ctx context.Context, t *testing.T, c client.Client, job *batchv1.Job) {
	pod := job.Spec.Template.Spec
	err := i.drain(ctx, pod)
	now := metav1.Now()
	job.Status.StartTime = &now
	condition := batchv1.JobFailed
	if err == nil {
		condition, job.Status.Succeeded, job.Status.CompletionTime = batchv1.JobComplete, 1, &now
		met := batchv1.JobCondition{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue, LastTransitionTime: now}
		job.Status.Conditions = append(job.Status.Conditions, met)
	} else {
		t.Errorf("the Job %s: %v", job.Name, err)
		met := batchv1.JobCondition{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue, LastTransitionTime: now}
		job.Status.Conditions = append(job.Status.Conditions, met)
	}
	job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: now})
	if err := c.Status().Update(ctx, job); err != nil && ctx.Err() == nil {
		t.Errorf("the status of the Job: %v", err)
	}
}

// drain is what main does for `manager drain`, with the connection of the pod's service account.
func (i *installation) drain(ctx context.Context, pod corev1.PodSpec) error {
	container := pod.Containers[0]
	if !slices.Equal(container.Command, []string{"/manager"}) || container.Args[0] != "drain" {
		return fmt.Errorf("it runs %q %q", container.Command, container.Args)
	}
	o := parseDrain(container.Args[1:])
	config := rest.CopyConfig(i.config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + operatorNamespace + ":" + pod.ServiceAccountName, Groups: []string{"system:serviceaccounts", "system:authenticated"},
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	var said bytes.Buffer
	drainer := drain.Drainer{
		Client: c, Clock: clock.RealClock{}, Namespaces: namespaces(o.watchNamespaces), Identity: "drain_test", Out: &said,
		Lease: types.NamespacedName{Namespace: o.leaderNamespace, Name: leaderElectionID},
	}
	if err := drainer.Run(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, said.String())
	}
	return nil
}

// TestDrainNeedsItsNamespace: without the operator's namespace the Lease can't be found.
func TestDrainNeedsItsNamespace(t *testing.T) {
	o := parseDrain([]string{"--leader-election-namespace=", "--timeout=1s"})
	if err := runDrain(t.Context(), o); err == nil || !strings.Contains(err.Error(), "set --leader-election-namespace") {
		t.Errorf("got %v", err)
	}
}
