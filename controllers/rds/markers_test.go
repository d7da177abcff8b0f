package rds

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestSamePage has an RDS that answers every page with the marker of the same one: neither read goes on for long, and
// neither passes off what it has for the whole.
func TestSamePage(t *testing.T) {
	t.Parallel()
	c := &counter{answer: func(w http.ResponseWriter, r *http.Request) {
		action := r.FormValue("Action")
		fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Marker>same</Marker></%[1]sResult></%[1]sResponse>`, action) //nolint:gosec // the SDK reads it, no browser
	}}
	p := answering(t, c.ServeHTTP).provider()
	target := Target{Identifier: "x"}
	_, describeErr := p.Describe(t.Context(), target)
	history, historyErr := p.History(t.Context(), target)
	for _, err := range []error{describeErr, historyErr} {
		if !IsReason(err, v1alpha1.ReasonRDSUnreachable) || !strings.Contains(err.Error(), errSamePage.Error()) {
			t.Errorf("got %v", err)
		}
	}
	if history != nil {
		t.Errorf("the history is %v", history)
	}
	if n := c.count(); n != 4 {
		t.Errorf("%d calls", n)
	}
}
