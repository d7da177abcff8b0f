package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// Own plays on a cloud of its own, made anew in bin/NAME of the checkout and taken down afterwards. Its pods can run
// sleep and sh besides what is built. If anything fails, all logs and objects are kept in bin/NAME-failed, and the error
// says so.
func Own(ctx context.Context, options cloud.Options, name string, play func(*cloud.Cloud) error) error {
	return own(ctx, options, name, func(c *cloud.Cloud) error {
		if err := c.Up(ctx); err != nil {
			return err
		}
		caring, rest := context.WithCancel(ctx)
		var care sync.WaitGroup
		defer care.Wait()
		defer rest()
		care.Go(func() { TakeCare(caring, c, Voice{Out: options.Out}) })
		return play(c)
	})
}

// OwnKubernetes is Own with the control plane and the kubelet only: no local Aurora and no operator.
func OwnKubernetes(ctx context.Context, options cloud.Options, name string, play func(*cloud.Cloud) error) error {
	return own(ctx, options, name, func(c *cloud.Cloud) error {
		if err := c.UpKubernetes(ctx); err != nil {
			return err
		}
		return play(c)
	})
}

func own(ctx context.Context, options cloud.Options, name string, play func(*cloud.Cloud) error) (err error) {
	for _, program := range []string{"sleep", "sh"} {
		path, err := exec.LookPath(program)
		if err != nil {
			return fmt.Errorf("finding what the pods run: %w", err)
		}
		options.Programs = append(options.Programs, filepath.Dir(path))
	}
	kept := filepath.Join(options.Root, "bin", name+"-failed")
	if err := os.RemoveAll(kept); err != nil {
		return err
	}
	options.State = filepath.Join(options.Root, "bin", name)
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
	return play(c)
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

// keep saves what the cloud would take down with it.
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
