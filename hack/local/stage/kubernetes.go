package stage

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// Kubernetes is the cluster as its administrator: API for what a driver looks at, kubectl for what a person would do.
type Kubernetes struct {
	API   client.WithWatch
	cloud *cloud.Cloud
}

// NewKubernetes reaches the API server of a cloud that is up. It knows the built-in kinds and the operator's.
func NewKubernetes(c *cloud.Cloud) (*Kubernetes, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", c.Kubeconfig(), err)
	}
	config.QPS = -1 // a driver waits for nobody but the API server
	api, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reaching the API server: %w", err)
	}
	return &Kubernetes{API: api, cloud: c}, nil
}

// Apply applies manifests as a person would.
func (k *Kubernetes) Apply(ctx context.Context, manifest string) error {
	_, err := k.cloud.Kubectl(ctx, strings.NewReader(manifest), "apply", "-f", "-")
	return err
}

// Kubectl runs kubectl and gives what it prints.
func (k *Kubernetes) Kubectl(ctx context.Context, args ...string) (string, error) {
	return k.cloud.Kubectl(ctx, nil, args...)
}

// Plugin runs kubectl backtrack and gives what it prints.
func (k *Kubernetes) Plugin(ctx context.Context, args ...string) (string, error) {
	return k.cloud.Plugin(ctx, args...)
}

// Delete removes an object, if it is there, and waits until it is gone.
func (k *Kubernetes) Delete(ctx context.Context, args ...string) error {
	_, err := k.cloud.Kubectl(ctx, nil, append([]string{"delete", "--ignore-not-found", "--timeout=2m"}, args...)...)
	return err
}
