package harness

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// KeepPodsOf keeps the pods of the Deployment alive however few are wanted.
func KeepPodsOf(name string) func(*Env) {
	return func(env *Env) {
		env.Kubelet = func(env *Env) {
			if *env.ReadDeployment(name).Spec.Replicas > 0 {
				RollOut(env)
			}
		}
	}
}

// RollOutExcept lets every Deployment's controller work but that of the named one.
func RollOutExcept(name string) func(*Env) {
	return func(env *Env) { rollOutIf(env, func(key fakeapi.Key) bool { return key.Name != name }) }
}

// RollOut does for every Deployment what its controller and the kubelets would: as many ready pods as the
// spec asks for, of the newest template.
func RollOut(env *Env) { rollOutIf(env, func(fakeapi.Key) bool { return true }) }

// rollOutIf does so for some of them.
func rollOutIf(env *Env, works func(fakeapi.Key) bool) {
	for key, object := range env.Server.Snapshot() {
		if key.Kind == "Job" {
			env.runJob(key)
		}
		if key.Kind != "Deployment" || settled(object) || !works(key) {
			continue
		}
		d := env.ReadDeploymentIn(key.Namespace, key.Name)
		n := ptr.Deref(d.Spec.Replicas, 1)
		env.pods(d, n)
		saved := d.DeepCopy()
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n,
			Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue}},
		}
		if err := env.API.Status().Patch(context.Background(), d, client.MergeFrom(saved)); err != nil {
			env.T.Fatal(err)
		}
	}
}

// settled reports whether the Deployment's controller has nothing to do.
func settled(object fakeapi.Object) bool {
	generation, _, _ := unstructured.NestedInt64(object, "metadata", "generation")
	observed, _, _ := unstructured.NestedInt64(object, "status", "observedGeneration")
	return observed == generation
}

// pods makes the Deployment's pods as many as wanted, all of its newest template.
func (env *Env) pods(d *appsv1.Deployment, wanted int32) {
	ctx := context.Background()
	var list corev1.PodList
	if err := env.API.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels)); err != nil {
		env.T.Fatal(err)
	}
	hash := templateHash(d)
	for i := range list.Items {
		if pod := &list.Items[i]; pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] != hash || wanted == 0 {
			if err := env.API.Delete(ctx, pod); err != nil {
				env.T.Fatal(err)
			}
			continue
		}
		wanted--
	}
	for ; wanted > 0; wanted-- {
		env.Create(NewPod(d, hash, env.made))
	}
}

// templateHash tells one template from another: restarts are all that changes it here.
func templateHash(d *appsv1.Deployment) string {
	by := d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]
	return "hash" + by[max(0, len(by)-4):]
}

// ReadDeployment gives the Deployment of namespace game as stored.
func (env *Env) ReadDeployment(name string) *appsv1.Deployment {
	env.T.Helper()
	return env.ReadDeploymentIn("game", name)
}

// ReadDeploymentIn gives the Deployment as stored.
func (env *Env) ReadDeploymentIn(namespace, name string) *appsv1.Deployment {
	env.T.Helper()
	d := &appsv1.Deployment{}
	if err := env.API.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, d); err != nil {
		env.T.Fatal(err)
	}
	return d
}
