package gitops_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// snippet is one block of code of docs/gitops.md.
type snippet struct {
	language, name, text string // the name stands in the first line of those that are files
}

// snippets are all blocks of the page.
func snippets(t *testing.T) []snippet {
	t.Helper()
	var all []snippet
	var open *snippet
	indent := ""
	for line := range strings.Lines(file(t, root, "docs", "gitops.md")) {
		trimmed := strings.TrimLeft(line, " ")
		switch {
		case open == nil && strings.HasPrefix(trimmed, "```"):
			open, indent = &snippet{language: strings.TrimSpace(trimmed[3:])}, line[:len(line)-len(trimmed)]
		case open != nil && strings.TrimSpace(line) == "```":
			if match := regexp.MustCompile(`^# (\S+\.yaml)\n`).FindStringSubmatch(open.text); match != nil {
				open.name = match[1]
			}
			all, open = append(all, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent)
		}
	}
	if open != nil || len(all) < 10 {
		t.Fatalf("the page has %d blocks of code, and one that is open: %v", len(all), open)
	}
	return all
}

// page gives the file of the page.
func page(t *testing.T, name string) string {
	t.Helper()
	for _, s := range snippets(t) {
		if s.name == name {
			return s.text
		}
	}
	t.Fatalf("docs/gitops.md has no %s", name)
	return ""
}

// documents are the objects of a file of the page.
func documents(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewBufferString(page(t, name))))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fromYAML(t, string(document)))
	}
}

// applicable are the files that go to the API server that has our kinds, in the order in which they are applied.
var applicable = []string{
	"auroracluster.yaml", "people-read-rewinds.yaml", "rewinds/undo-bad-migration.yaml", "rewinds/undo-with-approval.yaml", "waves.yaml", "argocd-rbac-cm.yaml",
}

// evaluated are the other files, each with the test that does what its tool does with it.
var evaluated = []string{
	"argocd-application.yaml", "flux-rewinds.yaml", "flux-suspended-rewinds.yaml", "flux-ignore-replicas.yaml", "velero-restore.yaml",
}

// TestSnippets: every block of the page is applied, run or evaluated by a test.
func TestSnippets(t *testing.T) {
	for _, s := range snippets(t) {
		known := s.language == "sh" && slices.Contains(commands, strings.TrimSpace(s.text)) ||
			s.language == "yaml" && (slices.Contains(applicable, s.name) || slices.Contains(evaluated, s.name))
		if !known {
			t.Errorf("no test knows this block:\n%s", s.text)
		}
	}
}

// TestSnippetsApply applies what the API server takes, as a GitOps controller does: twice, and the second time changes nothing.
func TestSnippetsApply(t *testing.T) {
	s := server(t)
	controller := s.as(t, "system:serviceaccount:flux-system:kustomize-controller", almighty)
	for _, name := range applicable {
		for _, object := range documents(t, name) {
			var shown []string
			for range 2 {
				applied := object.DeepCopy()
				if err := controller.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner("gitops"), client.ForceOwnership); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				applied.SetResourceVersion("")
				shown = append(shown, inYAML(t, applied.Object))
			}
			if shown[0] != shown[1] {
				t.Errorf("%s: applied again, it changes from\n%s\nto\n%s", name, shown[0], shown[1])
			}
		}
	}
	t.Run("approval", func(t *testing.T) { approve(t, s, documents(t, "rewinds/undo-with-approval.yaml")[0]) })
}

// approve has the rewind that needs another's approval: Argo CD's action start does not give it, nor does the controller; a
// person does.
func approve(t *testing.T, s *apiServer, rewind *unstructured.Unstructured) {
	t.Helper()
	ctx := t.Context()
	cluster := &v1alpha1.AuroraCluster{}
	if err := s.admin.Get(ctx, types.NamespacedName{Name: "game"}, cluster); err != nil {
		t.Fatal(err)
	}
	cluster.Spec.Policy.Approval = v1alpha1.ApprovalRequiredFromAnother
	if err := s.admin.Update(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	read := func() *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(rewind.GroupVersionKind())
		if err := s.admin.Get(ctx, client.ObjectKeyFromObject(rewind), u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	controller := s.as(t, "system:serviceaccount:flux-system:kustomize-controller", almighty)
	argocd := s.as(t, "system:serviceaccount:argocd:argocd-server", almighty)
	impacts, err := act(read(), script(t, "AuroraBacktrack", "actions", "start", "action.lua"))
	if err != nil {
		t.Fatal(err)
	}
	started := impacts[0].Resource
	eventually(t, "Argo CD's start is refused", func() bool { // the API server takes a moment to see the new policy
		err := argocd.Update(ctx, started.DeepCopy(), client.DryRunAll)
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "set the annotation aurora-backtrack.io/approved-by to your own user name")
	})
	approved := func(by string) *unstructured.Unstructured {
		u := started.DeepCopy()
		annotations := u.GetAnnotations()
		annotations[v1alpha1.ApprovedByAnnotation] = by
		u.SetAnnotations(annotations)
		return u
	}
	if err := controller.Update(ctx, approved("system:serviceaccount:flux-system:kustomize-controller")); !apierrors.IsForbidden(err) {
		t.Errorf("the controller approves what it asked for: %v", err)
	}
	if err := s.as(t, "ann", almighty).Update(ctx, approved("ann")); err != nil {
		t.Errorf("ann can't approve: %v", err)
	}
}

// commands are those of the page that are run as they stand, in the root of the repository.
var commands = []string{
	"kubectl patch configmap argocd-cm -n argocd --type merge --patch-file config/argocd/argocd-cm.yaml",
	"kubectl scale deployment/game-api -n game --replicas=3",
}

// TestCommands runs them with kubectl.
func TestCommands(t *testing.T) {
	s := server(t)
	admin, err := s.AddUser(envtest.User{Name: "admin", Groups: []string{almighty}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := admin.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	create(t, s, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "argocd", Name: "argocd-cm"}, Data: map[string]string{"url": "https://argocd.example.com"}})
	create(t, s, deployment("game", "game-api"))
	kubectl, err := filepath.Abs(filepath.Join(s.BinaryAssetsDirectory, "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		run := exec.CommandContext(t.Context(), kubectl, strings.Fields(command)[1:]...)
		run.Dir, run.Env = root, append(os.Environ(), "KUBECONFIG="+path)
		if output, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, output)
		}
	}
	merged := &corev1.ConfigMap{}
	if err := s.admin.Get(t.Context(), types.NamespacedName{Namespace: "argocd", Name: "argocd-cm"}, merged); err != nil {
		t.Fatal(err)
	}
	if merged.Data["url"] == "" || merged.Data["resource.customizations.health.aurora-backtrack.io_AuroraCluster"] != script(t, "AuroraCluster", "health.lua") {
		t.Errorf("the ConfigMap has %d keys after the merge: %v", len(merged.Data), merged.Data)
	}
}

// TestRBACSnippet: the rights name the actions that there are.
func TestRBACSnippet(t *testing.T) {
	var named []string
	for _, match := range regexp.MustCompile(`(?m)^ *p, role:dba, applications, action/aurora-backtrack\.io/AuroraBacktrack/(\w+), default/\*, allow$`).
		FindAllStringSubmatch(page(t, "argocd-rbac-cm.yaml"), -1) {
		named = append(named, match[1])
	}
	slices.Sort(named)
	if !slices.Equal(named, actionNames) {
		t.Errorf("the rights name %v, the actions are %v", named, actionNames)
	}
}

// TestVeleroSnippet: what is left out of the restore is our resource.
func TestVeleroSnippet(t *testing.T) {
	var restore struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			BackupName        string   `json:"backupName"`
			ExcludedResources []string `json:"excludedResources"`
		} `json:"spec"`
	}
	parse(t, page(t, "velero-restore.yaml"), &restore)
	var crd struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	parseLoosely(t, file(t, root, "config/crd/bases/aurora-backtrack.io_aurorabacktracks.yaml"), &crd)
	if !slices.Equal(restore.Spec.ExcludedResources, []string{crd.Metadata.Name}) {
		t.Errorf("the restore leaves out %v, the resource is %s", restore.Spec.ExcludedResources, crd.Metadata.Name)
	}
}

// kustomizations are those of a file of the page, read strictly with Flux's own types.
func kustomizations(t *testing.T, name string) []kustomizev1.Kustomization {
	t.Helper()
	var all []kustomizev1.Kustomization
	for _, document := range documents(t, name) {
		data, err := yaml.Marshal(document.Object)
		if err != nil {
			t.Fatal(err)
		}
		var k kustomizev1.Kustomization
		parse(t, string(data), &k)
		if k.APIVersion != kustomizev1.GroupVersion.String() || k.Kind != kustomizev1.KustomizationKind {
			t.Errorf("%s is a %s of %s", name, k.Kind, k.APIVersion)
		}
		all = append(all, k)
	}
	return all
}

func create(t *testing.T, s *apiServer, o client.Object) {
	t.Helper()
	if err := s.admin.Create(t.Context(), o); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
}

// deployment is one with two replicas that depends on the AuroraCluster with the name of its namespace.
func deployment(namespace, name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: namespace}},
	}
	d.Spec.Replicas = new(int32)
	*d.Spec.Replicas = 2
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: name, Image: "registry.example.com/" + name}}
	return d
}
