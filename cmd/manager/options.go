package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/aurora-backtrack/operator/controllers/backtrack"
)

// leaderElectionID names the Lease.
const leaderElectionID = "aurora-backtrack-manager"

type options struct {
	version              bool
	leaderElect          bool
	leaderNamespace      string
	metricsAddress       string
	metricsSecure        bool
	probeAddress         string
	pprofAddress         string
	watchNamespaces      string
	rdsRequestsPerSecond float64
	rdsBurst             int
	settings             backtrack.Settings
	zap                  zap.Options
}

func parse(arguments []string) options {
	o := options{settings: backtrack.DefaultSettings()}
	flags := flag.NewFlagSet("manager", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprint(os.Stderr, `manager runs the aurora-backtrack operator.

It finds the API server by --kubeconfig, KUBECONFIG or its pod's service account, and AWS by the SDK's usual
chain (AWS_REGION, AWS_PROFILE, IRSA, Pod Identity, …). AWS_ENDPOINT_URL_RDS and AWS_ENDPOINT_URL_STS point it
at another endpoint, such as the local Aurora.

"manager drain" brings an operator to rest before it is uninstalled: see manager drain --help.

`)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "take part in leader election; needed with more than one replica")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", os.Getenv("POD_NAMESPACE"), "namespace of the leader election's Lease (default: the pod's own)")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "127.0.0.1:0", "where /metrics listens; 0 turns it off")
	flags.BoolVar(&o.metricsSecure, "metrics-secure", true, "serve /metrics over TLS, to users who may get the non-resource URL /metrics")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", "127.0.0.1:0", "where /healthz and /readyz listen")
	flags.Func("pprof-bind-address", "where /debug/pprof/ listens, on loopback only, such as 127.0.0.1:6060 (default: nowhere)", func(address string) error {
		o.pprofAddress = address
		return loopbackAddress(address)
	})
	flags.StringVar(&o.watchNamespaces, "watch-namespaces", "", "comma-separated namespaces whose AuroraBacktracks are looked at (default: all)")
	flags.Float64Var(&o.rdsRequestsPerSecond, "rds-requests-per-second", 8, "bound on requests to RDS per account and Region; RDS allows about 12, shared with everybody in the account")
	flags.IntVar(&o.rdsBurst, "rds-burst", 40, "how many requests to RDS may go at once before the bound holds")
	flags.DurationVar(&o.settings.Poll, "poll-interval", o.settings.Poll, "how often RDS is asked about a rewind that is under way alone; less often while --rds-requests-per-second is short")
	flags.DurationVar(&o.settings.Settle, "settle-period", o.settings.Settle, "how long RDS's history must stay empty, and the cluster idle, before a call whose answer was lost may be made again")
	flags.DurationVar(&o.settings.Unobservable, "unobservable-timeout", o.settings.Unobservable, "for how long after the call RDS may fail to answer for the cluster, or show no record, before the outcome is unknown and what is paused is resumed")
	flags.DurationVar(&o.settings.Backtracking, "backtrack-timeout", o.settings.Backtracking, "how long a backtrack may take, and after it the cluster until it is available, before what is paused is resumed")
	flags.DurationVar(&o.settings.Tolerance, "target-tolerance", o.settings.Tolerance, "how far the time that Aurora reached may lie from the time asked for, when a record is recognised")
	o.zap.BindFlags(flags)
	utilruntime.Must(flags.Set("zap-time-encoding", "rfc3339nano")) // a rewind's steps follow one another within a second
	if kubeconfig := flag.CommandLine.Lookup("kubeconfig"); kubeconfig != nil {
		flags.Var(kubeconfig.Value, "kubeconfig", kubeconfig.Usage)
	}
	_ = flags.Parse(arguments) // exits on an error
	return o
}

func (o options) manager(scheme *runtime.Scheme) ctrl.Options {
	metrics := metricsserver.Options{BindAddress: o.metricsAddress, SecureServing: o.metricsSecure}
	if o.metricsSecure {
		metrics.FilterProvider = filters.WithAuthenticationAndAuthorization
		metrics.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }} // no HTTP/2: CVE-2023-44487
	}
	stored := cache.Options{DefaultTransform: backtrack.ForCache}
	for _, namespace := range namespaces(o.watchNamespaces) {
		if stored.DefaultNamespaces == nil {
			stored.DefaultNamespaces = map[string]cache.Config{}
		}
		stored.DefaultNamespaces[namespace] = cache.Config{}
	}
	return ctrl.Options{
		Scheme: scheme, Cache: stored, Metrics: metrics, HealthProbeBindAddress: o.probeAddress, PprofBindAddress: o.pprofAddress,
		LeaderElection: o.leaderElect, LeaderElectionID: leaderElectionID, LeaderElectionNamespace: o.leaderNamespace,
		// The process ends when the manager does, so the next one need not wait for the Lease to run out.
		LeaderElectionReleaseOnCancel: true,
	}
}

// namespaces are the names in a list that commas or spaces separate.
func namespaces(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
