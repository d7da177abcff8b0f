package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/processes"
	"github.com/aurora-backtrack/operator/hack/local/programs"
)

// marker is the file by which a folder is known to belong to a local cloud, so that no other one is ever removed.
const marker = ".local-cloud"

// Up brings the whole cloud up: builds what is missing, starts what does not run, installs the operator and writes the
// env file. On a cloud that is up it changes nothing but what has changed in the checkout.
func (c *Cloud) Up(ctx context.Context) error {
	needed, err := programs.All(c.options.Root)
	if err != nil {
		return err
	}
	return c.up(ctx, needed, []string{etcd, apiServer, controllerManager, scheduler, kubelet, aurora},
		step{what: "installing the operator from config/default", do: c.installOperator},
		step{what: "putting the completion of kubectl backtrack into " + c.bin, do: func(context.Context) error { return c.installCompletion() }},
		step{what: "writing " + c.EnvFile(), do: func(context.Context) error { return c.writeEnv() }},
	)
}

// UpKubernetes brings up the control plane and the kubelet only, with nothing installed.
func (c *Cloud) UpKubernetes(ctx context.Context) error {
	built, err := programs.Named(c.options.Root, kubelet)
	if err != nil {
		return err
	}
	return c.up(ctx, append(programs.ControlPlane(), built...), []string{etcd, apiServer, controllerManager, scheduler, kubelet})
}

// Build builds what is missing of the programs, and nothing else.
func Build(ctx context.Context, options Options, wanted []programs.Program) error {
	c, err := New(options)
	if err != nil {
		return err
	}
	building, err := c.planBuild(ctx, wanted)
	if err != nil {
		return err
	}
	if len(building.stale) == 0 {
		fmt.Fprintf(c.options.Out, "all %d programs are up to date in %s\n", len(wanted), c.bin)
	}
	return run(ctx, c.options.Out, building.all())
}

func (c *Cloud) up(ctx context.Context, needed []programs.Program, names []string, last ...step) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	building, err := c.planBuild(ctx, needed)
	if err != nil {
		return err
	}
	return run(ctx, c.options.Out, append(c.upSteps(building, names), last...))
}

// upSteps builds and starts in the order in which something can be seen: the API server answers kubectl while the
// rest is still being built.
func (c *Cloud) upSteps(building *building, names []string) []step {
	steps := []step{{what: "preparing " + c.state, do: c.prepareOrResume}}
	for _, group := range startGroups(names) {
		steps = append(steps, building.of(group...)...)
		steps = append(steps, step{what: "starting " + strings.Join(group, ", "), do: func(ctx context.Context) error {
			return c.start(ctx, group...)
		}})
		if slices.Contains(group, apiServer) {
			steps = append(steps, building.of("kubectl")...)
		}
	}
	return append(steps, building.all()...)
}

// startGroups keeps the order in which the components need each other: the store, its server, then what makes pods run, and
// the databases, which take long to build.
func startGroups(names []string) [][]string {
	var groups [][]string
	for _, first := range []string{etcd, apiServer} {
		if i := slices.Index(names, first); i >= 0 {
			groups, names = append(groups, []string{first}), slices.Delete(slices.Clone(names), i, i+1)
		}
	}
	if i := slices.Index(names, aurora); i >= 0 && len(names) > 1 {
		return append(groups, slices.Delete(slices.Clone(names), i, i+1), []string{aurora})
	}
	if len(names) > 0 {
		groups = append(groups, names)
	}
	return groups
}

// prepareOrResume takes up a cloud of which something runs, and makes a new one otherwise. So whatever an interrupted
// `up`, a crash or a reboot has left is either completed or cleared away.
func (c *Cloud) prepareOrResume(ctx context.Context) error {
	made, err := c.load()
	if err != nil {
		return err
	}
	if made && c.anythingRuns() {
		return nil
	}
	if err := c.remove(ctx); err != nil {
		return err
	}
	return c.prepare()
}

func (c *Cloud) anythingRuns() bool {
	return slices.ContainsFunc(c.components(), func(component component) bool { return c.daemon(component).Running() })
}

// start starts those of the components that do not run, or run from an older program or with other flags, and waits
// for all of them.
func (c *Cloud) start(ctx context.Context, names ...string) error {
	var started []component
	for _, name := range names {
		component, err := c.component(name)
		if err != nil {
			return err
		}
		if _, err := c.daemon(component).Start(ctx, grace); err != nil {
			return err
		}
		started = append(started, component)
	}
	for _, component := range started {
		if err := c.await(ctx, component); err != nil {
			return err
		}
	}
	return nil
}

// Down ends everything that belongs to the cloud and removes it. It is no error if there is none.
func (c *Cloud) Down(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if !exists(c.state) {
		fmt.Fprintf(c.options.Out, "nothing to take down: there is no %s\n", c.state)
		return nil
	}
	return run(ctx, c.options.Out, []step{{what: "taking down " + c.state, do: c.remove}})
}

// remove ends all processes and removes the state folder. The marker goes last, so that a removal that is interrupted
// is taken up by the next one.
func (c *Cloud) remove(ctx context.Context) error {
	entries, err := os.ReadDir(c.state)
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if !exists(c.path(marker)) {
		return fmt.Errorf("%s is not empty and not the folder of a local cloud: choose another one with --state", c.state)
	}
	if err := c.stopAll(ctx); err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == marker {
			continue
		}
		if err := os.RemoveAll(c.path(entry.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(c.state)
}

// stopAll ends the kubelet first, which ends its pods, and then everything else at once: nothing of what they would
// write down on a polite end is kept.
func (c *Cloud) stopAll(ctx context.Context) error {
	records := c.path("processes")
	if err := processes.StopRecorded(ctx, records, kubelet, grace); err != nil {
		return err
	}
	if err := processes.EndAll(ctx, c.path("pods", "processes"), 0); err != nil {
		return err
	}
	return processes.EndAll(ctx, records, 0)
}

// lock keeps two commands on one cloud apart. The file stands beside the state folder, which comes and goes.
func (c *Cloud) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(filepath.Dir(c.state), "."+filepath.Base(c.state)+".lock")
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	return processes.Lock(ctx, path, func() {
		fmt.Fprintf(c.options.Out, "waiting for another command that works on %s\n", c.state)
	})
}
