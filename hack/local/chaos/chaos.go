// Package chaos rewinds Aurora clusters by the dozen while everything that can go wrong does, and counts afterwards.
//
// On a local cloud of its own, ten Aurora clusters with seven dependents each are rewound again and again. Meanwhile
// managers are killed, frozen and deposed, the API server is restarted, RDS throttles, fails, resets connections, does
// the work and loses the answer; AuroraBacktracks are cancelled, deleted, taken away by force, made again under their
// name, suspended and lifted. When the troubles have stopped, everything must come to its end by itself, and then it is
// counted: how often RDS was made to rewind for each wish, what is not at its end, not as before, still locked, untold
// or told twice.
//
// Who does what, when, and to whom is drawn from one seed. What the machine makes of it is not: a seed repeats the
// plan, not the interleaving.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// How much time a run may take: what it takes at all, and for each rewind. The troubles last for a third of it at
// the most.
const (
	timeAtAll   = 4 * time.Minute
	timePerWish = 20 * time.Second
	// calm is how long everything may take to come to its end once nothing goes wrong any more. An operator whose
	// answer was lost waits for its settle period and the longest call, and each of its attempts may have been lost.
	calm = 4 * time.Minute
)

// storm is one run.
type storm struct {
	stage.Voice
	settings Settings
	cloud    *cloud.Cloud
	kube     *stage.Kubernetes
	rds      *stage.RDS
	begin    time.Time
	wishes   []*wish
	before   map[string]workload // the workloads as they were made
	sight    *sight
	tally    tally
}

// Run brings up a cloud, makes chaos on it, counts, and takes the cloud down. Any breach of what must always hold is an
// error.
func Run(ctx context.Context, options cloud.Options, settings Settings) (err error) {
	if err := settings.check(); err != nil {
		return err
	}
	pods, err := podPrograms()
	if err != nil {
		return err
	}
	defer os.RemoveAll(pods)
	if options.State == "" {
		options.State = filepath.Join(options.Root, "bin", "chaos")
	}
	options.Programs = append(options.Programs, pods)
	options.AuroraFlags = append(options.AuroraFlags, auroraFlags...)
	options.RestartBackoff, options.RestartBackoffMax = 500*time.Millisecond, 2*time.Second
	c, err := cloud.New(options)
	if err != nil {
		return err
	}
	klog.SetLogger(logr.Discard()) // that an API server went away is no news here
	s := &storm{Voice: stage.Voice{Out: options.Out}, settings: settings, cloud: c}
	s.Say("Chaos: %d rewinds over %d clusters. To do the same again: CHAOS_SEED=%d CHAOS_REWINDS=%d make chaos",
		settings.Rewinds, clusters, settings.Seed, settings.Rewinds)
	// Also after an interrupt: what was started must be ended. What an interrupted run left is not built upon.
	defer func() { err = errors.Join(err, c.Down(context.WithoutCancel(ctx))) }()
	if err := c.Down(ctx); err != nil {
		return err
	}
	if err := c.Up(ctx); err != nil {
		return err
	}
	if err := s.play(ctx); err != nil {
		return errors.Join(err, s.keep(context.WithoutCancel(ctx), filepath.Join(options.Root, "bin", "chaos-failed")))
	}
	return nil
}

// play is everything between the cloud's coming and going.
func (s *storm) play(ctx context.Context) error {
	var err error
	if s.kube, err = stage.NewKubernetes(s.cloud); err != nil {
		return err
	}
	s.rds = stage.NewRDS(s.cloud)
	if err := s.tune(ctx); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.begin = time.Now()
	s.sight = newSight()
	beside, rest := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer rest()
	others.Go(func() { stage.TakeCare(beside, s.cloud, s.Voice) })
	others.Go(func() { s.sight.watch(beside, s.kube.API) })
	if err := s.rage(ctx); err != nil {
		return err
	}
	found, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.report(ctx, found)
	if n := len(found.breaches()); n > 0 {
		return fmt.Errorf("%d breaches of what must always hold; seed %d", n, s.settings.Seed)
	}
	return nil
}

// rage lets all wishes come and go while the troubles last, which is until nearly all of them are at their end.
func (s *storm) rage(ctx context.Context) error {
	s.Say("Everything goes wrong")
	limit := timeAtAll + time.Duration(s.settings.Rewinds)*timePerWish
	troubled, calmDown := context.WithTimeout(ctx, limit/3)
	defer calmDown()
	var troubles sync.WaitGroup
	for _, trouble := range s.troubles() {
		troubles.Go(func() { trouble(troubled) })
	}
	patient, giveUp := context.WithTimeout(ctx, limit)
	defer giveUp()
	ended := s.grant(patient)
	tell := time.NewTicker(10 * time.Second)
	defer tell.Stop()
	stormy := troubled.Done()
	for left := len(s.wishes); left > 0; {
		select {
		case <-ended:
			left--
			if left <= len(s.wishes)/10 {
				calmDown()
			}
		case <-stormy:
			troubles.Wait()
			stormy = nil
			if err := s.noFaults(ctx); err != nil {
				return err
			}
			s.Tell("%4.0fs  the troubles stop; %d are not at their end yet", time.Since(s.begin).Seconds(), left)
		case <-tell.C:
			s.Tell("%4.0fs  %d of %d at their end; %s", time.Since(s.begin).Seconds(), len(s.wishes)-left, len(s.wishes), &s.tally)
		}
	}
	calmDown()
	troubles.Wait()
	return s.noFaults(ctx)
}

// grant starts the lives of all wishes, a few at a time for each cluster, so that there is a queue; each end is sent.
func (s *storm) grant(ctx context.Context) <-chan *wish {
	const abreast = 3
	ended := make(chan *wish, len(s.wishes))
	for n := range clusters {
		places := make(chan struct{}, abreast)
		go func() {
			for _, w := range s.wishes {
				if w.cluster != n {
					continue
				}
				places <- struct{}{}
				go func() {
					w.err = s.live(ctx, w)
					ended <- w
					<-places
				}()
			}
		}()
	}
	return ended
}

// settle waits, with nothing going wrong any more, until there is no breach left that time could mend, and returns what
// it found last.
func (s *storm) settle(ctx context.Context) (*facts, error) {
	s.Say("Nothing goes wrong any more: everything must come to its end")
	began := time.Now()
	for {
		found, err := s.gather(ctx)
		if err != nil {
			return nil, err
		}
		if len(found.breaches()) == 0 || time.Since(began) > calm {
			s.Tell("%4.0fs  it took another %s", time.Since(s.begin).Seconds(), time.Since(began).Round(time.Second))
			return found, nil
		}
		if err := stage.Pass(ctx, 2*time.Second); err != nil {
			return nil, err
		}
	}
}

// podPrograms is a folder with the only program that the pods run.
func podPrograms() (string, error) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		return "", fmt.Errorf("the pods run the program sleep: %w", err)
	}
	folder, err := os.MkdirTemp("", "chaos-programs-")
	if err != nil {
		return "", err
	}
	return folder, os.Symlink(sleep, filepath.Join(folder, "sleep"))
}
