// Package e2e proves on the local cloud what is said of pausing: with a writer that never stops writing, with every
// kind of workload under its real controller, and with every way in which a rewind can end. All of it runs under the
// operator's own service account, and in the end its rights are held against what it asked for.
package e2e

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Help says what a person should know of the subcommand.
const Help = `Proves pause and resume on a cloud of its own, which it takes down afterwards: a writer that never
stops writing, all kinds of workloads under their real controllers, every ending of a rewind, and
the operator's rights. If it fails, the logs of everything are kept in bin/e2e-failed. It can be told
to play some of its scenes only: writer, kinds, endings, copies, people and rights, which judges by those before it.`

// test is a run.
type test struct {
	stage.Voice
	cloud *cloud.Cloud
	kube  *stage.Kubernetes
	rds   *stage.RDS
	begin time.Time // before the cloud was there
}

// scene is a part of a run.
type scene struct {
	name, title string
	play        func(*test, context.Context) error
}

// scenes are what a run consists of.
var scenes = []scene{
	{"writer", "A writer never stops writing while its database is rewound and forwarded", (*test).writerScene},
	{"kinds", "Every kind of workload is paused, resumed and restarted", (*test).kindsScene},
	{"endings", "However a rewind ends, nothing stays paused", (*test).endingsScene},
	{"copies", "A clone keeps what a rewind discards, and is merged into it", (*test).copiesScene},
	{"people", "A rewind is approved, and the metrics are read", (*test).peopleScene},
	{"rights", "The operator's rights are what it needs", (*test).rightsScene}, // judged by all that was done before
}

// Run plays the scenes, all of them if none is named, on a cloud of its own. Any difference from what should be is an
// error.
func Run(ctx context.Context, options cloud.Options, names []string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	begin := time.Now()
	options.AuroraFlags = append(options.AuroraFlags, "--pending=500ms", "--backtracking=1s", "--status-lag=300ms", "--unlisted=300ms", "--copying=3s")
	return stage.Own(ctx, options, "e2e", func(c *cloud.Cloud) error {
		kube, err := stage.NewKubernetes(c)
		if err != nil {
			return err
		}
		t := &test{Voice: stage.Voice{Out: options.Out}, cloud: c, kube: kube, rds: stage.NewRDS(c), begin: begin}
		if err := t.installKinds(ctx); err != nil {
			return err
		}
		for _, scene := range chosen {
			t.Say("%s", scene.title)
			if err := scene.play(t, ctx); err != nil {
				return fmt.Errorf("%s: %w", scene.title, err)
			}
		}
		fmt.Fprintf(options.Out, "\nEverything was as it should be. It took %s.\n", time.Since(begin).Round(time.Second))
		return nil
	})
}

func choose(names []string) ([]scene, error) {
	if len(names) == 0 {
		return scenes, nil
	}
	var chosen []scene
	for _, name := range names {
		i := slices.IndexFunc(scenes, func(s scene) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scene %q: see --help", name)
		}
		chosen = append(chosen, scenes[i])
	}
	return chosen, nil
}
