package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// options are the program's.
type options struct {
	listen       string
	endpointFile string
	dataDir      string
	clockOffset  time.Duration
	server       aurora.Options
}

var errHelp = errors.New("help was asked for")

const help = `local-aurora is a stand-in for Amazon Aurora MySQL on this machine. It speaks
the RDS Query API (and STS AssumeRole and GetCallerIdentity) and puts a
MySQL-compatible database behind every cluster that is created, so that
backtracks really rewind data. It models what AWS documents; it is not AWS.

Usage:

	local-aurora --data-dir DIR [flags]

Flags:

`

const helpEnd = `
Environment:

  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    	the access key to accept; signatures are checked. Make one up: it need
    	not exist at AWS. Without them every caller is accepted.

The endpoint is printed on standard output when the program is ready. For any
AWS client:

	export AWS_ENDPOINT_URL_RDS=$(cat ENDPOINT_FILE) AWS_ENDPOINT_URL_STS=$(cat ENDPOINT_FILE)
	aws rds create-db-cluster --db-cluster-identifier game --engine aurora-mysql \
	    --master-username admin --master-user-password correct-horse --backtrack-window 7200

What is not AWS's is below /_local/ of the endpoint: the log of calls, faults to
inject, the timing, odd situations of a cluster. SIGTERM stops the program; its
data is there again at the next start with the same --data-dir.
`

// parse reads the command line.
func parse(args []string, getenv func(string) string, out io.Writer) (options, error) {
	var o options
	var preset string
	flags := flag.NewFlagSet("local-aurora", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are said once, by the caller
	flags.StringVar(&o.dataDir, "data-dir", "", "`directory` for the clusters and their data; made if need be (required)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 picks a free one")
	flags.StringVar(&o.endpointFile, "endpoint-file", "", "`file` to write the endpoint to when ready")
	flags.StringVar(&o.server.Region, "region", "eu-west-1", "`Region` of calls that are not signed for one")
	flags.StringVar(&o.server.AccountID, "account", "123456789012", "`account id` of the access key")
	flags.StringVar(&preset, "timing", aurora.TimingInstant, "how long everything takes: instant, quick (to watch) or aws (about as `long` as AWS takes); the flags below change parts of it")
	durations := timingFlags(flags)
	flags.BoolVar(&o.server.LowerCaseStatus, "lower-case-status", false, "spell the status of backtracks completed, as it is documented, not COMPLETED")
	flags.DurationVar(&o.server.RecordPrecision, "record-precision", time.Second, "what BacktrackTo is cut to in records, such as 1ms")
	flags.DurationVar(&o.clockOffset, "clock-offset", 0, "how far the clock of the stand-in is ahead of this machine's")
	flags.Func("role", "a role that may be assumed, as `ARN[=EXTERNAL_ID]`; may be repeated; without it any may be", o.addRole)

	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, help)
		flags.SetOutput(out)
		flags.PrintDefaults()
		fmt.Fprint(out, helpEnd)
		return o, errHelp
	} else if err != nil {
		return o, fmt.Errorf("%w; see --help", err)
	}
	if err := o.setTiming(preset, durations); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see --help", flags.Arg(0))
	}
	if err := o.useKey(getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o *options) addRole(text string) error {
	role, externalID, _ := strings.Cut(text, "=")
	if !strings.HasPrefix(role, "arn:") {
		return errors.New("write the ARN of a role, and =EXTERNAL_ID behind it if it demands one")
	}
	if o.server.Roles == nil {
		o.server.Roles = map[string]string{}
	}
	o.server.Roles[role] = externalID
	return nil
}

func (o *options) useKey(id, secret string) error {
	switch {
	case id == "" && secret == "":
		return nil
	case id == "" || secret == "":
		return errors.New("set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither")
	}
	o.server.AccessKeys = map[string]string{id: secret}
	return nil
}

func (o *options) check() error {
	if o.dataDir == "" {
		return errors.New("--data-dir is required: the directory for the clusters and their data")
	}
	host, _, err := net.SplitHostPort(o.listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--listen %q: write a loopback address with a port, such as 127.0.0.1:0", o.listen)
	}
	return nil
}

// timingFlags are the durations of a Timing as flags; those not given stay
// zero, the others are ahead by notGiven.
func timingFlags(flags *flag.FlagSet) map[string]*time.Duration {
	durations := map[string]*time.Duration{}
	for name, usage := range map[string]string{
		"unlisted":     "how long a backtrack is missing from the history after the call",
		"pending":      "how long a backtrack stays pending before the database is closed",
		"backtracking": "how long the database stays closed",
		"status-lag":   "how far the cluster's status lags behind, both ways",
		"lifecycle":    "how long a cluster or an instance stays creating, modifying, rebooting, deleting and so on",
		"copying":      "how long a snapshot, a clone or a restored cluster stays creating",
	} {
		duration := new(time.Duration)
		durations[name] = duration
		flags.Func(name, usage+", as a `duration` such as 1.5s", func(text string) error {
			d, err := time.ParseDuration(text)
			if err == nil && d < 0 {
				err = errors.New("a duration can't be negative")
			}
			*duration = d + notGiven
			return err
		})
	}
	return durations
}

// notGiven is added to a duration that was given, so that zero means none was.
const notGiven = time.Nanosecond

// setTiming takes a preset, and what was given beside it.
func (o *options) setTiming(preset string, durations map[string]*time.Duration) error {
	timing, err := aurora.TimingPreset(preset)
	if err != nil {
		return fmt.Errorf("--timing: %w", err)
	}
	for name, into := range map[string]*time.Duration{
		"unlisted": &timing.Unlisted, "pending": &timing.Pending, "backtracking": &timing.Backtracking,
		"status-lag": &timing.StatusLag, "lifecycle": &timing.Lifecycle, "copying": &timing.Copying,
	} {
		if d := *durations[name]; d > 0 {
			*into = d - notGiven
		}
	}
	o.server.Timing = timing
	return nil
}
