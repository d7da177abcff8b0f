package aurora

import (
	"fmt"
	"slices"
	"strings"
)

// The faults that can be injected.
const (
	FaultThrottling         = "ThrottlingException" // 400, nothing done
	FaultThrottlingShort    = "Throttling"          // the same under its other code
	FaultServiceUnavailable = "ServiceUnavailable"  // 503, nothing done
	FaultInternalFailure    = "InternalFailure"     // 500, nothing done
	FaultAccessDenied       = "AccessDenied"        // 403, nothing done
	FaultConnectionReset    = "ConnectionReset"     // dropped before the work
	FaultLostReply          = "LostReply"           // dropped after the work
	FaultDelay              = "Delay"               // held for DelayMs, then done, caller or no caller
)

var faultNames = []string{
	FaultThrottling, FaultThrottlingShort, FaultServiceUnavailable, FaultInternalFailure, FaultAccessDenied,
	FaultConnectionReset, FaultLostReply, FaultDelay,
}

// maxDelayMs bounds a Delay: ten minutes.
const maxDelayMs = 600_000

// Fault is a failure to inject into calls.
type Fault struct {
	// Operation is the call it meets, such as BacktrackDBCluster; "*" is any.
	Operation string `json:"operation"`
	// Error is one of the Fault constants.
	Error string `json:"error"`
	// Count is how many calls it meets; 0 means until it is deleted.
	Count int `json:"count"`
	// DelayMs is how long a Delay takes, in milliseconds.
	DelayMs int `json:"delayMs,omitempty"`
}

func (f Fault) check() error {
	known := slices.ContainsFunc(services, func(s service) bool { return s.operations[f.Operation] != nil })
	switch {
	case !known && f.Operation != "*":
		return fmt.Errorf("unknown operation %q: name an RDS, STS or CloudWatch call such as BacktrackDBCluster, or *", f.Operation)
	case !slices.Contains(faultNames, f.Error):
		return fmt.Errorf("unknown error %q: use one of %s", f.Error, strings.Join(faultNames, ", "))
	case f.Count < 0:
		return fmt.Errorf("count %d: use 0 for every call until deleted, or the number of calls", f.Count)
	case f.DelayMs < 0 || f.DelayMs > maxDelayMs:
		return fmt.Errorf("delayMs %d: use 0 to %d", f.DelayMs, maxDelayMs)
	case f.Error != FaultDelay && f.DelayMs != 0:
		return fmt.Errorf("delayMs goes with error %s only, not with %s", FaultDelay, f.Error)
	}
	return nil
}

// SetFaults replaces the faults. The first that fits a call meets it. On an
// error nothing changes.
func (s *Server) SetFaults(faults []Fault) error {
	for i, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.Clone(faults)
	return nil
}

// Faults returns the faults that are still to come.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Fault{}, s.faults...)
}

// FailNext lets the next n calls of an operation meet a fault, behind those
// already set; 0 means until the faults are replaced. It panics on a name that
// does not exist, which is a mistake in the test.
func (s *Server) FailNext(operation, fault string, n int) {
	f := Fault{Operation: operation, Error: fault, Count: n}
	if err := f.check(); err != nil {
		panic("FailNext: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// takeFault is the fault that meets a call now; the zero Fault is none.
func (s *Server) takeFault(action string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.Operation == action || f.Operation == "*" })
	if i < 0 {
		return Fault{}
	}
	taken := s.faults[i]
	switch taken.Count {
	case 0:
	case 1:
		s.faults = slices.Delete(s.faults, i, i+1)
	default:
		s.faults[i].Count--
	}
	return taken
}

// injectedError is the answer that a fault gives in place of the work.
func injectedError(fault string) error {
	switch fault {
	case FaultThrottling:
		return fail(codeThrottling, "Rate exceeded")
	case FaultThrottlingShort:
		return fail(codeThrottlingShort, "Rate exceeded")
	case FaultServiceUnavailable:
		return fail(codeUnavailable, "The request has failed due to a temporary failure of the server.")
	case FaultInternalFailure:
		return fail(codeInternalFailure, "The request processing has failed because of an unknown error.")
	case FaultAccessDenied:
		return fail(codeAccessDenied, "The caller is not authorized to perform this action.")
	}
	return nil
}
