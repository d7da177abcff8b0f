package rds

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/utils/clock"
)

// skewMeter is an HTTP client that measures RDS's clock against ours by the Date header of every answer.
type skewMeter struct {
	next  aws.HTTPClient
	clock clock.PassiveClock
	skew  *atomic.Int64 // nanoseconds
}

// Do implements aws.HTTPClient.
func (m *skewMeter) Do(request *http.Request) (*http.Response, error) {
	next := m.next
	if next == nil {
		next = http.DefaultClient
	}
	if err := bufferBody(request); err != nil {
		return nil, err
	}
	response, err := next.Do(request)
	if err != nil {
		return response, err //nolint:wrapcheck // the SDK decides by the error's own type
	}
	if date, parseErr := http.ParseTime(response.Header.Get("Date")); parseErr == nil {
		m.skew.Store(int64(date.Sub(m.clock.Now()).Truncate(time.Second)))
	}
	return response, nil
}

// bufferBody gives the request a body of its own. The SDK closes its body as soon as the head of an answer is there. If the
// transport has not read it to its end by then, it reports a broken request and drops the answer, and a backtrack whose
// answer is dropped is followed by minutes of searching for its record.
func bufferBody(request *http.Request) error {
	if request.Body == nil {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return fmt.Errorf("reading the request's body: %w", err)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
