package rds

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// Error is a call to RDS or STS that did not succeed.
type Error struct {
	Operation string // such as BacktrackDBCluster
	Reason    string // a reason of the API: DBClusterNotFound, AccessDenied, …
	Code      string // RDS's error code; empty when there was no readable answer
	Message   string // one clean line
	// Refused means that the call certainly had no effect: RDS answered that it does not do it, or the call was
	// never sent. Otherwise it may have been accepted.
	Refused bool
	// Passing means that the refusal is about a state or a rate that passes; asking again later may succeed.
	Passing bool
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%s: %s", e.Operation, e.Message)
	}
	return fmt.Sprintf("%s: %s: %s", e.Operation, e.Code, e.Message)
}

// ReasonOf gives the reason of the API for an error of this package, RDSUnreachable for any other.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return v1alpha1.ReasonRDSUnreachable
}

// IsReason reports whether the error carries the reason.
func IsReason(err error, reason string) bool { return err != nil && ReasonOf(err) == reason }

// IsNotFound reports whether RDS answered that there is no such cluster. A list of RDS can lag; whoever ends something on it
// waits until it has lasted (Observation.ErrSince).
func IsNotFound(err error) bool { return IsReason(err, v1alpha1.ReasonDBClusterNotFound) }

// IsReplaced reports whether the error is that of Cluster.CheckIdentity: another cluster has the identifier now. A
// DbClusterResourceId is never reused, so this does not pass.
func IsReplaced(err error) bool { return IsReason(err, v1alpha1.ReasonClusterReplaced) }

// IsAccessLost reports whether RDS cannot be asked about the cluster until somebody changes something in IAM or in the
// AuroraCluster. Right after a start, or while a role is being changed, it may pass all the same.
func IsAccessLost(err error) bool {
	return IsReason(err, v1alpha1.ReasonAccessDenied) || IsReason(err, v1alpha1.ReasonCredentialsInvalid)
}

// noTurnError means that a request was not sent, because its context ended before the budget had a turn for it.
type noTurnError struct{ cause error }

func (e *noTurnError) Error() string { return e.cause.Error() }
func (e *noTurnError) Unwrap() error { return e.cause }

// isThrottle reports whether RDS itself refused because of the rate; STS, or our own budget, are not meant.
func isThrottle(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == v1alpha1.ReasonThrottled && e.Code != ""
}

type errorClass struct {
	reason  string
	passing bool
}

// codes are the error codes that mean something in particular. RDS's model has two errors for backtracking;
// everything else arrives as a generic error with one of these codes.
var codes = map[string]errorClass{
	"DBClusterNotFoundFault":      {v1alpha1.ReasonDBClusterNotFound, false},
	"InvalidDBClusterStateFault":  {v1alpha1.ReasonClusterNotAvailable, true},
	"AccessDenied":                {v1alpha1.ReasonAccessDenied, false},
	"AccessDeniedException":       {v1alpha1.ReasonAccessDenied, false},
	"UnauthorizedOperation":       {v1alpha1.ReasonAccessDenied, false},
	"OptInRequired":               {v1alpha1.ReasonAccessDenied, false},
	"InvalidClientTokenId":        {v1alpha1.ReasonCredentialsInvalid, false},
	"UnrecognizedClientException": {v1alpha1.ReasonCredentialsInvalid, false},
	"SignatureDoesNotMatch":       {v1alpha1.ReasonCredentialsInvalid, false},
	"MissingAuthenticationToken":  {v1alpha1.ReasonCredentialsInvalid, false},
	"IncompleteSignature":         {v1alpha1.ReasonCredentialsInvalid, false},
	"ExpiredToken":                {v1alpha1.ReasonCredentialsInvalid, true},
	"ExpiredTokenException":       {v1alpha1.ReasonCredentialsInvalid, true},
	"RequestExpired":              {v1alpha1.ReasonCredentialsInvalid, true},
	"Throttling":                  {v1alpha1.ReasonThrottled, true},
	"ThrottlingException":         {v1alpha1.ReasonThrottled, true},
	"RequestLimitExceeded":        {v1alpha1.ReasonThrottled, true},
	"TooManyRequestsException":    {v1alpha1.ReasonThrottled, true},
	"RequestThrottled":            {v1alpha1.ReasonThrottled, true},
	"RequestThrottledException":   {v1alpha1.ReasonThrottled, true},
	"InvalidParameterCombination": {v1alpha1.ReasonRejected, false},
	"InvalidParameterValue":       {v1alpha1.ReasonRejected, false},
	"ValidationError":             {v1alpha1.ReasonRejected, false},
}

// classify turns what the SDK returned into an Error. A call is refused when RDS answered with a readable
// error below 500 (408, a time-out of something in between, is none), or when it was never sent. Anything
// else — no answer, half an answer, a 5xx — may have been accepted.
func classify(operation string, err error) error {
	if err == nil {
		return nil
	}
	out := &Error{Operation: operation, Reason: v1alpha1.ReasonRDSUnreachable, Message: Clean(rootMessage(err))}
	var noTurn *noTurnError
	if errors.As(err, &noTurn) {
		out.Refused, out.Passing, out.Reason = true, true, v1alpha1.ReasonThrottled
		out.Message = Clean("no turn under the operator's own rate of requests within the call's time: " + noTurn.Error())
		return out
	}
	if neverSent(err) {
		out.Refused, out.Passing = true, true
		var signing *v4.SigningError
		if errors.As(err, &signing) || strings.Contains(err.Error(), "credentials") {
			out.Reason, out.Message = noCredentials(err)
		}
		return out
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "" || api.ErrorCode() == "UnknownError" {
		return out
	}
	out.Code, out.Message = Clean(api.ErrorCode()), Clean(api.ErrorMessage())
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	out.Refused = status >= 400 && status < 500 && status != http.StatusRequestTimeout
	known, found := codes[out.Code]
	switch {
	case found:
		out.Reason, out.Passing = known.reason, known.passing
	case out.Refused:
		out.Reason = v1alpha1.ReasonRejected
	}
	return out
}

// noCredentials says why there are no credentials: STS refused the role, STS was not reached, or nothing provides any.
func noCredentials(err error) (reason, message string) {
	var refusal smithy.APIError
	var unsent *smithyhttp.RequestSendError
	switch {
	case errors.As(err, &refusal):
		reason = v1alpha1.ReasonCredentialsInvalid
		if known := codes[refusal.ErrorCode()]; known.passing {
			reason = known.reason
		}
		return reason, Clean("can't assume the role: " + refusal.ErrorCode() + ": " + refusal.ErrorMessage())
	case errors.As(err, &unsent):
		return v1alpha1.ReasonRDSUnreachable, Clean("can't assume the role: " + rootMessage(err))
	}
	return v1alpha1.ReasonCredentialsInvalid, Clean("no AWS credentials: " + strings.TrimPrefix(rootMessage(err), "get identity: get credentials: "))
}

// neverSent reports whether no byte of the request can have reached RDS: there was nothing to sign it with, or no
// connection was made.
func neverSent(err error) bool {
	var signing *v4.SigningError
	if errors.As(err, &signing) {
		return true
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return true
	}
	message := err.Error()
	return strings.Contains(message, "failed to refresh cached credentials") || strings.Contains(message, "get identity: get credentials")
}

// rootMessage drops the SDK's own wrapping, which repeats service and operation.
func rootMessage(err error) string {
	var unsent *smithyhttp.RequestSendError
	if errors.As(err, &unsent) && unsent.Err != nil {
		return "no answer: " + unsent.Err.Error()
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) && operation.Err != nil {
		return operation.Err.Error()
	}
	return err.Error()
}

// remedies say what to do about the errors that do not pass by themselves.
var remedies = map[string]string{
	v1alpha1.ReasonDBClusterNotFound:  "check spec.dbClusterIdentifier, spec.region and, for another account, spec.roleARN of the AuroraCluster",
	v1alpha1.ReasonAccessDenied:       "give the operator's IAM role rds:DescribeDBClusters, rds:DescribeDBClusterBacktracks and rds:BacktrackDBCluster on this cluster (docs/aws.md)",
	v1alpha1.ReasonCredentialsInvalid: "check the operator's AWS credentials, such as the role of its service account, and the AuroraCluster's spec.roleARN and spec.externalID (docs/aws.md)",
}

// Explain gives the error's text and, where the error does not pass by itself (lasting), what to do about it.
func Explain(err error) (text string, lasting bool) {
	remedy, lasting := remedies[ReasonOf(err)]
	if !lasting {
		return err.Error(), false
	}
	return strings.TrimSuffix(err.Error(), ".") + ": " + remedy, true
}

// isLasting reports whether the error does not pass by itself.
func isLasting(err error) bool {
	_, lasting := remedies[ReasonOf(err)]
	return lasting
}

const (
	// maxMessageBytes is how much of a foreign message is kept.
	maxMessageBytes = 512
	// maxLineBytes is how much is kept of a line that was put together from several.
	maxLineBytes = 4096
)

// Clean makes one clean line of a foreign text, of at most 512 bytes.
func Clean(text string) string { return line.Clean(text, maxMessageBytes) }

// CleanLine is Clean for a whole message, of which foreign texts may be a part: at most 4096 bytes.
func CleanLine(text string) string { return line.Clean(text, maxLineBytes) }
