package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// unreachableTimeout is how long the API server may fail to answer before an object is no longer followed: it restarts, and
// networks change, while a rewind goes on.
const unreachableTimeout = 2 * time.Minute

// Follow hands every state of the object to see, from the present one on, until see reports that it has seen enough, the
// object is gone, or the context ends. It gives the last state. Errors that pass by themselves end it only if they last.
func (c *Client) Follow(ctx context.Context, b *v1alpha1.AuroraBacktrack, see func(*v1alpha1.AuroraBacktrack) bool) (*v1alpha1.AuroraBacktrack, error) {
	last, reached := b, time.Now()
	for {
		now, err := c.again(ctx, b)
		if err == nil {
			reached = time.Now()
		}
		switch {
		case passes(err) && time.Since(reached) < unreachableTimeout:
			if err := pause(ctx); !errors.Is(err, errWatchEnded) {
				return last, err
			}
			continue
		case IsNotFound(err):
			return last, exit.Errorf(exit.Ended, "AuroraBacktrack %s/%s was deleted before it ended: see kubectl backtrack history %s", b.Namespace, b.Name, b.Spec.ClusterRef.Name)
		case err != nil && ctx.Err() != nil:
			return last, ctx.Err()
		case err != nil:
			return last, err
		}
		if see(now) {
			return now, nil
		}
		if last, err = c.watchFrom(ctx, now, see); err == nil || ctx.Err() != nil {
			return last, err
		} else if !errors.Is(err, errWatchEnded) && !passes(err) {
			return last, err
		}
	}
}

// errWatchEnded asks for another look: watches end, and it costs nothing to begin anew.
var errWatchEnded = errors.New("the watch ended")

// again reads the object again; a later one of the same name is another one.
func (c *Client) again(ctx context.Context, b *v1alpha1.AuroraBacktrack) (*v1alpha1.AuroraBacktrack, error) {
	now := &v1alpha1.AuroraBacktrack{}
	err := c.Get(ctx, client.ObjectKeyFromObject(b), now)
	if client.IgnoreNotFound(err) == nil && (err != nil || now.UID != b.UID) {
		return nil, notFoundError{errors.New("gone")}
	}
	return now, Explain(err, fmt.Sprintf("reading AuroraBacktrack %s/%s", b.Namespace, b.Name))
}

func (c *Client) watchFrom(ctx context.Context, b *v1alpha1.AuroraBacktrack, see func(*v1alpha1.AuroraBacktrack) bool) (*v1alpha1.AuroraBacktrack, error) {
	options := &client.ListOptions{Namespace: b.Namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", b.Name)}
	options.Raw = &metav1.ListOptions{ResourceVersion: b.ResourceVersion}
	w, err := c.Watch(ctx, &v1alpha1.AuroraBacktrackList{}, options)
	if err != nil {
		return b, Explain(err, fmt.Sprintf("watching AuroraBacktrack %s/%s", b.Namespace, b.Name))
	}
	defer w.Stop()
	last := b
	for {
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case event, open := <-w.ResultChan():
			now, ok := event.Object.(*v1alpha1.AuroraBacktrack)
			if !open || !ok || event.Type == watch.Deleted || now.UID != b.UID {
				return last, pause(ctx)
			}
			last = now
			if see(now) {
				return now, nil
			}
		}
	}
}

// watchPause keeps a watch that ends at once, again and again, from becoming a storm.
const watchPause = 200 * time.Millisecond

func pause(ctx context.Context) error {
	timer := time.NewTimer(watchPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errWatchEnded
	}
}
