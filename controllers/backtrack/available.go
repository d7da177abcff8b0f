package backtrack

import (
	"context"
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// available waits until the cluster reads available again. The record's word alone is not enough, nor is the
// cluster's: its status lags behind the call.
func (x *run) available(ctx context.Context) outcome {
	if out := x.lostCluster(ctx); out.kind != goOn {
		return out
	}
	observed, err := x.describe(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	if !observed.Available() {
		return waiting(x.Settings.Poll, v1alpha1.ReasonBacktracking, fmt.Sprintf("the data is rewound; Aurora cluster %s reads %q", observed.Identifier, observed.Status))
	}
	return done(v1alpha1.ReasonAvailable, fmt.Sprintf("Aurora cluster %s reads available", observed.Identifier))
}
