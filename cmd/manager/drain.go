package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/controllers/drain"
)

type drainOptions struct {
	timeout         time.Duration
	leaderNamespace string
	watchNamespaces string
}

func parseDrain(arguments []string) drainOptions {
	var o drainOptions
	flags := flag.NewFlagSet("manager drain", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprint(os.Stderr, `manager drain brings a running operator to rest, so that it can be uninstalled and leaves nothing paused.

It cancels every AuroraBacktrack that is not suspended and has not asked RDS yet, waits until the others have come
to their end and everything that was paused is back, and takes the Lease of the leader election for a minute, so that
the operator begins nothing else meanwhile. Suspended AuroraBacktracks and AuroraClusters stay as they are.

`)
		flags.PrintDefaults()
	}
	flags.DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long the rewinds under way may take")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", os.Getenv("POD_NAMESPACE"), "namespace of the operator's Lease (default: the pod's own)")
	flags.StringVar(&o.watchNamespaces, "watch-namespaces", "", "the operator's own flag: comma-separated namespaces that it looks at (default: all)")
	if kubeconfig := flag.CommandLine.Lookup("kubeconfig"); kubeconfig != nil {
		flags.Var(kubeconfig.Value, "kubeconfig", kubeconfig.Usage)
	}
	_ = flags.Parse(arguments) // exits on an error
	return o
}

// drainMain is the subcommand, and returns the exit status.
func drainMain(arguments []string) int {
	if err := runDrain(ctrl.SetupSignalHandler(), parseDrain(arguments)); err != nil {
		fmt.Fprintln(os.Stderr, "manager drain:", err)
		return 1
	}
	return 0
}

func runDrain(ctx context.Context, o drainOptions) error {
	if o.leaderNamespace == "" {
		return fmt.Errorf("it is not known where the operator's Lease is: set --leader-election-namespace")
	}
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	rest, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the API server (set KUBECONFIG, --kubeconfig, or run in a pod): %w", err)
	}
	c, err := client.New(rest, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("making the client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	drainer := &drain.Drainer{
		Client: c, Clock: clock.RealClock{}, Namespaces: namespaces(o.watchNamespaces),
		Lease:    types.NamespacedName{Namespace: o.leaderNamespace, Name: leaderElectionID},
		Identity: "drain_" + host, Out: os.Stdout,
	}
	return drainer.Run(ctx) //nolint:wrapcheck // says what was under way
}
