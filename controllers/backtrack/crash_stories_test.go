package backtrack

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestCrashes tells every story once for each thing that can go wrong at each of its moments.
func TestCrashes(t *testing.T) {
	stories := map[string]story{
		"it succeeds": {want: v1alpha1.ReasonSucceeded, wantAccepted: 1},
		"the reply is lost": {
			given: func(s *witness) { s.rds.FailNext("BacktrackDBCluster", local.FaultLostReply, 1) },
			want:  v1alpha1.ReasonSucceeded, wantAccepted: 1,
		},
	}
	for name, s := range stories {
		t.Run(name, s.test)
	}
}
