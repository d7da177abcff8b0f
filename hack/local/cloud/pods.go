package cloud

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// KillPod ends the processes of all containers of a pod by SIGKILL, as a crash would. The pod stays, and its
// containers are started again as its restart policy says.
func (c *Cloud) KillPod(ctx context.Context, namespace, name string) error {
	running, err := c.podProcesses(ctx, namespace, name)
	if err != nil {
		return err
	}
	var problems []error
	for _, id := range running {
		problems = append(problems, id.SignalGroup(syscall.SIGKILL))
	}
	return errors.Join(problems...)
}

// podProcesses reads from a pod's status which processes run its containers. They are named by their identity, so that
// a status that is a moment old leads to no other process.
func (c *Cloud) podProcesses(ctx context.Context, namespace, name string) ([]processes.Identity, error) {
	var pod struct {
		Status struct {
			ContainerStatuses []struct {
				ContainerID string
				State       struct{ Running *struct{} }
			}
		}
	}
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/pods/%s", c.APIServerURL(), namespace, name)
	if err := c.get(ctx, url, &pod); err != nil {
		return nil, err
	}
	var running []processes.Identity
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Running == nil {
			continue
		}
		id, err := processes.ParseContainerID(status.ContainerID)
		if err != nil {
			return nil, fmt.Errorf("pod %s/%s: %w", namespace, name, err)
		}
		running = append(running, id)
	}
	return running, nil
}
