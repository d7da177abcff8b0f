// Command local-cloud brings a Kubernetes control plane, a kubelet whose pods are processes, a local Aurora and the
// operator up on this machine, and takes them down again. It needs neither an AWS account nor containers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/hack/local/bench"
	"github.com/aurora-backtrack/operator/hack/local/chaos"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/dashboard"
	"github.com/aurora-backtrack/operator/hack/local/demo"
	"github.com/aurora-backtrack/operator/hack/local/e2e"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// command is one subcommand.
type command struct {
	name, synopsis, summary, help string
	run                           func(context.Context, cloud.Options, []string) error
}

var (
	chaosSettings chaos.Settings
	benchSettings bench.Settings
)

var commands = []command{
	{"build", "build [PROGRAM...]", "Build what is missing or has changed.", `Builds what is missing or has changed, into bin/. Without names it builds everything that
"up" needs. The first build of the control plane and the local Aurora takes about a quarter
of an hour on two cores, and says how far it is; a build with nothing to do takes a fraction of a second.`, build},
	{"up", "up", "Start the local cloud.", `Builds what is missing, starts everything on the loopback address, installs the operator from
config/default and writes the env file. Run on a cloud that is up, it starts what has ended,
replaces what was rebuilt and leaves the rest alone.`, up},
	{"down", "down", "Stop and remove the local cloud.", "Ends all processes of the cloud and removes its state folder. What was built stays.", down},
	{"demo", "demo", "Play the main job on real data.", `Plays the main job on real data: an Aurora cluster is rewound, forwarded and rewound again by
AuroraBacktrack objects while an application depends on it, and everything is checked. It plays
on the local cloud if that is up, and leaves everything there to look at; else on one of its own, which
it takes down afterwards.`, func(ctx context.Context, options cloud.Options, _ []string) error { return demo.Run(ctx, options) }},
	{"e2e", "e2e [SCENE...]", "Prove pause and resume.", e2e.Help, e2e.Run},
	{"bench", "bench", "Measure rewinds, and clusters at rest.", bench.Help, func(ctx context.Context, options cloud.Options, _ []string) error {
		return bench.Run(ctx, options, benchSettings)
	}},
	{"dashboard", "dashboard", "Run the dashboard's queries.", dashboard.Help, dashboard.Run},
	{"chaos", "chaos", "Rewind while things are killed.", chaos.Help, func(ctx context.Context, options cloud.Options, _ []string) error {
		return chaos.Run(ctx, options, chaosSettings)
	}},
	{"status", "status", "Show what runs.", "Shows each component, whether it works, and where its log is. Fails unless all of them work.", status},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.Discard()) // what is to be said is said on standard output
	err := start(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "local-cloud: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(os.Stdout)
		return flag.ErrHelp
	}
	for _, command := range commands {
		if command.name == args[0] {
			return command.start(ctx, args[1:])
		}
	}
	usage(os.Stderr)
	return fmt.Errorf("no command %q: the commands are listed above", args[0])
}

func (c command) start(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Usage: local-cloud %s\n\n%s\n\nFlags:\n", c.synopsis, c.help)
		flags.PrintDefaults()
	}
	options := cloud.Options{Out: os.Stdout}
	flags.StringVar(&options.Root, "root", "", "the checkout; the one around the current folder if empty")
	flags.StringVar(&options.State, "state", "", "the folder of this cloud; bin/local in the checkout if empty. Clouds in different\nfolders can be up at the same time")
	options.Assets = os.Getenv("KUBEBUILDER_ASSETS")
	if slices.Contains([]string{"build", "up", "demo", "e2e", "bench", "chaos"}, c.name) {
		flags.StringVar(&options.ControlPlane, "control-plane", "", "a folder with kube-apiserver, etcd and kubectl that are used instead of being built;\nKUBEBUILDER_ASSETS if empty")
	}
	if c.name == "up" {
		options.AuroraFlags = slices.Clone(cloud.Watchable)
		flags.Func("aurora-flag", "a flag for the local Aurora, as in --aurora-flag=--backtracking=1m; used when the cloud is made.\nCan be repeated", func(value string) error {
			options.AuroraFlags = append(options.AuroraFlags, value)
			return nil
		})
		flags.DurationVar(&options.RestartBackoff, "restart-backoff", 0, "the first wait before a container that ended is started again (default 1s; a kubelet has 10s)")
		flags.DurationVar(&options.RestartBackoffMax, "restart-backoff-max", 0, "the longest such wait (default 10s; a kubelet has 5m)")
	}
	if c.name == "chaos" {
		if err := chaosSettings.Flags(flags); err != nil {
			return err
		}
	}
	if c.name == "bench" {
		benchSettings.Flags(flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if options.Root == "" {
		root, err := cloud.FindRoot(".")
		if err != nil {
			return err
		}
		options.Root = root
	}
	return c.run(ctx, options, flags.Args())
}

func build(ctx context.Context, options cloud.Options, names []string) error {
	wanted, err := programs.Named(options.Root, names...)
	if len(names) == 0 {
		wanted, err = programs.All(options.Root)
	}
	if err != nil {
		return err
	}
	return cloud.Build(ctx, options, wanted)
}

func up(ctx context.Context, options cloud.Options, _ []string) error {
	c, err := cloud.New(options)
	if err != nil {
		return err
	}
	if err := c.Up(ctx); err != nil {
		return err
	}
	fmt.Fprintf(options.Out, "\nThe local cloud is up. In any shell:\n  source %s\n  kubectl get auroraclusters,aurorabacktracks -A\n`make demo` now plays on it, and leaves everything there to look at.\n", c.EnvFile())
	return nil
}

func down(ctx context.Context, options cloud.Options, _ []string) error {
	c, err := cloud.New(options)
	if err != nil {
		return err
	}
	return c.Down(ctx)
}

func status(ctx context.Context, options cloud.Options, _ []string) error {
	c, err := cloud.New(options)
	if err != nil {
		return err
	}
	return c.Status(ctx, options.Out)
}

func usage(out io.Writer) {
	fmt.Fprint(out, `local-cloud runs a real Kubernetes control plane, a kubelet whose pods are processes, and a local
Aurora on this machine, with the operator installed from config/default. Everything listens on the
loopback address only; it needs no AWS account and no containers.

Usage: local-cloud COMMAND [flags]

`)
	for _, c := range commands {
		fmt.Fprintf(out, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "\nRun `local-cloud COMMAND --help` for its flags.\n")
}
