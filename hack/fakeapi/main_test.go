package fakeapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

var (
	scheme = runtime.NewScheme()
	// apis are the API servers that every case runs against: the one in memory and the real one.
	apis = map[string]client.Client{}
)

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "KUBEBUILDER_ASSETS does not say where kube-apiserver and etcd are: run make test")
		os.Exit(1)
	}
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	os.Exit(run(m))
}

func run(m *testing.M) int {
	env := &envtest.Environment{CRDDirectoryPaths: []string{filepath.Join("..", "..", "config", "crd", "bases")}, ErrorIfCRDPathMissing: true}
	config, err := env.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the API server:", err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the API server:", err)
		}
	}()
	if apis["real"], err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	apis["in memory"] = fakeapi.New(fakeapi.Options{
		Scheme: scheme, Mapper: testrestmapper.TestOnlyStaticRESTMapper(scheme),
		StatusDefaults: map[schema.GroupKind]map[string]any{
			{Group: v1alpha1.GroupVersion.Group, Kind: "AuroraBacktrack"}: {"observedGeneration": int64(-1)},
		},
	}).Client()
	return m.Run()
}
