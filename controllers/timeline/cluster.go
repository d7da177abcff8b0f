package timeline

import (
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// mostName is how many bytes of a name that somebody else chose are shown.
const mostName = 120

// Of reads the history of a cluster from its status: the ledger, the window and its earliest time. The requester gives
// the user who created an AuroraBacktrack, or "" where that is not known; it may be nil.
func Of(c *v1alpha1.AuroraCluster, now time.Time, requester func(v1alpha1.ObjectReference) string) History {
	h := History{
		Cluster:  c.Name,
		Now:      now,
		Earliest: c.Status.EarliestBacktrackTime.Time(),
		Window:   time.Duration(c.Status.BacktrackWindow) * time.Second,
	}
	for _, entry := range c.Status.Backtracks {
		b := Backtrack{
			ID: line.Clean(entry.ID, mostName), RequestedAt: entry.RequestedAt.Time(),
			To: entry.BacktrackTo.Time(), From: entry.BacktrackedFrom.Time(), State: stateOf(entry),
		}
		if b.RequestedAt.IsZero() {
			b.RequestedAt = entry.ClaimedAt.Time().Add(time.Duration(entry.ClockSkew) * time.Second)
		}
		if by := entry.RequestedBy; by != nil {
			b.Name = by.Namespace + "/" + by.Name
			if requester != nil {
				b.Requester = line.Clean(requester(*by), mostName)
			}
		}
		h.Backtracks = append(h.Backtracks, b)
	}
	return h
}

// stateOf reads RDS's word. An unknown word is neither success nor failure: it reads as under way.
func stateOf(entry v1alpha1.LedgerEntry) State {
	switch {
	case entry.ID == "":
		return Unknown
	case entry.Status == "completed":
		return Completed
	case entry.Status == "failed":
		return Failed
	default:
		return UnderWay
	}
}
