package harness

import (
	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// withAmbiguousAnswers answers the first backtracks that RDS has done with 500.
func (s *Checker) withAmbiguousAnswers(next Hook) Hook {
	return func(m Moment) error {
		if next != nil {
			if err := next(m); err != nil {
				return err
			}
		}
		if m.What == "BacktrackDBCluster" && m.After && s.AmbiguousAnswers > 0 {
			s.AmbiguousAnswers--
			return ErrServerError
		}
		return nil
	}
}

// AtRest reports whether every object has come to its end.
func (s *Checker) AtRest() bool {
	for _, uid := range s.Present {
		if b := s.Objects[uid]; b.Status.CompletedAt == "" || !b.DeletionTimestamp.IsZero() {
			return false
		}
	}
	return true
}

// CheckEnd checks what must be so when everything has come to rest.
func (s *Checker) CheckEnd() {
	s.CheckCopies()
	for name, d := range s.deployments {
		if *d.Spec.Replicas != s.wantReplicas[name] || d.Annotations[v1alpha1.PausedAnnotation] != "" {
			s.violation("3: in the end %s has %d replicas, not %d, and the mark %q", name, *d.Spec.Replicas, s.wantReplicas[name], d.Annotations[v1alpha1.PausedAnnotation])
		}
	}
	for name, c := range s.Clusters {
		if c.Status.ActiveBacktrack != nil {
			s.violation("4: in the end %s is locked by %+v", name, *c.Status.ActiveBacktrack)
		}
		for _, entry := range c.Status.Backtracks {
			// The claim of an object that was taken away by force stays: nobody knows what became of it.
			if entry.RequestedBy != nil && !s.Forced[entry.RequestedBy.UID] && s.accepted[entry.RequestedBy.UID] == 0 && !s.outcomeUnknown(entry.RequestedBy.UID) {
				s.violation("2: in the end the ledger of %s has %+v, which never was", name, entry)
			}
		}
	}
	for uid, n := range s.accepted {
		b := s.Objects[uid]
		c := s.Clusters[b.Spec.ClusterRef.Name]
		if c == nil || s.outcomeUnknown(uid) || s.LedgerLost[uid] || s.Forced[uid] || n == 0 {
			continue
		}
		if entry := s.ledgerEntry(c, b); entry == nil || entry.ID == "" {
			s.violation("2: in the end the ledger of %s has %+v for %s", c.Name, entry, b.Name)
		}
	}
	for uid := range s.verdicts {
		if !s.Forced[uid] { // what was taken away by force may not have been spoken of in time
			s.checkEvents(uid)
		}
	}
}

func (s *Checker) outcomeUnknown(uid any) bool {
	for _, b := range s.Objects {
		if b.UID == uid && Verdict(b) == v1alpha1.ReasonOutcomeUnknown {
			return true
		}
	}
	return false
}

// End is how the scenario's object ended.
func (s *Checker) End(name string) string {
	if b := s.Read(name); b != nil {
		return Verdict(b)
	}
	return "gone"
}

func (s *Checker) acceptedCalls() int {
	n := 0
	for _, count := range s.accepted {
		n += count
	}
	return n
}
