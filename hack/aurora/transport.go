package aurora

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Client returns an http.Client that talks to the server in memory: no
// socket, no goroutine that outlives its call. Give it to the AWS SDK
// (config.WithHTTPClient) with any http:// endpoint. Faults that drop a
// connection come back as the transport errors they cause on a real one.
func (s *Server) Client() *http.Client { return &http.Client{Transport: memoryTransport{s}} }

type memoryTransport struct{ server *Server }

// RoundTrip lets the server answer. A caller whose context ends first gets the
// context's error; as on a network, the work goes on.
func (t memoryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	incoming := r.Clone(r.Context())
	incoming.RequestURI = r.URL.RequestURI()
	if incoming.Host == "" {
		incoming.Host = r.URL.Host
	}
	if r.Body == nil {
		incoming.Body = http.NoBody
	} else {
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body) // here, as the caller may take it back
		if err != nil {
			return nil, err
		}
		incoming.Body = io.NopCloser(bytes.NewReader(body))
	}
	w := &memoryResponse{header: http.Header{}, status: http.StatusOK}
	if r.Context().Done() == nil {
		t.server.ServeHTTP(w, incoming)
		return w.response(r)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.server.ServeHTTP(w, incoming)
	}()
	select {
	case <-done:
		return w.response(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// memoryResponse is an http.ResponseWriter that keeps the answer.
type memoryResponse struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	dropped error
}

func (w *memoryResponse) Header() http.Header         { return w.header }
func (w *memoryResponse) WriteHeader(status int)      { w.status = status }
func (w *memoryResponse) Write(p []byte) (int, error) { return w.body.Write(p) }

func (w *memoryResponse) response(r *http.Request) (*http.Response, error) {
	if w.dropped != nil {
		return nil, dropError(w.dropped)
	}
	return &http.Response{
		Status:        http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}, nil
}

// dropError is what a client sees of a dropped connection.
func dropError(dropped error) error {
	if errors.Is(dropped, errLostReply) {
		return io.ErrUnexpectedEOF
	}
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}
