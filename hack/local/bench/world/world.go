// Package world is what the bench measures on where thousands of clusters are needed: a real control plane and kubelet, RDS
// in memory, and the manager as a process of its own, which runs as the operator's service account.
package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/programs"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// World is one control plane with the operator's CRDs, roles and policies, RDS in memory, and no manager yet.
type World struct {
	stage.Voice
	// API is the API server as its administrator sees it.
	API client.WithWatch
	// Operator writes what only the operator may write, such as a status. Its requests are not counted as the operator's.
	Operator client.Client
	// RDS is the local Aurora, without data.
	RDS *aurora.Server

	cloud   *cloud.Cloud
	options cloud.Options
	rdsURL  string
}

// Options say what a World is made of.
type Options struct {
	Cloud cloud.Options
	// Timing is how long RDS takes.
	Timing aurora.Timing
}

// Run makes a World, lets play use it, and takes it down again.
func Run(ctx context.Context, options Options, play func(*World) error) error {
	built, err := programs.Named(options.Cloud.Root, "manager")
	if err != nil {
		return err
	}
	if err := cloud.Build(ctx, options.Cloud, built); err != nil {
		return err
	}
	return stage.OwnKubernetes(ctx, options.Cloud, "bench", func(c *cloud.Cloud) error {
		w := &World{Voice: stage.Voice{Out: options.Cloud.Out}, cloud: c, options: options.Cloud}
		if err := w.connect(); err != nil {
			return err
		}
		if err := w.install(ctx, options.Cloud.Root); err != nil {
			return err
		}
		return w.serve(options.Timing, func() error { return play(w) })
	})
}

// connect makes the clients.
func (w *World) connect() error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", w.cloud.Kubeconfig())
	if err != nil {
		return fmt.Errorf("reading %s: %w", w.cloud.Kubeconfig(), err)
	}
	config.QPS = -1
	if w.API, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("reaching the API server: %w", err)
	}
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = stage.Operator
	w.Operator, err = client.New(as, client.Options{Scheme: scheme})
	return err
}

// install applies everything of config/default but the Deployment: the manager is started as a process, see Start.
func (w *World) install(ctx context.Context, root string) error {
	for _, args := range [][]string{
		{"-f", "config/manager/namespace.yaml"}, {"-k", "config/crd"}, {"-k", "config/rbac"}, {"-k", "config/admission"},
	} {
		args[1] = filepath.Join(root, args[1])
		if _, err := w.cloud.Kubectl(ctx, nil, append([]string{"apply", "--server-side"}, args...)...); err != nil {
			return err
		}
	}
	_, err := w.cloud.Kubectl(ctx, nil, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
	return err
}

// serve lets RDS answer on the loopback address while play runs.
func (w *World) serve(timing aurora.Timing, play func() error) (err error) {
	w.RDS, err = aurora.NewServer(aurora.Options{
		Region: cloud.Region, AccessKeys: map[string]string{cloud.AccessKeyID: cloud.SecretAccessKey}, Timing: timing,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.rdsURL = "http://" + listener.Addr().String()
	server := &http.Server{Handler: w.RDS, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { err = errors.Join(err, server.Close(), w.RDS.Close()) }()
	return play()
}

// Apply applies a manifest with kubectl, as a person would.
func (w *World) Apply(ctx context.Context, manifest string) error {
	_, err := w.cloud.Kubectl(ctx, strings.NewReader(manifest), "apply", "-f", "-")
	return err
}
