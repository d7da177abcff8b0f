// Command process-kubelet is a Kubernetes node whose pods are processes on this machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aurora-backtrack/operator/hack/local/kubelet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "process-kubelet: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config := kubelet.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	var kubeconfig, clusterCA, programs string
	flag.StringVar(&kubeconfig, "kubeconfig", "", "the kubeconfig of the node")
	flag.StringVar(&clusterCA, "client-ca-file", "", "the authority of the API server and of those who may read logs")
	flag.StringVar(&config.Node, "node", "local", "the name of the node")
	flag.StringVar(&config.State, "state", "", "the folder of the pods' volumes; it is emptied at the start")
	flag.StringVar(&config.Logs, "logs", "", "the folder of the containers' logs")
	flag.StringVar(&programs, "programs", "", "the folders of the programs that pods may run, separated by colons.\nA container runs the program that has the base name of its command")
	flag.DurationVar(&config.RestartBackoff, "restart-backoff", 10*time.Second, "the first wait before a container is started again")
	flag.DurationVar(&config.RestartBackoffMax, "restart-backoff-max", 5*time.Minute, "the longest wait before a container is started again")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "process-kubelet is a Kubernetes node whose pods are processes on this machine.\n\nFlags:\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	for name, value := range map[string]string{
		"kubeconfig": kubeconfig, "client-ca-file": clusterCA, "state": config.State, "logs": config.Logs, "programs": programs,
	} {
		if value == "" {
			return fmt.Errorf("--%s must be set: see --help", name)
		}
	}
	config.Programs = filepath.SplitList(strings.TrimSuffix(programs, ":"))
	rest, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("reading --kubeconfig: %w", err)
	}
	rest.QPS, rest.Burst = 500, 1000
	if config.APIServer, err = url.Parse(rest.Host); err != nil {
		return fmt.Errorf("the server in --kubeconfig: %w", err)
	}
	if config.ClusterCA, err = os.ReadFile(clusterCA); err != nil { //nolint:gosec // the file that a flag names
		return fmt.Errorf("reading --client-ca-file: %w", err)
	}
	if config.Client, err = kubernetes.NewForConfig(rest); err != nil {
		return err
	}
	return kubelet.Run(ctx, config)
}
