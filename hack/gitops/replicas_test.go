package gitops_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/jsondiff"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// application is as much of Argo CD's Application as the page has, read strictly.
type application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Project     string            `json:"project"`
		Source      map[string]string `json:"source"`
		Destination map[string]string `json:"destination"`
		SyncPolicy  struct {
			Automated   map[string]bool `json:"automated"`
			SyncOptions []string        `json:"syncOptions"`
		} `json:"syncPolicy"`
		IgnoreDifferences []ignored `json:"ignoreDifferences"`
	} `json:"spec"`
}

type ignored struct {
	Group                 string   `json:"group"`
	Kind                  string   `json:"kind"`
	JSONPointers          []string `json:"jsonPointers"`
	ManagedFieldsManagers []string `json:"managedFieldsManagers"`
}

// ignores gives both objects without what Argo CD leaves out of its comparison: the fields that the pointers name, and what
// the managers own in the live object and is another in the wanted one.
func (a application) ignores(t *testing.T, live, wanted *unstructured.Unstructured) (l, w *unstructured.Unstructured) {
	t.Helper()
	l, w = live.DeepCopy(), wanted.DeepCopy()
	for _, rule := range a.Spec.IgnoreDifferences {
		if rule.Group != "*" && rule.Group != live.GroupVersionKind().Group || rule.Kind != "*" && rule.Kind != live.GetKind() {
			continue
		}
		for _, pointer := range rule.JSONPointers {
			path := strings.Split(pointer[1:], "/")
			unstructured.RemoveNestedField(l.Object, path...)
			unstructured.RemoveNestedField(w.Object, path...)
		}
		for _, entry := range live.GetManagedFields() {
			if slices.Contains(rule.ManagedFieldsManagers, entry.Manager) {
				withoutOwned(t, entry, l, w)
			}
		}
	}
	return l, w
}

// withoutOwned removes from both what the entry owns and what differs.
func withoutOwned(t *testing.T, entry metav1.ManagedFieldsEntry, live, wanted *unstructured.Unstructured) {
	t.Helper()
	owned := &fieldpath.Set{}
	if err := owned.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		t.Fatal(err)
	}
	objects := []*unstructured.Unstructured{live, wanted}
	var values [2]*typed.TypedValue
	for i, object := range objects {
		var err error
		if values[i], err = typed.DeducedParseableType.FromUnstructured(object.Object); err != nil {
			t.Fatal(err)
		}
	}
	compared, err := values[0].Compare(values[1])
	if err != nil {
		t.Fatal(err)
	}
	differs := owned.Intersection(compared.Modified)
	for i, object := range objects {
		object.Object = values[i].RemoveItems(differs).AsValue().Unstructured().(map[string]any)
	}
}

func readApplication(t *testing.T) application {
	t.Helper()
	var a application
	parse(t, page(t, "argocd-application.yaml"), &a)
	if !slices.Contains(a.Spec.SyncPolicy.SyncOptions, "RespectIgnoreDifferences=true") {
		t.Error("what is not compared is still applied")
	}
	return a
}

// paused is a Deployment that a GitOps tool applied, in the hands of the operator.
type paused struct {
	*testing.T
	server    *apiServer
	namespace string
	workloads *workload.Workloads
	deps      []v1alpha1.DependentStatus
}

const pauser = "5b1c1f0e-0000-4000-8000-000000000001" // the UID of an AuroraBacktrack

// newPaused applies the Deployment as the manager.
func newPaused(t *testing.T, manager string) *paused {
	t.Helper()
	s := server(t)
	p := &paused{T: t, server: s, namespace: s.namespace(t)}
	p.workloads = &workload.Workloads{Client: s.admin, Clock: clocktesting.NewFakeClock(time.Now())}
	p.apply(manager, 2)
	p.deps = []v1alpha1.DependentStatus{{
		APIVersion: "apps/v1", Kind: "Deployment", Namespace: p.namespace, Name: "worker", Strategy: v1alpha1.StrategyPause, State: v1alpha1.DependentPending,
	}}
	return p
}

// inGit is the Deployment as a file.
func (p *paused) inGit(replicas int32) *unstructured.Unstructured {
	p.Helper()
	d := deployment(p.namespace, "worker")
	*d.Spec.Replicas = replicas
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
	if err != nil {
		p.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "spec", "strategy")
	return u
}

func (p *paused) apply(manager string, replicas int32) {
	p.Helper()
	if err := p.server.admin.Apply(p.Context(), client.ApplyConfigurationFromUnstructured(p.inGit(replicas)), client.FieldOwner(manager), client.ForceOwnership); err != nil {
		p.Fatal(err)
	}
}

func (p *paused) pause() {
	p.Helper()
	if _, err := p.workloads.Pause(p.Context(), pauser, p.deps, false); err != nil {
		p.Fatal(err)
	}
	p.want(0)
}

// resume brings it back, and plays the Deployment's controller, for which the operator waits before it gives the field up.
func (p *paused) resume() {
	p.Helper()
	for range 3 {
		done, err := p.workloads.Resume(p.Context(), pauser, p.deps)
		if err != nil {
			p.Fatal(err)
		}
		if done {
			break
		}
		d := &appsv1.Deployment{}
		if err := p.server.admin.Get(p.Context(), client.ObjectKeyFromObject(p.inGit(0)), d); err != nil {
			p.Fatal(err)
		}
		n := *d.Spec.Replicas
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		if err := p.server.admin.Status().Update(p.Context(), d); err != nil {
			p.Fatal(err)
		}
	}
	p.want(2)
}

func (p *paused) live() *unstructured.Unstructured {
	p.Helper()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	if err := p.server.admin.Get(p.Context(), client.ObjectKeyFromObject(p.inGit(0)), u); err != nil {
		p.Fatal(err)
	}
	return u
}

func (p *paused) want(replicas int64) {
	p.Helper()
	if got, _, _ := unstructured.NestedInt64(p.live().Object, "spec", "replicas"); got != replicas {
		p.Errorf("it has %d replicas, want %d", got, replicas)
	}
}

// TestArgoReplicas: while the operator has paused a workload Argo CD does not see its replicas; before and afterwards it does.
func TestArgoReplicas(t *testing.T) {
	a := readApplication(t)
	p := newPaused(t, "argocd-controller")
	differs := func(replicas int32) bool {
		live, wanted := a.ignores(t, p.live(), p.inGit(replicas))
		l, inLive, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
		w, inWanted, _ := unstructured.NestedInt64(wanted.Object, "spec", "replicas")
		return inLive != inWanted || l != w
	}
	if differs(2) || !differs(3) {
		t.Error("before the rewind the replicas in Git do not count")
	}
	p.pause()
	if differs(2) || differs(3) {
		t.Error("while it is paused Argo CD sees its replicas")
	}
	p.resume()
	if differs(2) || !differs(3) {
		t.Errorf("after the rewind the replicas in Git do not count: %s", inYAML(t, p.live().GetManagedFields()))
	}
}

// TestArgoSuspend: what people change in the cluster is no difference, and anything else is.
func TestArgoSuspend(t *testing.T) {
	a := readApplication(t)
	live := documents(t, "rewinds/undo-with-approval.yaml")[0]
	wanted := live.DeepCopy()
	for field, value := range map[string]any{"suspend": false, "cancel": true} {
		if err := unstructured.SetNestedField(live.Object, value, "spec", field); err != nil {
			t.Fatal(err)
		}
	}
	if l, w := a.ignores(t, live, wanted); !sameJSON(t, l, w) {
		t.Errorf("it differs:\n%s", inYAML(t, l.Object))
	}
	if err := unstructured.SetNestedField(live.Object, "2023-12-23T13:50:00Z", "spec", "backtrackTo"); err != nil {
		t.Fatal(err)
	}
	if l, w := a.ignores(t, live, wanted); sameJSON(t, l, w) {
		t.Error("another time is no difference")
	}
}

// TestFluxReplicas: without the page's rule Flux brings a paused workload back; with it Flux leaves its replicas alone.
func TestFluxReplicas(t *testing.T) {
	var rules []jsondiff.IgnoreRule
	for _, rule := range kustomizations(t, "flux-ignore-replicas.yaml")[0].Spec.Ignore {
		selector := &jsondiff.Selector{Group: rule.Target.Group, Kind: rule.Target.Kind, LabelSelector: rule.Target.LabelSelector}
		rules = append(rules, jsondiff.IgnoreRule{Paths: rule.Paths, Selector: selector})
	}
	for name, test := range map[string]struct {
		rules []jsondiff.IgnoreRule

		want int64
	}{
		"without the rule": {want: 2},
		"with the rule":    {rules: rules, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPaused(t, "kustomize-controller")
			p.pause()
			manager := ssa.NewResourceManager(p.server.admin, nil, ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
			options := ssa.DefaultApplyOptions()
			options.DriftIgnoreRules = inNamespace(test.rules, p.namespace)
			wanted := p.inGit(2)
			if err := unstructured.SetNestedField(wanted.Object, "registry.example.com/worker:2", "metadata", "annotations", "image"); err != nil {
				t.Fatal(err)
			}
			if _, err := manager.ApplyAll(t.Context(), []*unstructured.Unstructured{wanted}, options); err != nil {
				t.Fatal(err)
			}
			p.want(test.want)
			if p.live().GetAnnotations()["image"] == "" {
				t.Error("the rest of the file was not applied")
			}
		})
	}
}

// inNamespace lets the rules be about the test's workload, whose label names the AuroraCluster of its own namespace.
func inNamespace(rules []jsondiff.IgnoreRule, namespace string) []jsondiff.IgnoreRule {
	data, _ := json.Marshal(rules) // strings only
	var adapted []jsondiff.IgnoreRule
	_ = json.Unmarshal(bytes.ReplaceAll(data, []byte("cluster=game"), []byte("cluster="+namespace)), &adapted)
	return adapted
}

// TestReplicasOutOfGit: with another owner of the field the line can be removed from Git, and without one it is reset to 1.
func TestReplicasOutOfGit(t *testing.T) {
	for name, test := range map[string]struct {
		scale bool

		want int64
	}{
		"nobody else owns it": {want: 1},
		"somebody scaled it":  {scale: true, want: 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPaused(t, "kustomize-controller")
			if test.scale { // as kubectl scale does
				u := p.live()
				patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":3}}`))
				if err := p.server.admin.SubResource("scale").Patch(t.Context(), u, patch, client.FieldOwner("kubectl")); err != nil {
					t.Fatal(err)
				}
			}
			without := p.inGit(2)
			unstructured.RemoveNestedField(without.Object, "spec", "replicas")
			for range 2 {
				if err := p.server.admin.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(without.DeepCopy()), client.FieldOwner("kustomize-controller"), client.ForceOwnership); err != nil {
					t.Fatal(err)
				}
			}
			p.want(test.want)
		})
	}
}
