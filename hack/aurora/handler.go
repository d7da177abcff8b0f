package aurora

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request, far above any real call.
const maxBody = 1 << 20

// call is one request, read and recognised.
type call struct {
	params
	ctx    context.Context
	now    time.Time
	caller caller
	log    *Call
}

// The two ways in which a fault drops a connection, as errors of handle.
var (
	errConnectionReset = errors.New("injected: the connection was reset before the work")
	errLostReply       = errors.New("injected: the work was done and the reply lost")
)

// ServeHTTP answers AWS Query calls, and what is below /_local/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, localPrefix) {
		s.serveLocal(w, r)
		return
	}
	requestID := newRequestID()
	answer, err := s.handle(r, requestID)
	if err != nil {
		drop(w, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", answer.contentType)
	header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	header.Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // the caller may be gone; that is its own affair
}

func newRequestID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return uuidOf(id)
}

// drop ends the connection without an answer. In memory the response writer
// takes the error; on a socket the connection is reset.
func drop(w http.ResponseWriter, err error) {
	if memory, ok := w.(*memoryResponse); ok {
		memory.dropped = err
		return
	}
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, hijackErr := hijacker.Hijack(); hijackErr == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // so that Close sends a reset
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// handle does one call. Its error means that no answer is to be given.
func (s *Server) handle(r *http.Request, requestID string) (reply, error) {
	body, values, err := readForm(r)
	action := values.Get("Action")
	service, do, unknown := findOperation(values)
	service.json = strings.HasPrefix(r.Header.Get("X-Amz-Target"), jsonTarget)
	if err == nil {
		err = unknown
	}

	injected := s.takeFault(action)
	if injected.Error == FaultDelay {
		s.opts.Wait(time.Duration(injected.DelayMs) * time.Millisecond)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	now := milliseconds(s.opts.Now())
	entry := Call{Time: now, Operation: action, Parameters: logged(values), RequestID: requestID, Fault: injected.Error}
	defer func() { s.record(entry) }()

	if injected.Error == FaultConnectionReset {
		entry.Outcome = OutcomeConnectionReset
		return reply{}, errConnectionReset
	}
	// The client may be gone by now. As with AWS, that stops nothing.
	ctx := context.WithoutCancel(r.Context())
	s.tick(ctx, now)
	var result any
	if err == nil {
		c := &call{params: params{values}, ctx: ctx, now: now, log: &entry}
		result, err = s.perform(r, body, c, service, do, injected.Error)
	}
	s.save()

	answer, err := s.answer(service, action, requestID, result, err, &entry)
	if err == nil && injected.Error == FaultLostReply {
		if entry.Outcome == OutcomeAccepted {
			entry.Outcome = OutcomeLostReply
		}
		return reply{}, errLostReply
	}
	return answer, err
}

// perform recognises the caller and does the work, unless an injected error
// stands in for it.
func (s *Server) perform(r *http.Request, body []byte, c *call, of service, do operation, injected string) (any, error) {
	caller, err := s.authenticate(r, body, of.name, c.now)
	c.caller, c.log.AccessKeyID, c.log.Session = caller, caller.accessKeyID, caller.sessionARN
	if err != nil {
		return nil, err
	}
	if err := injectedError(injected); err != nil {
		return nil, err
	}
	if err := c.checkParameters(c.log.Operation); err != nil {
		return nil, err
	}
	return do(s, c)
}

func (s *Server) answer(service service, action, requestID string, result any, err error, entry *Call) (reply, error) {
	if err == nil {
		entry.Outcome = OutcomeAccepted
		return success(service, action, requestID, result)
	}
	e := asAPIError(err)
	entry.Outcome, entry.Message = e.code, clean(e.message)
	return failure(service, requestID, e), nil
}

// readForm reads the parameters of a call: in the body, or in the address as
// the Query protocol also allows.
func readForm(r *http.Request) ([]byte, url.Values, error) {
	query := r.URL.Query()
	if r.Body == nil {
		return nil, query, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, query, fail(codeMalformed, "The request could not be read: %v.", err)
	}
	if len(body) > maxBody {
		return nil, query, fail(codeMalformed, "The request is longer than %d bytes.", maxBody)
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), jsonTarget) {
		form, err := jsonForm(r, body)
		return body, form, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return body, query, fail(codeMalformed, "The request is no URL-encoded form: %v.", err)
	}
	for name, values := range query {
		form[name] = append(form[name], values...)
	}
	return body, form, nil
}
