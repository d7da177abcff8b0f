package aurora

import (
	"net/url"
	"strings"
	"time"
)

// What became of a call, besides the error codes.
const (
	// OutcomeAccepted means the work was done and answered.
	OutcomeAccepted = "accepted"
	// OutcomeLostReply means the work was done and the answer dropped.
	OutcomeLostReply = "lost reply"
	// OutcomeConnectionReset means nothing was done.
	OutcomeConnectionReset = "connection reset"
)

// maxCalls bounds the log; the oldest calls go first.
const maxCalls = 100_000

// Call is one RDS or STS call as the log has it.
type Call struct {
	Time      time.Time `json:"time"`
	Operation string    `json:"operation"`
	// Parameters are those of the request, without Action, Version and
	// passwords.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Outcome is one of the Outcome constants or an error code.
	Outcome string `json:"outcome"`
	// Message goes with an error code.
	Message string `json:"message,omitempty"`
	// Fault is the injected fault that met the call.
	Fault string `json:"fault,omitempty"`
	// AccessKeyID is the key that signed the call, accepted or not.
	AccessKeyID string `json:"accessKeyId,omitempty"`
	// Session is the ARN of the assumed role session, if it was one.
	Session string `json:"session,omitempty"`
	// BacktrackID is the record that a BacktrackDBCluster made.
	BacktrackID string `json:"backtrackId,omitempty"`
	RequestID   string `json:"requestId"`
}

// Done says whether the call's work was done, answered or not.
func (c Call) Done() bool { return c.Outcome == OutcomeAccepted || c.Outcome == OutcomeLostReply }

// Calls returns the log, oldest call first. It is not kept over a restart.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.calls...)
}

// ClearCalls empties the log.
func (s *Server) ClearCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

func (s *Server) record(c Call) {
	if len(s.calls) >= maxCalls {
		s.calls = append(s.calls[:0], s.calls[maxCalls/10:]...)
	}
	s.calls = append(s.calls, c)
	s.log.Info("call", "operation", c.Operation, "outcome", c.Outcome, "cluster", c.Parameters["DBClusterIdentifier"])
}

// logged is what the log may keep of a call's parameters.
func logged(values url.Values) map[string]string {
	kept := map[string]string{}
	for name, value := range values {
		switch {
		case name == "Action" || name == "Version" || len(value) == 0:
		case strings.Contains(name, "Password"), strings.HasPrefix(name, "X-Amz-"):
			kept[name] = "(hidden)"
		default:
			kept[name] = value[0]
		}
	}
	return kept
}
