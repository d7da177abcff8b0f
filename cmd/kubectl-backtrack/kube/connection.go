// Package kube reads and writes what the plugin needs of the API server, and explains its errors.
package kube

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Connection is how the API server is reached: kubectl's own flags, and what follows from them.
type Connection struct {
	// Version is that of the plugin.
	Version string
	// Scheme knows Kubernetes' kinds and ours.
	Scheme *runtime.Scheme

	flags     *genericclioptions.ConfigFlags
	connected *Client
}

// NewConnection makes a connection; nothing is sent yet. The API server's warnings go to the streams.
func NewConnection(streams genericiooptions.IOStreams, version string) *Connection {
	c := &Connection{
		Version: version, Scheme: runtime.NewScheme(),
		flags: genericclioptions.NewConfigFlags(true).WithWarningPrinter(streams),
	}
	// Neither can fail: both only register types.
	_ = clientgoscheme.AddToScheme(c.Scheme)
	_ = v1alpha1.AddToScheme(c.Scheme)
	metav1.AddToGroupVersion(c.Scheme, v1alpha1.GroupVersion)
	return c
}

// AddFlags adds kubectl's flags that say which API server, and as whom.
func (c *Connection) AddFlags(flags *pflag.FlagSet) { c.flags.AddFlags(flags) }

// Config is how the API server is reached.
func (c *Connection) Config() (*rest.Config, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w: set KUBECONFIG or --kubeconfig and --context", err)
	}
	config = rest.CopyConfig(config)
	// The API server takes the field manager of what is written from here.
	config.UserAgent = "kubectl-backtrack/" + c.Version
	config.QPS, config.Burst = 50, 100
	return config, nil
}

// Client connects to the API server, once.
func (c *Connection) Client() (*Client, error) {
	if c.connected != nil {
		return c.connected, nil
	}
	config, err := c.Config()
	if err != nil {
		return nil, err
	}
	namespace, err := c.Namespace()
	if err != nil {
		return nil, err
	}
	connected, err := client.NewWithWatch(config, client.Options{Scheme: c.Scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	c.connected = &Client{connected, namespace}
	return c.connected, nil
}

// Namespace is the one that -n or the context names.
func (c *Connection) Namespace() (string, error) {
	namespace, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("finding the namespace: %w: set -n", err)
	}
	return namespace, nil
}

// Contexts are the names of those in the kubeconfig files, in order.
func (c *Connection) Contexts() []string {
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	var names []string
	for name := range config.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
