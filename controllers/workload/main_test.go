package workload

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// The API server that all tests of this package share; every test works in namespaces of its own. No
// controllers run beside it, so the tests write what controllers would: status and pods.
var (
	apiServer *rest.Config
	scheme    = runtime.NewScheme()
)

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "KUBEBUILDER_ASSETS does not say where kube-apiserver and etcd are: run make test")
		os.Exit(1)
	}
	ctrllog.SetLogger(logr.Discard())
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	os.Exit(run(m))
}

func run(m *testing.M) int {
	env := &envtest.Environment{
		ControlPlaneStartTimeout: patience,
		CRDInstallOptions: envtest.CRDInstallOptions{Scheme: scheme, CRDs: []*apiextensionsv1.CustomResourceDefinition{
			// Rollout and ScaledObject as their projects define them, as far as it matters here.
			crd("argoproj.io", "Rollout", "rollouts", &apiextensionsv1.CustomResourceSubresourceScale{
				SpecReplicasPath: ".spec.replicas", StatusReplicasPath: ".status.HPAReplicas", LabelSelectorPath: ptr.To(".status.selector")}),
			crd("keda.sh", "ScaledObject", "scaledobjects", nil),
			crd("example.com", "Widget", "widgets", &apiextensionsv1.CustomResourceSubresourceScale{
				SpecReplicasPath: ".spec.size", StatusReplicasPath: ".status.size", LabelSelectorPath: ptr.To(".status.selector")}),
			crd("example.com", "Blind", "blinds", &apiextensionsv1.CustomResourceSubresourceScale{
				SpecReplicasPath: ".spec.replicas", StatusReplicasPath: ".status.replicas"}),
			crd("example.com", "Solid", "solids", nil),
		}},
	}
	var err error
	if apiServer, err = env.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "start the API server:", err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the API server:", err)
		}
	}()
	apiServer.QPS, apiServer.Burst = -1, -1
	return m.Run()
}

func crd(group, kind, plural string, scale *apiextensionsv1.CustomResourceSubresourceScale) *apiextensionsv1.CustomResourceDefinition {
	open := apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: ptr.To(true)}
	version := "v1alpha1"
	if group == "example.com" {
		version = "v1"
	}
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: plural + "." + group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind, ListKind: kind + "List", Plural: plural},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: version, Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": open, "status": open}}},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}, Scale: scale},
			}},
		},
	}
}

// patience is how long the API server may take to start on a machine that is busy with other tests.
const patience = 3 * time.Minute

// owner is the UID of the AuroraBacktrack whose run the tests play.
const owner = "5b1c1f0e-0000-4000-8000-000000000001"

// world is one test's namespace on the API server.
type world struct {
	*testing.T
	client    client.WithWatch
	namespace string
	workloads *Workloads
	calls     *callLog
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, calls: &callLog{}}
	w.client = newClient(t, rest.CopyConfig(apiServer))
	counted := rest.CopyConfig(apiServer)
	counted.Wrap(w.calls.wrap)
	w.workloads = &Workloads{Client: newClient(t, counted), Clock: clockAt}
	w.namespace = w.newNamespace(nil)
	return w
}

func newClient(t *testing.T, cfg *rest.Config) client.WithWatch {
	t.Helper()
	c, err := client.NewWithWatch(cfg, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) ctx() context.Context { return w.Context() }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
