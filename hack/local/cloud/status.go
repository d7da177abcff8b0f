package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"text/tabwriter"
	"time"
)

// Status prints a line for each component and fails unless all of them work.
func (c *Cloud) Status(ctx context.Context, out io.Writer) error {
	made, err := c.load()
	if err != nil {
		return err
	}
	if !made {
		return fmt.Errorf("there is no local cloud in %s: bring one up with `make up`", c.state)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COMPONENT\tPROCESS\tSTATE\tLOG")
	broken := 0
	for _, component := range c.components() {
		daemon, state := c.daemon(component), "works"
		id, _ := daemon.Identity()
		if err := c.check(ctx, component); err != nil {
			state = err.Error()
			broken++
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", component.name, id.PID, state, daemon.LogFile())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d components do not work: `make up` starts what has ended", broken, len(c.components()))
	}
	return nil
}

func (c *Cloud) check(ctx context.Context, component component) error {
	if !c.daemon(component).Running() {
		return errors.New("does not run")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return component.ready(ctx)
}

// IsUp reports whether all components of the cloud work now.
func (c *Cloud) IsUp(ctx context.Context) bool { return c.Status(ctx, io.Discard) == nil }

// Open finds a cloud that was made before, to be used from another program than the one that made it.
func Open(options Options) (*Cloud, error) {
	c, err := New(options)
	if err != nil {
		return nil, err
	}
	made, err := c.load()
	if err == nil && !made {
		err = fmt.Errorf("there is no local cloud in %s: bring one up with `make up`", c.state)
	}
	return c, err
}

// RestartAPIServer ends kube-apiserver, politely or by SIGKILL, and starts it again. It returns when the API is served
// again.
func (c *Cloud) RestartAPIServer(ctx context.Context, kill bool) error {
	return c.restart(ctx, apiServer, kill)
}

// RestartAurora ends the local Aurora, politely or by SIGKILL, and starts it again with the state it had.
func (c *Cloud) RestartAurora(ctx context.Context, kill bool) error {
	return c.restart(ctx, aurora, kill)
}

// RestartKubelet ends the kubelet, politely or by SIGKILL, and starts it again. Its pods' processes end with it; their
// containers are started again under the same pods, as after a reboot of a node.
func (c *Cloud) RestartKubelet(ctx context.Context, kill bool) error {
	return c.restart(ctx, kubelet, kill)
}

// StartEnded starts the components that have ended by themselves and tells which: what the kubelet of a control-plane
// node does for its static pods. kube-scheduler, for one, ends on purpose when it finds its cache corrupted.
func (c *Cloud) StartEnded(ctx context.Context) (started []string, err error) {
	c.mending.Lock()
	defer c.mending.Unlock()
	for _, component := range c.components() {
		if c.daemon(component).Running() {
			continue
		}
		if err := c.start(ctx, component.name); err != nil {
			return started, fmt.Errorf("starting what has ended: %w", err)
		}
		started = append(started, component.name)
	}
	return started, nil
}

func (c *Cloud) restart(ctx context.Context, name string, kill bool) error {
	c.mending.Lock()
	defer c.mending.Unlock()
	component, err := c.component(name)
	if err != nil {
		return err
	}
	if kill {
		if id, recorded := c.daemon(component).Identity(); recorded {
			if err := id.Signal(syscall.SIGKILL); err != nil {
				return err
			}
		}
	}
	if err := c.daemon(component).Stop(ctx, grace); err != nil {
		return fmt.Errorf("restarting %s: %w", name, err)
	}
	return c.start(ctx, name)
}
