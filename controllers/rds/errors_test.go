package rds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// says answers with RDS's form of an error.
func says(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, message)
	}
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// TestBacktrackOnce has every way in which the call can go wrong: it arrives once, whatever the SDK would
// like to retry, and the error says whether it can have had an effect.
func TestBacktrackOnce(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc

		wantReason  string
		wantRefused bool
		wantPassing bool
		wantMessage string // contained
	}{
		"not found":          {says(404, "DBClusterNotFoundFault", "DBCluster x not found."), v1alpha1.ReasonDBClusterNotFound, true, false, "BacktrackDBCluster: DBClusterNotFoundFault: DBCluster x not found."},
		"wrong state":        {says(400, "InvalidDBClusterStateFault", "busy"), v1alpha1.ReasonClusterNotAvailable, true, true, "busy"},
		"bad parameter":      {says(400, "InvalidParameterValue", "bad"), v1alpha1.ReasonRejected, true, false, "bad"},
		"bad combination":    {says(400, "InvalidParameterCombination", "binlog"), v1alpha1.ReasonRejected, true, false, "binlog"},
		"validation":         {says(400, "ValidationError", "form"), v1alpha1.ReasonRejected, true, false, "form"},
		"an unknown code":    {says(400, "SomethingNew", "new"), v1alpha1.ReasonRejected, true, false, "new"},
		"denied":             {says(403, "AccessDenied", "no"), v1alpha1.ReasonAccessDenied, true, false, "no"},
		"denied otherwise":   {says(403, "AccessDeniedException", "no"), v1alpha1.ReasonAccessDenied, true, false, "no"},
		"wrong key":          {says(403, "InvalidClientTokenId", "key"), v1alpha1.ReasonCredentialsInvalid, true, false, "key"},
		"wrong secret":       {says(403, "SignatureDoesNotMatch", "signature"), v1alpha1.ReasonCredentialsInvalid, true, false, "signature"},
		"expired":            {says(403, "ExpiredToken", "old"), v1alpha1.ReasonCredentialsInvalid, true, true, "old"},
		"a clock gone wrong": {says(403, "RequestExpired", "old"), v1alpha1.ReasonCredentialsInvalid, true, true, "old"},
		"throttled":          {says(400, "Throttling", "slow"), v1alpha1.ReasonThrottled, true, true, "slow"},
		"throttled with 429": {says(429, "TooManyRequestsException", "slow"), v1alpha1.ReasonThrottled, true, true, "slow"},
		"throttled with 503": {says(503, "Throttling", "slow"), v1alpha1.ReasonThrottled, false, true, "slow"},
		"408":                {says(408, "RequestTimeout", "late"), v1alpha1.ReasonRDSUnreachable, false, false, "late"},
		"500":                {says(500, "InternalFailure", "oops"), v1alpha1.ReasonRDSUnreachable, false, false, "oops"},
		"503":                {says(503, "ServiceUnavailable", "later"), v1alpha1.ReasonRDSUnreachable, false, false, "later"},
		"a proxy's page": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			fmt.Fprint(w, "<html>Bad Gateway</html>")
		}, v1alpha1.ReasonRDSUnreachable, false, false, ""},
		"a login page":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); fmt.Fprint(w, "<html>log in") }, v1alpha1.ReasonRDSUnreachable, false, false, ""},
		"nonsense with 200": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<Backtrack") }, v1alpha1.ReasonRDSUnreachable, false, false, ""},
		"a reset":           {reset, v1alpha1.ReasonRDSUnreachable, false, false, "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counter{answer: test.answer}
			w := answering(t, c.ServeHTTP)
			_, err := w.provider().Backtrack(context.Background(), Target{Identifier: "x"}, Request{To: time.Now()})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("the error is %v", err)
			}
			if e.Reason != test.wantReason || e.Refused != test.wantRefused || e.Passing != test.wantPassing || !strings.Contains(err.Error(), test.wantMessage) {
				t.Errorf("got %+v", e)
			}
			if c.count() != 1 {
				t.Errorf("the call arrived %d times", c.count())
			}
		})
	}
}

// TestRetriesStayOff asks under configurations that would retry.
func TestRetriesStayOff(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*aws.Config){
		"many attempts": func(c *aws.Config) { c.RetryMaxAttempts = 10 },
		"adaptive":      func(c *aws.Config) { c.RetryMode = aws.RetryModeAdaptive; c.Retryer = nil },
	} {
		for _, fault := range []string{local.FaultInternalFailure, local.FaultConnectionReset, local.FaultLostReply, local.FaultThrottling} {
			w := newWorld(t, local.Options{})
			w.add("x")
			change(&w.config)
			w.rds.FailNext("BacktrackDBCluster", fault, 0)
			if _, err := w.provider().Backtrack(t.Context(), Target{Identifier: "x"}, Request{To: time.Now().Add(-time.Minute)}); err == nil {
				t.Errorf("%s, %s: no error", name, fault)
			}
			if n := w.count("BacktrackDBCluster"); n != 1 {
				t.Errorf("%s, %s: the call arrived %d times", name, fault, n)
			}
		}
	}
}

// TestNeverSent has calls that cannot have left: they are refused, and worth another try.
func TestNeverSent(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/r"
	own, assumed := Target{Identifier: "x"}, Target{Identifier: "x", RoleARN: role, ExternalID: "wrong", Session: "game"}
	for name, test := range map[string]struct {
		change func(*world)
		target Target

		wantReason  string
		wantMessage string // contained
	}{
		"no credentials": {
			func(w *world) {
				w.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{}, errors.New("no EC2 IMDS role found")
				})
			}, own, v1alpha1.ReasonCredentialsInvalid, "BacktrackDBCluster: no AWS credentials: no EC2 IMDS role found",
		},
		"a role that is refused": {
			func(*world) {}, assumed, v1alpha1.ReasonCredentialsInvalid,
			"BacktrackDBCluster: can't assume the role: AccessDenied: User: arn:aws:iam::123456789012:user/local is not authorized to perform: sts:AssumeRole on resource: " + role,
		},
		"a role, and STS asks to slow down": {
			func(w *world) { w.rds.FailNext("AssumeRole", local.FaultThrottling, 0) }, assumed, v1alpha1.ReasonThrottled,
			"BacktrackDBCluster: can't assume the role: ThrottlingException: Rate exceeded",
		},
		"a role, and STS does not answer": {
			func(w *world) { w.rds.FailNext("AssumeRole", local.FaultConnectionReset, 0) }, assumed, v1alpha1.ReasonRDSUnreachable,
			"BacktrackDBCluster: can't assume the role: no answer: ",
		},
		"nobody listens": {func(w *world) { w.socket.Close() }, own, v1alpha1.ReasonRDSUnreachable, "BacktrackDBCluster: no answer: "},
		"no such host": {
			func(w *world) { w.config.BaseEndpoint = aws.String("http://rds.invalid") }, own, v1alpha1.ReasonRDSUnreachable,
			`BacktrackDBCluster: no answer: Post "http://rds.invalid/": dial tcp: lookup rds.invalid`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, local.Options{Roles: map[string]string{role: "right"}})
			w.add("x")
			test.change(w)
			_, err := w.provider().Backtrack(t.Context(), test.target, Request{To: time.Now().Add(-time.Minute)})
			var e *Error
			if !errors.As(err, &e) || !e.Refused || !e.Passing || e.Reason != test.wantReason || !strings.Contains(err.Error(), test.wantMessage) {
				t.Errorf("got %+v", err)
			}
			if n := w.count("BacktrackDBCluster"); n != 0 {
				t.Errorf("the call arrived %d times", n)
			}
		})
	}
}

// TestTimeout has a call that RDS takes too long for: it may have been accepted.
func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	w := answering(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	p := w.provider(func(o *Options) { o.CallTimeout = 50 * time.Millisecond })
	_, err := p.Backtrack(t.Context(), Target{Identifier: "x"}, Request{To: time.Now()})
	var e *Error
	if !errors.As(err, &e) || e.Refused || e.Reason != v1alpha1.ReasonRDSUnreachable {
		t.Errorf("got %+v", err)
	}
}

// TestClean: a message of RDS keeps 512 bytes, a line of the status 4096.
func TestClean(t *testing.T) {
	foreign := strings.Repeat("x\u202e\n", 100_000)
	for name, test := range map[string]struct {
		clean func(string) string
		want  int
	}{"message": {Clean, maxMessageBytes}, "line": {CleanLine, maxLineBytes}} {
		if got := test.clean(foreign); len(got) != test.want || strings.ContainsAny(got, "\u202e\n") {
			t.Errorf("a %s has %d bytes: %.20q", name, len(got), got)
		}
	}
}

// TestForeignMessages has RDS say too much: what comes out is one clean line.
func TestForeignMessages(t *testing.T) {
	t.Parallel()
	w := answering(t, says(400, "Odd\u202e", strings.Repeat("line&#10;", 20_000)))
	_, err := w.provider().Backtrack(t.Context(), Target{Identifier: "x"}, Request{To: time.Now()})
	if err == nil || strings.ContainsAny(err.Error(), "\n\u202e") || len(err.Error()) > 600 {
		t.Errorf("got %d bytes: %.100q", len(err.Error()), err)
	}
}

// TestNoSecrets asks with a wrong secret, and with a role: nothing secret is in any error.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{AccessKeys: map[string]string{"AKIAKEY": "another"}, Roles: map[string]string{"arn:aws:iam::123456789012:role/r": "right"}})
	for name, target := range map[string]Target{
		"a wrong secret": {Identifier: "x"},
		"a role":         {Identifier: "x", RoleARN: "arn:aws:iam::123456789012:role/r", ExternalID: "wrong-external-id", Session: "game"},
	} {
		_, err := w.provider().Describe(t.Context(), target)
		if !IsReason(err, v1alpha1.ReasonCredentialsInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
		for _, secret := range []string{"SecretSecret", "wrong-external-id", "Signature=", "Authorization"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has %q in it: %v", name, secret, err)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	text, lasting := Explain(&Error{Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonCredentialsInvalid, Code: "InvalidClientTokenId", Message: "The token is invalid."})
	if want := "DescribeDBClusters: InvalidClientTokenId: The token is invalid: check the operator's AWS credentials, such as the role of its service account, and the AuroraCluster's spec.roleARN and spec.externalID (docs/aws.md)"; text != want || !lasting {
		t.Errorf("got %q, %v", text, lasting)
	}
	text, lasting = Explain(&Error{Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonThrottled, Code: "Throttling", Message: "Rate exceeded."})
	if text != "DescribeDBClusters: Throttling: Rate exceeded." || lasting {
		t.Errorf("got %q, %v", text, lasting)
	}
}
