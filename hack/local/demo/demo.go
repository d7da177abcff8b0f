// Package demo runs the experiment of the Aurora user guide's backtracking pages on the local cloud, from an empty
// cluster to the last rewind, and checks everything that it shows.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// names of what the demo makes.
const (
	namespace = "game"
	cluster   = "game"        // the AuroraCluster
	aurora    = "testcluster" // the Aurora cluster in RDS
)

// patience bounds every single wait of the demo.
const patience = 2 * time.Minute

// stage is where the demo plays: the cloud, the database and the application, and the times it has come by.
type stage struct {
	cloud    *cloud.Cloud
	out      io.Writer
	kube     *kubernetes
	rds      *rdsAPI
	database *database
	times    map[string]time.Time // by the clock of the experiment: 13:55, 14:05, 14:15
	begin    time.Time
	rewinds  int
}

// Run brings a cloud up, unless one is up that may be used, and plays the experiment on it. A cloud that it brought up
// is taken down again. Any difference from what should be is an error.
func Run(ctx context.Context, options cloud.Options) (err error) {
	c, mine, err := stageFor(ctx, options)
	if err != nil {
		return err
	}
	if mine {
		defer func() {
			// Also after an interrupt: what was started must be ended.
			err = errors.Join(err, c.Down(context.WithoutCancel(ctx)))
		}()
		if err := c.Up(ctx); err != nil {
			return err
		}
	}
	s, err := newStage(c, options.Out)
	if err != nil {
		return err
	}
	if !mine {
		defer func() { err = errors.Join(err, s.clear(context.WithoutCancel(ctx))) }()
		if err := s.clear(ctx); err != nil {
			return err
		}
	}
	if err := s.play(ctx); err != nil {
		return err
	}
	fmt.Fprintf(options.Out, "\nEverything was as it should be. The experiment took %s.\n", time.Since(s.begin).Round(time.Second))
	return nil
}

// stageFor chooses the cloud: the one of `make up` when it is up, else one of the demo's own.
func stageFor(ctx context.Context, options cloud.Options) (c *cloud.Cloud, mine bool, err error) {
	standing, err := cloud.New(options)
	if err != nil {
		return nil, false, err
	}
	if standing.IsUp(ctx) {
		fmt.Fprintln(options.Out, "A local cloud is up; the demo plays on it and clears up behind itself.")
		return standing, false, nil
	}
	options.State = filepath.Join(options.Root, "bin", "demo")
	// Long enough to see what happens, short enough to watch.
	options.AuroraFlags = append(options.AuroraFlags, "--pending=1s", "--backtracking=3s", "--status-lag=500ms", "--unlisted=500ms")
	own, err := cloud.New(options)
	return own, true, err
}

func newStage(c *cloud.Cloud, out io.Writer) (*stage, error) {
	kube, err := newKubernetes(c)
	if err != nil {
		return nil, err
	}
	return &stage{cloud: c, out: out, kube: kube, rds: newRDS(c), begin: time.Now(), times: map[string]time.Time{}}, nil
}

// clear removes what an earlier demo left on a cloud that stays.
func (s *stage) clear(ctx context.Context) error {
	return errors.Join(
		s.kube.remove(ctx),
		s.rds.deleteCluster(ctx, aurora),
	)
}

// play is the demo.
func (s *stage) play(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	defer s.database.close()
	for _, scene := range experiment {
		s.say("%s", scene.title)
		if err := scene.act(s, ctx); err != nil {
			return fmt.Errorf("%s: %w", scene.title, err)
		}
		if err := s.check(ctx, scene.want); err != nil {
			return fmt.Errorf("%s: %w", scene.title, err)
		}
	}
	return s.reckon(ctx)
}

// prepare makes the Aurora cluster, the first data and the application.
func (s *stage) prepare(ctx context.Context) error {
	s.say("An Aurora cluster with a backtrack window of 7200 s, and an application that depends on it")
	where, err := s.rds.createCluster(ctx, aurora)
	if err != nil {
		return err
	}
	s.tell("aws rds create-db-cluster %s … available at %s:%d", aurora, where.host, where.port)
	if s.database, err = openDatabase(ctx, where); err != nil {
		return err
	}
	if err := s.database.run(ctx, firstData...); err != nil {
		return err
	}
	if err := s.kube.deploy(ctx, where); err != nil {
		return err
	}
	s.tell("kubectl apply: namespace %s, AuroraCluster %s, Deployment game-api with two replicas", namespace, cluster)
	pods, err := s.kube.healthy(ctx, nil)
	if err != nil {
		return err
	}
	s.tell("game-api serves from %s", pods)
	return nil
}

// reckon shows the objects at the end, and counts what RDS was asked.
func (s *stage) reckon(ctx context.Context) error {
	s.say("At the end")
	for _, args := range [][]string{{"get", "auroraclusters"}, {"get", "aurorabacktracks", "-n", namespace, "--sort-by=.metadata.creationTimestamp"}} {
		text, err := s.cloud.Kubectl(ctx, nil, args...)
		if err != nil {
			return err
		}
		s.tell("kubectl %s", join(args))
		fmt.Fprintln(s.out, indent(text))
	}
	accepted, err := accepted(ctx, s.cloud.AuroraURL(), s.begin)
	if err != nil {
		return err
	}
	s.tell("RDS accepted %d BacktrackDBCluster calls for %d AuroraBacktracks", accepted, s.rewinds)
	if accepted != s.rewinds {
		return fmt.Errorf("RDS accepted %d backtracks, want %d: one for each object", accepted, s.rewinds)
	}
	return nil
}

// mark remembers the present as a time of the experiment. What is in the database now will be found there by a
// rewind to this time, whose writes come strictly later.
func (s *stage) mark(ctx context.Context, clock string) error {
	// The local Aurora takes a snapshot about ten times a second; a time that lies well between two writes has one.
	if err := pass(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	s.times[clock] = time.Now().UTC().Truncate(time.Millisecond)
	s.tell("it is %s (really %s)", clock, s.times[clock].Format("15:04:05.000Z"))
	return pass(ctx, 500*time.Millisecond)
}

// pass lets time pass: the experiment's minutes are seconds here.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
