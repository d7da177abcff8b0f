// Package demo runs the experiment of the Aurora user guide's backtracking pages on the local cloud, from an empty
// cluster to the last rewind, and checks everything that it shows.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/experiment"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// names of what the demo makes, by which it also removes what an earlier one left. Nobody else's are like them, those of
// the samples in particular.
const (
	namespace = "demo"
	cluster   = "demo" // the AuroraCluster
	aurora    = "demo" // the Aurora cluster in RDS
)

// demo is where the demo plays: the cloud, the database and the application, and the times it has come by.
type demo struct {
	stage.Voice
	kube     *kubernetes
	rds      *stage.RDS
	database *stage.Database
	times    map[string]time.Time // by the clock of the experiment: 13:55, 14:05, 14:15
	begin    time.Time
	rewinds  int
	bin      string // the folder of the programs, and of the picture
}

// Run brings a cloud up, unless one is up that may be used, and plays the experiment on it. A cloud that it brought up
// is taken down again; on another one everything is left to look at. Any difference from what should be is an error.
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
	d, err := newDemo(c, options.Out)
	if err != nil {
		return err
	}
	if err := d.clear(ctx); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		return err
	}
	fmt.Fprintf(options.Out, "\nEverything was as it should be. The experiment took %s.\n", time.Since(d.begin).Round(time.Second))
	if !mine {
		fmt.Fprintf(options.Out, "All of it is left to look at, in the namespace %s; the next demo clears it away, or `make down`.\n", namespace)
	}
	return nil
}

// stageFor chooses the cloud: the one of `make up` when it is up, else one of the demo's own.
func stageFor(ctx context.Context, options cloud.Options) (c *cloud.Cloud, mine bool, err error) {
	standing, err := cloud.New(options)
	if err != nil {
		return nil, false, err
	}
	if standing.IsUp(ctx) {
		fmt.Fprintln(options.Out, "A local cloud is up, and the demo plays on it.")
		return standing, false, nil
	}
	options.State = filepath.Join(options.Root, "bin", "demo")
	options.AuroraFlags = cloud.Watchable
	own, err := cloud.New(options)
	return own, true, err
}

func newDemo(c *cloud.Cloud, out io.Writer) (*demo, error) {
	kube, err := stage.NewKubernetes(c)
	if err != nil {
		return nil, err
	}
	return &demo{Voice: stage.Voice{Out: out}, kube: &kubernetes{kube}, rds: stage.NewRDS(c), begin: time.Now(), times: map[string]time.Time{}, bin: c.Bin()}, nil
}

// clear removes what an earlier demo left.
func (d *demo) clear(ctx context.Context) error {
	return errors.Join(d.kube.remove(ctx), d.rds.DeleteCluster(ctx, aurora))
}

// play is the demo.
func (d *demo) play(ctx context.Context) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	defer d.database.Close()
	for _, scene := range experiment.Scenes {
		d.Say("%s", scene.Title)
		if err := d.act(ctx, scene); err != nil {
			return fmt.Errorf("%s: %w", scene.Title, err)
		}
		if err := d.check(ctx, scene.Want); err != nil {
			return fmt.Errorf("%s: %w", scene.Title, err)
		}
	}
	if err := d.reckon(ctx); err != nil {
		return err
	}
	return d.draw(ctx)
}

// act does what the scene is about.
func (d *demo) act(ctx context.Context, scene experiment.Scene) error {
	if err := d.database.Run(ctx, scene.SQL...); err != nil {
		return err
	}
	if scene.Mark != "" {
		return d.mark(ctx, scene.Mark)
	}
	return d.rewind(ctx, scene.Name, scene.RewindTo)
}

// prepare makes the Aurora cluster, the first data and the application.
func (d *demo) prepare(ctx context.Context) error {
	d.Say("An Aurora cluster with a backtrack window of 7200 s, and an application that depends on it")
	where, err := d.rds.CreateCluster(ctx, aurora)
	if err != nil {
		return err
	}
	d.Tell("aws rds create-db-cluster %s … available at %s:%d", aurora, where.Host, where.Port)
	if d.database, err = stage.OpenDatabase(ctx, where); err != nil {
		return err
	}
	if err := d.database.Run(ctx, experiment.FirstData...); err != nil {
		return err
	}
	if err := d.kube.deploy(ctx, where); err != nil {
		return err
	}
	d.Tell("kubectl apply: namespace %s, AuroraCluster %s, Deployment game-api with two replicas", namespace, cluster)
	pods, err := d.kube.healthy(ctx, nil)
	if err != nil {
		return err
	}
	d.Tell("game-api serves from %s", pods)
	return nil
}

// reckon shows the objects at the end, and counts what RDS was asked.
func (d *demo) reckon(ctx context.Context) error {
	d.Say("At the end")
	for _, args := range [][]string{{"get", "auroracluster", cluster}, {"get", "aurorabacktracks", "-n", namespace, "--sort-by=.metadata.creationTimestamp"}} {
		text, err := d.kube.Kubectl(ctx, args...)
		if err != nil {
			return err
		}
		d.Tell("kubectl %s", strings.Join(args, " "))
		d.Quote(text)
	}
	accepted, err := d.rds.Backtracks(ctx, aurora, d.begin)
	if err != nil {
		return err
	}
	d.Tell("RDS accepted %d BacktrackDBCluster calls for %d AuroraBacktracks", len(accepted), d.rewinds)
	if len(accepted) != d.rewinds {
		return fmt.Errorf("RDS accepted %d backtracks, want %d: one for each object", len(accepted), d.rewinds)
	}
	return nil
}

// mark remembers the present as a time of the experiment. What is in the database now will be found there by a
// rewind to this time, whose writes come strictly later.
func (d *demo) mark(ctx context.Context, clock string) error {
	// The local Aurora takes a snapshot about ten times a second; a time that lies well between two writes has one.
	if err := stage.Pass(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	d.times[clock] = time.Now().UTC().Truncate(time.Millisecond)
	d.Tell("it is %s (really %s)", clock, d.times[clock].Format("15:04:05.000Z"))
	return stage.Pass(ctx, 500*time.Millisecond)
}
