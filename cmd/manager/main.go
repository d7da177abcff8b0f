// The manager is the operator: it rewinds Aurora MySQL clusters as AuroraBacktrack objects ask for it.
package main

import (
	"context"
	"fmt"
	"os"
	_ "time/tzdata" // the image has no zones of its own; policy.windows needs them

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/controllers/cluster"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/metrics"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// version is stamped by the build.
var version = "unknown"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "drain" {
		os.Exit(drainMain(os.Args[2:]))
	}
	options := parse(os.Args[1:])
	if options.version {
		fmt.Println("aurora-backtrack manager", version)
		return
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&options.zap)))
	limitMemory(ctrl.Log, memlimit.FromCgroup)
	if err := run(ctrl.SetupSignalHandler(), options); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, options options) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	rest, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the API server (set KUBECONFIG, --kubeconfig, or run in a pod): %w", err)
	}
	// Dependents are read live, and two hundred of them at once; the client's default of 20 a second would be
	// what everybody waits for. The API server's own fairness bounds us.
	rest.QPS = -1
	mgr, err := ctrl.NewManager(rest, options.manager(scheme))
	if err != nil {
		return fmt.Errorf("starting the manager: %w", err)
	}
	if err := setup(ctx, mgr, options); err != nil {
		return err
	}
	ctrl.Log.Info("starting", "version", version)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering Kubernetes' kinds: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering our kinds: %w", err)
	}
	return scheme, nil
}

func setup(ctx context.Context, mgr ctrl.Manager, options options) error {
	aws, err := rds.LoadConfig(ctx)
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	if aws.Region == "" {
		ctrl.Log.Info("no AWS Region is set: AuroraClusters need spec.region (or set AWS_REGION)")
	}
	// Workloads are read and written without the cache: an informer on them would grow with the cluster.
	live, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return fmt.Errorf("making the uncached client: %w", err)
	}
	now := clock.RealClock{}
	rds := rds.NewProvider(rds.Options{
		Config: aws, Clock: now, RequestsPerSecond: options.rdsRequestsPerSecond, Burst: options.rdsBurst, PollInterval: options.settings.Poll,
	})
	if err := mgr.Add(rds); err != nil { // its pollers run on the leader
		return fmt.Errorf("setting up: %w", err)
	}
	objects := &metrics.Collector{Cache: mgr.GetClient(), Latest: rds.Latest, Elected: mgr.Elected(), Clock: now}
	for _, collector := range []prometheus.Collector{rds.Metrics(), objects} {
		crmetrics.Registry.Unregister(collector) // that of an earlier manager in this process, as tests have
		if err := crmetrics.Registry.Register(collector); err != nil {
			return fmt.Errorf("setting up the metrics: %w", err)
		}
	}
	workloads := &workload.Workloads{Client: live, Clock: now}
	logs, err := typedcorev1.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("making the client that reads logs: %w", err)
	}
	checks := &verification.Runner{Client: live, Logs: verification.PodLogs{Pods: logs}, Rights: verification.OwnRights{Client: live}}
	events := &event.Announcer{Client: mgr.GetClient(), Clock: now}
	backtracks := &backtrack.Reconciler{
		Client: mgr.GetClient(), Live: live, RDS: rds, Workloads: workloads, Verification: checks, Clock: now, Events: events,
		Settings: options.settings,
	}
	if err := backtracks.Setup(ctx, mgr); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	clusters := &cluster.Reconciler{Client: mgr.GetClient(), Live: live, RDS: rds, Workloads: workloads, Clock: now, Events: events}
	if err := clusters.Setup(mgr); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	if err := mgr.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	return nil
}
