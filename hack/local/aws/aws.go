// Package aws runs the experiment on a real Aurora cluster, and records how long AWS takes, in the form in which the local
// Aurora's timing is set. It asks RDS by the operator's own package.
package aws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/hack/local/experiment"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Options are what a person says.
type Options struct {
	Cluster  string // DBClusterIdentifier
	Region   string // empty: the SDK's
	User     string
	Password string
	Host     string // empty: the cluster's endpoint
	Port     int
	TLS      string // as go-sql-driver/mysql has it: true, preferred, skip-verify, false
	Database string // made, and dropped in the end
	// Consent is the cluster's identifier once more. Without it a run says what it would do, and does nothing.
	Consent string
	// OtherData says that the databases of others in the cluster may be rewound too.
	OtherData bool
	Timings   string        // the file to write
	Pause     time.Duration // between what is written and the times that are marked
	Interval  time.Duration // between two looks at RDS
	Settle    time.Duration // for how long a status that never left available is waited for
	Limit     time.Duration // for one backtrack
}

// ErrNotDone says that nothing was done, because the cluster can't be used or nobody has consented.
var ErrNotDone = errors.New("not done")

// run is one.
type run struct {
	stage.Voice
	options  Options
	rds      *rds.Provider
	target   rds.Target
	where    stage.Endpoint
	database *stage.Database
	times    map[string]time.Time
	measures []measure
}

// Run says what it would do, and does it if somebody has consented.
func Run(ctx context.Context, options Options, voice stage.Voice) error {
	config, err := rds.LoadConfig(ctx)
	if err != nil {
		return err
	}
	if options.Region == "" {
		options.Region = config.Region
	}
	config.Region = options.Region
	options.Cluster = strings.ToLower(options.Cluster) // as RDS stores it
	r := &run{
		Voice: voice, options: options, target: rds.Target{Identifier: options.Cluster}, times: map[string]time.Time{},
		rds: rds.NewProvider(rds.Options{Config: config, Clock: clock.RealClock{}, RequestsPerSecond: 4, Burst: 20}),
	}
	cluster, err := r.rds.Describe(ctx, r.target)
	if err != nil {
		return fmt.Errorf("asking RDS about the cluster %s (--cluster): %w", options.Cluster, err)
	}
	r.where = stage.Endpoint{Host: cluster.Endpoint, Port: int(cluster.Port), User: options.User, Password: options.Password, TLS: options.TLS}
	if options.Host != "" {
		r.where.Host = options.Host
	}
	if options.Port != 0 {
		r.where.Port = options.Port
	}
	if err := r.allowed(ctx, cluster); err != nil {
		return err
	}
	err = r.play(ctx)
	// Also after an interrupt: what was made must go.
	return errors.Join(err, r.clear(context.WithoutCancel(ctx)))
}

// allowed says what a run would do. It fails with ErrNotDone unless it may.
func (r *run) allowed(ctx context.Context, cluster rds.Cluster) error {
	var others []string
	if cluster.Available() {
		server, err := stage.OpenDatabase(ctx, r.where)
		if err != nil {
			return err
		}
		defer server.Close()
		if others, err = r.otherDatabases(ctx, server); err != nil {
			return err
		}
	}
	r.Say("What it would do")
	r.Quote(r.plan(cluster, others))
	if refusal := r.refusal(cluster, others, time.Now()); refusal != "" {
		return fmt.Errorf("%w: %s", ErrNotDone, refusal)
	}
	return nil
}

// play is the experiment.
func (r *run) play(ctx context.Context) error {
	if err := r.onServer(ctx, "CREATE DATABASE `"+r.options.Database+"`"); err != nil {
		return fmt.Errorf("%w: if an earlier run left it, drop it", err)
	}
	r.where.Database = r.options.Database
	var err error
	if r.database, err = stage.OpenDatabase(ctx, r.where); err != nil {
		return err
	}
	defer r.database.Close()
	if err := r.database.Run(ctx, experiment.FirstData...); err != nil {
		return err
	}
	for _, scene := range experiment.Scenes {
		r.Say("%s", scene.Title)
		if err := r.scene(ctx, scene); err != nil {
			return fmt.Errorf("%s: %w", scene.Title, err)
		}
	}
	return r.report()
}

func (r *run) scene(ctx context.Context, scene experiment.Scene) error {
	if err := r.database.Run(ctx, scene.SQL...); err != nil {
		return err
	}
	if scene.Mark != "" {
		if err := r.mark(ctx, scene.Mark); err != nil {
			return err
		}
	}
	if scene.RewindTo != "" {
		if err := r.rewind(ctx, scene.Name, r.times[scene.RewindTo]); err != nil {
			return err
		}
	}
	got, err := experiment.Read(ctx, r.database)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, scene.Want) {
		return fmt.Errorf("the database holds %v, want %v", got, scene.Want)
	}
	r.Tell("✓ the database holds exactly what it should")
	return nil
}

// mark remembers the present. Aurora takes the nearest consistent time, and its records have whole seconds: a pause lies on
// both sides.
func (r *run) mark(ctx context.Context, name string) error {
	if err := stage.Pass(ctx, r.options.Pause); err != nil {
		return err
	}
	r.times[name] = time.Now().UTC().Add(r.rds.Skew(r.target)).Truncate(time.Millisecond) // by RDS's clock
	r.Tell("it is %s (really %s)", name, r.times[name].Format("15:04:05.000Z"))
	return stage.Pass(ctx, r.options.Pause)
}

// rewind asks RDS once, and looks until it is over and the database serves again.
func (r *run) rewind(ctx context.Context, name string, to time.Time) error {
	accepted, err := r.rds.Backtrack(ctx, r.target, rds.Request{To: to})
	if err != nil {
		return err
	}
	m := measure{name: name, answered: time.Now()}
	r.Tell("RDS accepted backtrack %s to %s", accepted.ID, accepted.BacktrackTo)
	err = stage.Within(ctx, r.options.Limit, "the backtrack is over", func() (bool, error) {
		if err := stage.Pass(ctx, r.options.Interval); err != nil {
			return false, err
		}
		history, err := r.rds.History(ctx, r.target)
		if err != nil {
			return false, err
		}
		cluster, err := r.rds.Describe(ctx, r.target)
		if err != nil {
			return false, err
		}
		return m.see(time.Now(), find(history, accepted.ID), cluster.Status, r.options.Settle)
	})
	if err != nil {
		return err
	}
	r.measures = append(r.measures, m)
	r.Tell("%s", m.String())
	return stage.Within(ctx, r.options.Limit, "the database serves again", func() (bool, error) {
		_, err := r.database.Query(ctx, "SELECT 1")
		return err == nil, nil //nolint:nilerr // it is asked again
	})
}

func find(history []v1alpha1.BacktrackRecord, id string) *v1alpha1.BacktrackRecord {
	for i := range history {
		if history[i].ID == id {
			return &history[i]
		}
	}
	return nil
}

// String says what was measured.
func (m *measure) String() string {
	since := func(at time.Time) string {
		if at.IsZero() {
			return "not seen"
		}
		return at.Sub(m.answered).Round(time.Millisecond).String()
	}
	pending, _ := m.pending()
	return fmt.Sprintf("after the call: listed %s, status backtracking %s, completed %s, available %s; BacktrackedFrom is %s after the request",
		since(m.listed), since(m.backtracking), since(m.completed), since(m.available), pending)
}

// report prints the timing, and writes it.
func (r *run) report() error {
	t := timingOf(r.measures)
	r.Say("How long it took: medians, to %s", r.options.Interval)
	r.Quote(string(t.JSON()))
	r.Tell("for the local Aurora: local-aurora%s", t.flags())
	if r.options.Timings == "" {
		return nil
	}
	r.Tell("written to %s; curl -X PUT --data @%s ENDPOINT/_local/timing", r.options.Timings, r.options.Timings)
	return os.WriteFile(r.options.Timings, t.JSON(), 0o600)
}

// clear drops the experiment's database.
func (r *run) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stage.Patience)
	defer cancel()
	if err := r.onServer(ctx, "DROP DATABASE IF EXISTS `"+r.options.Database+"`"); err != nil {
		return fmt.Errorf("%w: drop it yourself", err)
	}
	return nil
}

// onServer runs a statement outside of the experiment's database.
func (r *run) onServer(ctx context.Context, statement string) error {
	where := r.where
	where.Database = ""
	server, err := stage.OpenDatabase(ctx, where)
	if err != nil {
		return err
	}
	defer server.Close()
	return server.Run(ctx, statement)
}
