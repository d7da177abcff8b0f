// Package e2e proves on the local cloud what is said of pausing: with a writer that never stops writing, with every
// kind of workload under its real controller, and with every way in which a rewind can end. All of it runs under the
// operator's own service account, and in the end its rights are held against what it asked for.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Help says what a person should know of the subcommand.
const Help = `Proves pause and resume on a cloud of its own, which it takes down afterwards: a writer that never
stops writing, all kinds of workloads under their real controllers, every ending of a rewind, and
the operator's rights. If it fails, the logs of everything are kept in bin/e2e-failed. It can be told
to play some of its scenes only: writer, kinds, endings, people and rights, which judges by those before it.`

// test is a run.
type test struct {
	stage.Voice
	cloud *cloud.Cloud
	kube  *stage.Kubernetes
	rds   *stage.RDS
	begin time.Time
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
	{"people", "A rewind is approved, and the metrics are read", (*test).peopleScene},
	{"rights", "The operator's rights are what it needs", (*test).rightsScene}, // judged by all that was done before
}

// Run brings a cloud up, plays the scenes on it, all of them if none is named, and takes it down. Any difference from
// what should be is an error.
func Run(ctx context.Context, options cloud.Options, names []string) (err error) {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	for _, program := range []string{"sleep", "sh"} { // is all that most pods run
		path, err := exec.LookPath(program)
		if err != nil {
			return fmt.Errorf("finding what the pods run: %w", err)
		}
		options.Programs = append(options.Programs, filepath.Dir(path))
	}
	kept := filepath.Join(options.Root, "bin", "e2e-failed")
	if err := os.RemoveAll(kept); err != nil {
		return err
	}
	options.State = filepath.Join(options.Root, "bin", "e2e")
	options.AuroraFlags = append(options.AuroraFlags, "--pending=500ms", "--backtracking=1s", "--status-lag=300ms", "--unlisted=300ms")
	c, err := fresh(ctx, options)
	if err != nil {
		return err
	}
	defer func() {
		// Also after an interrupt: what was started must be ended.
		after := context.WithoutCancel(ctx)
		if err != nil {
			err = errors.Join(err, keep(after, c, kept))
		}
		err = errors.Join(err, c.Down(after))
	}()
	if err := c.Up(ctx); err != nil {
		return err
	}
	kube, err := stage.NewKubernetes(c)
	if err != nil {
		return err
	}
	t := &test{Voice: stage.Voice{Out: options.Out}, cloud: c, kube: kube, rds: stage.NewRDS(c), begin: time.Now()}
	if err := t.installKinds(ctx); err != nil {
		return err
	}
	for _, scene := range chosen {
		t.Say("%s", scene.title)
		if err := scene.play(t, ctx); err != nil {
			return fmt.Errorf("%s: %w", scene.title, err)
		}
	}
	fmt.Fprintf(options.Out, "\nEverything was as it should be. It took %s.\n", time.Since(t.begin).Round(time.Second))
	return nil
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

// fresh is a cloud that is not up. What an interrupted run left has other logs and other flags, and goes silently.
func fresh(ctx context.Context, options cloud.Options) (*cloud.Cloud, error) {
	c, err := cloud.New(options)
	if err != nil {
		return nil, err
	}
	options.Out = nil
	left, err := cloud.New(options)
	if err != nil {
		return nil, err
	}
	return c, left.Down(ctx)
}

// keep saves what the cloud would take down with it: all logs, and all objects as they are.
func keep(ctx context.Context, c *cloud.Cloud, folder string) error {
	objects, err := c.Kubectl(ctx, nil, "get", "-A", "-o=yaml",
		"auroraclusters,aurorabacktracks,deployments,statefulsets,daemonsets,replicasets,cronjobs,jobs,pods,events,leases")
	if err := os.Rename(c.Logs(), folder); errors.Is(err, fs.ErrNotExist) {
		return nil // it was never up
	} else if err != nil {
		return err
	}
	err = errors.Join(err, os.WriteFile(filepath.Join(folder, "objects.yaml"), []byte(objects), 0o600))
	return errors.Join(err, fmt.Errorf("all logs and objects are kept in %s", folder))
}
