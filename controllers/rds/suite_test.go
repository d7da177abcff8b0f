package rds

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/utils/clock"

	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// world is a local Aurora on a real socket, and how it is asked.
type world struct {
	testing.TB
	rds    *local.Server
	socket *httptest.Server
	config aws.Config
}

func newWorld(t testing.TB, options local.Options) *world {
	t.Helper()
	rds, err := local.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, rds: rds, socket: httptest.NewServer(rds)}
	t.Cleanup(w.socket.Close)
	w.config = aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAKEY", "SecretSecret", ""),
		BaseEndpoint: aws.String(w.socket.URL),
		Retryer: func() aws.Retryer { // the SDK's own, and eager
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = 5, time.Millisecond
			})
		},
	}
	return w
}

// answering is an RDS that gives every call the one answer.
func answering(t testing.TB, answer http.HandlerFunc) *world {
	t.Helper()
	w := newWorld(t, local.Options{})
	w.socket.Close()
	w.socket = httptest.NewServer(answer)
	t.Cleanup(w.socket.Close)
	w.config.BaseEndpoint = aws.String(w.socket.URL)
	return w
}

func (w *world) add(identifiers ...string) {
	w.Helper()
	for _, identifier := range identifiers {
		if err := w.rds.AddCluster(local.Cluster{Identifier: identifier, BacktrackWindow: 7200, CreatedAt: time.Now().Add(-time.Hour)}, ""); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) provider(change ...func(*Options)) *Provider {
	o := Options{Config: w.config, Clock: clock.RealClock{}, CallTimeout: 10 * time.Second}
	for _, f := range change {
		f(&o)
	}
	return NewProvider(o)
}

// count is how many calls of the operation arrived.
func (w *world) count(operation string) int {
	n := 0
	for _, call := range w.rds.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}

// counter counts what arrives at a server, and answers.
type counter struct {
	mu     sync.Mutex
	n      int
	answer http.HandlerFunc
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	c.answer(w, r)
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// deny lets IAM refuse the calls whose parameters fit.
func (w *world) deny(fits func(parameters map[string]string) bool) {
	w.socket.Close()
	w.socket = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if fits(w.parameters(r)) {
			says(http.StatusForbidden, "AccessDenied", "not on *")(rw, r)
			return
		}
		w.rds.ServeHTTP(rw, r)
	}))
	w.Cleanup(w.socket.Close)
	w.config.BaseEndpoint = aws.String(w.socket.URL)
}

// parameters reads the form of a call and leaves it in place.
func (w *world) parameters(r *http.Request) map[string]string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		w.Error(err)
	}
	parameters := map[string]string{}
	for name := range form {
		parameters[name] = form.Get(name)
	}
	return parameters
}

// interceptor answers some calls of a world without a socket in place of RDS. It can be changed at any time.
type interceptor struct {
	world *world
	next  aws.HTTPClient
	mu    sync.Mutex
	// answer gives the HTTP status and the error code of a call; 0 leaves it to RDS.
	answer func(parameters map[string]string) (status int, code string)
}

func (i *interceptor) Do(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	answer := i.answer
	i.mu.Unlock()
	if answer != nil {
		if status, code := answer(i.world.parameters(r)); status != 0 {
			recorder := httptest.NewRecorder()
			says(status, code, "no")(recorder, r)
			return recorder.Result(), nil
		}
	}
	return i.next.Do(r)
}

// intercept is for a world without a socket, before its first provider.
func (w *world) intercept(answer func(parameters map[string]string) (int, string)) *interceptor {
	i := &interceptor{world: w, next: w.config.HTTPClient, answer: answer}
	w.config.HTTPClient = i
	return i
}

func (i *interceptor) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = nil
}
