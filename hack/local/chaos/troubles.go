package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// troubles are what goes wrong, each on its own until its context ends.
func (s *storm) troubles() []func(context.Context) {
	return []func(context.Context){s.troubleManagers, s.troubleAPIServer, s.troubleRDS}
}

// troubleManagers lets managers die, sleep, and lose the lead. Most times it lets one lead for a while first: with
// nothing but troubles nothing would be under way that they could meet.
func (s *storm) troubleManagers(ctx context.Context) {
	source := s.settings.draws(drawsManagers)
	for last := time.Now(); ; last = time.Now() {
		if source.IntN(5) > 0 && s.led(ctx, last) != nil {
			return
		}
		if stage.Pass(ctx, between(source, 3*time.Second, 25*time.Second)) != nil {
			return
		}
		var err error
		switch n, which := source.IntN(100), source.IntN(2); {
		case n < 30:
			err = s.killManagers(ctx, "a manager killed", which, 1)
		case n < 40:
			err = s.killManagers(ctx, "both managers killed", 0, 2)
		case n < 55:
			if s.sight.claimed(ctx) {
				err = s.killManagers(ctx, "both managers killed right behind a claim", 0, 2)
			}
		case n < 70:
			err = s.freezeManager(ctx, which, between(source, 5*time.Second, 20*time.Second))
		case n < 88:
			err = s.depose(ctx)
		default:
			err = s.replaceManager(ctx, which)
		}
		if err != nil && ctx.Err() == nil { // the API server is away, or no manager is there
			s.Tell("%4.0fs  no trouble with managers this time: %v", time.Since(s.begin).Seconds(), err)
		}
	}
}

// troubleAPIServer restarts the API server, politely or not.
func (s *storm) troubleAPIServer(ctx context.Context) {
	source := s.settings.draws(drawsAPIServer)
	for last := time.Now(); s.led(ctx, last) == nil && stage.Pass(ctx, between(source, 20*time.Second, 60*time.Second)) == nil; last = time.Now() {
		kill, what := source.IntN(2) == 0, "API server restarted"
		if kill {
			what = "API server killed"
		}
		// To its end, also when the troubles stop meanwhile.
		if err := s.cloud.RestartAPIServer(context.WithoutCancel(ctx), kill); err != nil {
			s.Tell("the API server was not restarted: %v", err)
			continue
		}
		s.tally.add(what)
	}
}

// noFaults lets all calls to RDS go well from now on.
func (s *storm) noFaults(ctx context.Context) error {
	if err := s.insist(ctx, func() error { return s.rds.SetFaults(ctx) }); err != nil {
		return fmt.Errorf("taking the faults back: %w", err)
	}
	return nil
}

// troubleRDS lets calls fail, a few at a time, and then all go well for a while. How many were met, the log of calls
// tells in the end.
func (s *storm) troubleRDS(ctx context.Context) {
	source := s.settings.draws(drawsFaults)
	for stage.Pass(ctx, between(source, time.Second, 4*time.Second)) == nil {
		var faults []aurora.Fault
		if source.IntN(2) == 0 {
			faults = append(faults, drawBacktrackFault(source))
		}
		for range source.IntN(3) {
			faults = append(faults, drawDescribeFault(source))
		}
		if err := s.rds.SetFaults(ctx, faults...); err != nil && ctx.Err() == nil {
			s.Tell("no faults could be set: %v", err)
		}
	}
}

// faultKinds are the faults for the call that must not be made twice, and for the two that look. What leaves the first
// without an effect and the operator without knowledge costs it a settle period, so it is rarer than the rest.
var (
	backtrackFaults = []string{
		aurora.FaultLostReply, aurora.FaultLostReply, aurora.FaultLostReply, aurora.FaultThrottling, aurora.FaultThrottling,
		aurora.FaultDelay, aurora.FaultDelay, aurora.FaultInternalFailure, aurora.FaultServiceUnavailable, aurora.FaultConnectionReset,
	}
	describeFaults = []string{
		aurora.FaultThrottling, aurora.FaultServiceUnavailable, aurora.FaultInternalFailure,
		aurora.FaultConnectionReset, aurora.FaultLostReply, aurora.FaultDelay,
	}
)

func drawBacktrackFault(source *rand.Rand) aurora.Fault {
	fault := aurora.Fault{Operation: "BacktrackDBCluster", Count: 1, Error: backtrackFaults[source.IntN(len(backtrackFaults))]}
	if fault.Error == aurora.FaultDelay {
		fault.DelayMs = drawDelay(source)
		if source.IntN(5) == 0 {
			fault.DelayMs = 32_000 // longer than the operator waits for an answer: the work is done behind its back
		}
	}
	return fault
}

func drawDescribeFault(source *rand.Rand) aurora.Fault {
	fault := aurora.Fault{
		Operation: []string{"DescribeDBClusters", "DescribeDBClusterBacktracks"}[source.IntN(2)],
		Count:     1 + source.IntN(5), Error: describeFaults[source.IntN(len(describeFaults))],
	}
	if fault.Error == aurora.FaultDelay {
		fault.DelayMs = drawDelay(source)
	}
	return fault
}

func drawDelay(source *rand.Rand) int {
	return int(between(source, 100*time.Millisecond, 5*time.Second).Milliseconds())
}
