package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Where config/default puts the operator, and the Lease by which its managers choose a leader.
const (
	operatorNamespace = "aurora-backtrack-system"
	operatorLease     = "aurora-backtrack-manager"
)

type resumeOptions struct {
	session                *Session
	yes, everywhere, force bool
	dryRun                 bool
	operator               string
}

func newResume(s *Session) *cobra.Command {
	o := &resumeOptions{session: s}
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Last resort: bring back what a rewind paused, when there is no operator",
		Long: "Brings back the workloads that carry the operator's mark of a pause. The operator does that itself, whatever " +
			"happens; this is for when there is no operator any more, and it refuses while one is running. It takes the right to change workloads.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVarP(&o.everywhere, "all-namespaces", "A", false, "look in all namespaces")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only show what is paused")
	flags.BoolVar(&o.force, "force", false, "although the operator is running")
	flags.StringVar(&o.operator, "operator-namespace", operatorNamespace, "where the operator runs")
	return cmd
}

func (o *resumeOptions) run(ctx context.Context) error {
	s := o.session
	if _, err := s.client(); err != nil {
		return err
	}
	found, err := o.find(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		s.printf("Nothing carries the mark of a pause.\n")
		return nil
	}
	for _, p := range found {
		switch {
		case p.unreadable != nil:
			s.printf("%s: %v\n", p, p.unreadable)
		case p.off():
			s.printf("%s: paused by the AuroraBacktrack with UID %s; its field becomes %v again\n", p, p.Owner, p.Restore)
		default:
			s.printf("%s: somebody has set it since; only the mark is removed\n", p)
		}
	}
	if o.dryRun {
		return nil
	}
	if err := o.noOperator(ctx); err != nil {
		return err
	}
	if !o.yes {
		yes, err := s.ask(ctx, fmt.Sprintf("Bring %d workloads back?", len(found)))
		if err != nil {
			return err
		}
		if !yes {
			return exitf(exitNotAsked, "nothing was changed")
		}
	}
	return o.resume(ctx, found)
}

// find lists what is paused: autoscalers first, which would hold down what is resumed under them.
func (o *resumeOptions) find(ctx context.Context) ([]*paused, error) {
	s := o.session
	namespace, err := s.namespace()
	if err != nil {
		return nil, err
	}
	if o.everywhere {
		namespace = ""
	}
	var all []*paused
	for _, p := range pausables {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(p.kind.GroupVersion().WithKind(p.kind.Kind + "List"))
		err := s.connected.List(ctx, list, client.InNamespace(namespace))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue // not installed here
		}
		if err != nil {
			return nil, fmt.Errorf("listing %ss: %w", p.kind.Kind, err)
		}
		for i := range list.Items {
			if found := readPaused(p, &list.Items[i]); found != nil {
				all = append(all, found)
			}
		}
	}
	return all, nil
}

// noOperator refuses while the operator leads: it would bring everything back itself, and pause it again if a run wants that.
func (o *resumeOptions) noOperator(ctx context.Context) error {
	if o.force {
		return nil
	}
	lease := &coordinationv1.Lease{}
	err := o.session.connected.Get(ctx, client.ObjectKey{Namespace: o.operator, Name: operatorLease}, lease)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("finding out whether the operator runs: %w: look yourself, and use --force if it does not", err)
	}
	spec := lease.Spec
	if spec.HolderIdentity == nil || *spec.HolderIdentity == "" || spec.RenewTime == nil || spec.LeaseDurationSeconds == nil {
		return nil
	}
	if until := spec.RenewTime.Add(time.Duration(*spec.LeaseDurationSeconds) * time.Second); o.session.now().Before(until) {
		return fmt.Errorf("the operator runs (%s leads) and brings back by itself what it paused: cancel the rewind instead, or use --force", *spec.HolderIdentity)
	}
	return nil
}

func (o *resumeOptions) resume(ctx context.Context, found []*paused) error {
	s := o.session
	var errs []error
	for _, p := range found {
		if p.unreadable != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p, p.unreadable))
			continue
		}
		body, err := p.resumption()
		if err == nil {
			err = s.connected.Patch(ctx, p.Unstructured, client.RawPatch(types.MergePatchType, body))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p, err))
			continue
		}
		s.printf("%s resumed\n", p)
	}
	if len(errs) > 0 {
		return exitError{exitEnded, errors.Join(errs...)}
	}
	return nil
}
