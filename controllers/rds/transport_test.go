package rds

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/utils/clock"
)

// TestBodyOutlivesTheSDK: what the transport still reads of a request is there when the SDK has closed its own body, which
// it does as soon as the head of an answer has come.
func TestBodyOutlivesTheSDK(t *testing.T) {
	body := &closable{Reader: strings.NewReader("Action=BacktrackDBCluster")}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://rds.local/", body)
	if err != nil {
		t.Fatal(err)
	}
	var sent *http.Request
	m := &skewMeter{clock: clock.RealClock{}, skew: new(atomic.Int64), next: doer(func(r *http.Request) (*http.Response, error) {
		sent = r
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
	})}
	response, err := m.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	_ = body.Close()
	if late, err := io.ReadAll(sent.Body); err != nil || string(late) != "Action=BacktrackDBCluster" {
		t.Errorf("read %q, %v", late, err)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }

// closable is at its end once it is closed, as the SDK's bodies are.
type closable struct {
	io.Reader

	closed bool
}

func (c *closable) Read(p []byte) (int, error) {
	if c.closed {
		return 0, io.EOF
	}
	return c.Reader.Read(p)
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}
