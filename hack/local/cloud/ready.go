package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// patience is how long a component may take until it does its work. The usual time is a hundredth of it; a machine
// that compiles something at the same time needs more.
const patience = 2 * time.Minute

// await waits until the component does its work. If its process ends before, or does not get there in time, the error
// holds the end of its log.
func (c *Cloud) await(ctx context.Context, component component) error {
	daemon := c.daemon(component)
	err := poll(ctx, patience, func(ctx context.Context) error {
		if !daemon.Running() {
			return fatal{errors.New("it ended right after its start")}
		}
		return component.ready(ctx)
	})
	if err != nil {
		return fmt.Errorf("%s did not start: %w\nthe end of its log %s:\n%s",
			component.name, err, daemon.LogFile(), processes.Tail(daemon.LogFile(), 15))
	}
	return nil
}

// fatal marks an error that no waiting mends.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// poll calls check until it returns nil, for at most the limit. It returns at once on a fatal error.
func poll(ctx context.Context, limit time.Duration, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	var last error
	for {
		err := check(ctx)
		if err != nil && ctx.Err() != nil && last != nil {
			// That the time is over says less than why it was not enough.
			err = last
		}
		last = err
		if final := (fatal{}); err == nil || errors.As(err, &final) {
			return err
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return fmt.Errorf("interrupted: %w", err)
			}
			return fmt.Errorf("still not after %s: %w", limit, err)
		case <-look.C:
		}
	}
}

func (c *Cloud) dial(ctx context.Context, port int) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	return conn.Close()
}

func (c *Cloud) apiServerReady(ctx context.Context) error {
	return c.get(ctx, c.APIServerURL()+"/readyz", nil)
}

// nodeReady asks for a node that is ready and that was reported so by the kubelet that runs now, not by one before it.
func (c *Cloud) nodeReady(ctx context.Context) error {
	var node struct {
		Status struct {
			NodeInfo   struct{ BootID string }
			Conditions []struct{ Type, Status string }
		}
	}
	if err := c.get(ctx, c.APIServerURL()+"/api/v1/nodes/"+NodeName, &node); err != nil {
		return err
	}
	id, running := c.daemon(component{name: kubelet}).Identity()
	if !running || node.Status.NodeInfo.BootID != id.String() {
		return errors.New("the node was not yet reported by this kubelet")
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" && condition.Status == "True" {
			return nil
		}
	}
	return errors.New("the node is not ready")
}

func (c *Cloud) auroraReady(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.AuroraURL()+"/_local/calls", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", request.URL, response.Status)
	}
	return nil
}
