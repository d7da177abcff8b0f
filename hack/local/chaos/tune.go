package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// manager is the operator's Deployment, and its Lease.
const manager = "aurora-backtrack-manager"

// auroraFlags make backtracks short, and leave all that makes them hard to follow: a record that is not listed at
// first, a status that lags behind both ways.
var auroraFlags = []string{"--unlisted=1s", "--pending=300ms", "--backtracking=700ms", "--status-lag=400ms"}

// managerFlags let a run of a hundred rewinds take minutes. The settle period stays far above --unlisted. Ten clusters
// are rewound all the time on one account, which the default rate towards RDS is not made for.
var managerFlags = []string{"--settle-period=10s", "--poll-interval=1s", "--rds-requests-per-second=50", "--rds-burst=100"}

// tune gives the operator that was installed from config/default the flags of this run.
func (s *storm) tune(ctx context.Context) error {
	s.Say("The operator of config/default, with %s; the local Aurora with %s", strings.Join(managerFlags, " "), strings.Join(auroraFlags, " "))
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = cloud.OperatorNamespace, manager
	err := s.insist(ctx, func() error {
		if err := s.kube.API.Get(ctx, client.ObjectKeyFromObject(deployment), deployment); err != nil {
			return err
		}
		container := &deployment.Spec.Template.Spec.Containers[0]
		if slices.Contains(container.Args, managerFlags[0]) {
			return nil
		}
		container.Args = append(container.Args, managerFlags...)
		return s.kube.API.Update(ctx, deployment)
	})
	if err != nil {
		return fmt.Errorf("giving the operator its flags: %w", err)
	}
	return stage.Within(ctx, time.Minute, "the operator runs with its new flags", func() (bool, error) {
		if err := s.kube.API.Get(ctx, client.ObjectKeyFromObject(deployment), deployment); err != nil {
			return false, err
		}
		want, now := *deployment.Spec.Replicas, deployment.Status
		return now.ObservedGeneration == deployment.Generation && now.UpdatedReplicas == want &&
			now.AvailableReplicas == want && now.Replicas == want, nil
	})
}

// insist does something until it is done or certainly can't be: the API server comes and goes here.
func (s *storm) insist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || definite(err) {
			return err
		}
		if stage.Pass(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}

// definite tells an answer from the lack of one. An API server that has just started refuses what an admission policy
// would have to look at, until it has found the policy's and the binding's parameters.
func definite(err error) bool {
	if strings.Contains(err.Error(), "failed to configure policy") || strings.Contains(err.Error(), "failed to configure binding") {
		return false
	}
	return apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)
}
