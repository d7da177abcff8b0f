// Command e2e-aws runs the experiment on a real Aurora cluster and records how long AWS takes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/hack/local/aws"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

const help = `e2e-aws runs the experiment (make demo plays it on the local cloud) on an Aurora MySQL cluster that exists and is
named: it writes some rows, rewinds the cluster three times, checks the data, and records how long AWS takes to list a
record, to change the cluster's status, to begin and to rewind, in the form that sets the local Aurora's timing.

It rewinds the WHOLE cluster. Without --consent it only says what it would do and cost. Use a cluster made for it.

AWS is found by the SDK's usual chain (AWS_PROFILE, AWS_REGION, …, AWS_ENDPOINT_URL_RDS); the password of the database user
is read from the variable AURORA_PASSWORD.

Usage: AURORA_PASSWORD=… e2e-aws --cluster=IDENTIFIER --user=NAME [flags]

Flags:
`

// databaseName is what can stand between backquotes.
var databaseName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.Discard()) // what is to be said is said on standard output
	err := start(ctx, os.Args[1:], os.Getenv, os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e-aws: %v\n", err)
		stop()
		os.Exit(exitCode(err))
	}
}

// exitCode is 3 when nothing was done.
func exitCode(err error) int {
	if errors.Is(err, aws.ErrNotDone) {
		return 3
	}
	return 1
}

func start(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	options, err := parse(args, getenv, out)
	if err != nil {
		return err
	}
	return aws.Run(ctx, options, stage.Voice{Out: out})
}

func parse(args []string, getenv func(string) string, out io.Writer) (aws.Options, error) {
	o := aws.Options{Password: getenv("AURORA_PASSWORD")}
	flags := flag.NewFlagSet("e2e-aws", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, help)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.Cluster, "cluster", "", "the DB cluster identifier (required)")
	flags.StringVar(&o.Region, "region", "", "the AWS Region; the SDK's if empty")
	flags.StringVar(&o.User, "user", "", "a database user who may create a database (required)")
	flags.StringVar(&o.Host, "host", "", "where the database is reached, such as the end of a tunnel; the cluster's endpoint if empty")
	flags.IntVar(&o.Port, "port", 0, "its port; the cluster's if 0")
	flags.StringVar(&o.TLS, "tls", "preferred", "true (verified), preferred, skip-verify or false")
	flags.StringVar(&o.Database, "database", "aurora_backtrack_experiment", "the database that is created, and dropped in the end")
	flags.StringVar(&o.Consent, "consent", "", "the DB cluster identifier once more: do it")
	flags.BoolVar(&o.OtherData, "other-data", false, "rewind the cluster although it has other databases")
	flags.StringVar(&o.Timings, "timings", "", "the file to write the timings to")
	flags.DurationVar(&o.Pause, "pause", 15*time.Second, "the time between what is written and a time to go back to")
	flags.DurationVar(&o.Interval, "interval", time.Second, "the time between two looks at RDS, and so the precision of the timings")
	flags.DurationVar(&o.Settle, "settle", time.Minute, "how long to wait for a status that never left available")
	flags.DurationVar(&o.Limit, "limit", time.Hour, "how long one backtrack may take")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q; see --help", flags.Arg(0))
	case o.Cluster == "" || o.User == "":
		return o, errors.New("--cluster and --user are required; see --help")
	case o.Password == "":
		return o, errors.New("set AURORA_PASSWORD to the password of --user")
	case !databaseName.MatchString(o.Database):
		return o, fmt.Errorf("--database %q: write letters, digits and underscores, beginning with a letter", o.Database)
	case o.Interval < 100*time.Millisecond || o.Pause <= 0 || o.Limit <= 0 || o.Settle < 0:
		return o, errors.New("--interval must be at least 100ms, --pause and --limit longer than zero, --settle not negative")
	}
	return o, nil
}
