package command

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
)

// follow hands every state of the object to see, from the present one on, until see reports that it has seen enough, the
// object is gone, or the context ends. It gives the last state.
func (s *Session) follow(ctx context.Context, b *v1alpha1.AuroraBacktrack, see func(*v1alpha1.AuroraBacktrack) bool) (*v1alpha1.AuroraBacktrack, error) {
	last := b
	for {
		now, err := s.read(ctx, b)
		switch {
		case isNotFound(err):
			return last, exitf(exitEnded, "AuroraBacktrack %s/%s was deleted before it ended: see kubectl backtrack history %s", b.Namespace, b.Name, b.Spec.ClusterRef.Name)
		case err != nil && ctx.Err() != nil:
			return last, ctx.Err()
		case err != nil:
			return last, err
		}
		if see(now) {
			return now, nil
		}
		if last, err = s.watchFrom(ctx, now, see); err == nil || ctx.Err() != nil {
			return last, err
		} else if !errors.Is(err, errWatchEnded) {
			return last, err
		}
	}
}

// errWatchEnded asks for another look: watches end, and it costs nothing to begin anew.
var errWatchEnded = errors.New("the watch ended")

// read reads the object again; a later one of the same name is another one.
func (s *Session) read(ctx context.Context, b *v1alpha1.AuroraBacktrack) (*v1alpha1.AuroraBacktrack, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	now := &v1alpha1.AuroraBacktrack{}
	err = c.Get(ctx, client.ObjectKeyFromObject(b), now)
	if client.IgnoreNotFound(err) == nil && (err != nil || now.UID != b.UID) {
		return nil, notFoundError{errors.New("gone")}
	}
	return now, explain(err, fmt.Sprintf("reading AuroraBacktrack %s/%s", b.Namespace, b.Name))
}

func (s *Session) watchFrom(ctx context.Context, b *v1alpha1.AuroraBacktrack, see func(*v1alpha1.AuroraBacktrack) bool) (*v1alpha1.AuroraBacktrack, error) {
	c, err := s.client()
	if err != nil {
		return b, err
	}
	options := &client.ListOptions{Namespace: b.Namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", b.Name)}
	options.Raw = &metav1.ListOptions{ResourceVersion: b.ResourceVersion}
	w, err := c.Watch(ctx, &v1alpha1.AuroraBacktrackList{}, options)
	if err != nil {
		return b, explain(err, fmt.Sprintf("watching AuroraBacktrack %s/%s", b.Namespace, b.Name))
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
				return last, s.pause(ctx)
			}
			last = now
			if see(now) {
				return now, nil
			}
		}
	}
}

// pause keeps a watch that ends at once, again and again, from becoming a storm.
func (s *Session) pause(ctx context.Context) error {
	timer := time.NewTimer(200 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errWatchEnded
	}
}

// ending follows the object until it has come to its end or waits for a person, shows its progress, and gives the error
// that stands for the ending: nil only for success.
func (s *Session) ending(ctx context.Context, b *v1alpha1.AuroraBacktrack, o followOptions) (*v1alpha1.AuroraBacktrack, error) {
	within := ctx
	if o.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	p := newProgress(s, b, o.quiet)
	last, err := s.follow(within, b, func(now *v1alpha1.AuroraBacktrack) bool {
		p.show(now)
		code, over := conclude(now)
		return over && (code != exitNeedsPerson || !o.pastApproval)
	})
	why, message := reason(last)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return last, exitf(exitTimedOut, "%s has not ended within %s (%s: %s), and goes on: %s", last.Name, o.timeout, why, message, command("watch", last))
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.ErrOut, "\nIt goes on. To come back: %s; to stop it, while that is possible: %s\n", command("watch", last), command("cancel", last))
		return last, exitError{exitInterrupted, errSilent}
	case err != nil:
		return last, err
	}
	code, _ := conclude(last)
	return last, s.conclusion(last, code)
}

// followOptions say how an object is followed.
type followOptions struct {
	timeout      time.Duration
	pastApproval bool // go on while it waits for a person
	quiet        bool // show nothing
}

// conclusion is the error that stands for the ending.
func (s *Session) conclusion(b *v1alpha1.AuroraBacktrack, code int) error {
	why, message := reason(b)
	switch code {
	case exitSucceeded:
		return nil
	case exitNeedsPerson:
		verb := "start"
		if why != v1alpha1.ReasonSuspended || s.needsApproval(b) {
			verb = "approve"
		}
		return exitf(code, "%s waits for a person (%s): %s; to let it run: %s", b.Name, why, message, command(verb, b))
	case exitUnknown:
		return exitf(code, "%s ended as %s: RDS may have rewound the data: %s; look at kubectl backtrack history %s and at the data before anything else", b.Name, why, message, b.Spec.ClusterRef.Name)
	}
	return exitf(code, "%s ended without success: %s: %s", b.Name, why, message)
}

// needsApproval reports whether the cluster requires approval, as far as that can be read.
func (s *Session) needsApproval(b *v1alpha1.AuroraBacktrack) bool {
	cluster := &v1alpha1.AuroraCluster{}
	if err := s.connected.Get(context.Background(), client.ObjectKey{Name: b.Spec.ClusterRef.Name}, cluster); err != nil {
		return false
	}
	return approvalAsked(cluster)
}

func approvalAsked(cluster *v1alpha1.AuroraCluster) bool {
	approval := cluster.Spec.Policy.Approval
	return approval != "" && approval != v1alpha1.ApprovalNone
}
