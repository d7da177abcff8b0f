package harness

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// Moment is one point at which a process may be stopped or a call may fail.
type Moment struct {
	// What is "get AuroraCluster", "patch AuroraBacktrack", "patch status AuroraCluster", "BacktrackDBCluster", …
	What string
	// After tells that the work has been done and its answer is on the way.
	After bool
	// N counts the moments of the process, from 1.
	N int
}

// Reads reports whether the moment comes before a read, from the API server itself. After it there is none: what was
// read changes nothing.
func (m Moment) Reads() bool {
	return strings.HasPrefix(m.What, "get ") || strings.HasPrefix(m.What, "list ")
}

// Hook decides what happens at a moment: nil lets it pass; errDead ends the process there; any other error is
// what the caller gets instead of the call (before) or of its answer (after).
type Hook func(Moment) error

// ErrKilled stands for the end of a process.
var ErrKilled = errors.New("the process is dead")

// ErrServerError is what a hook returns for an answer 500 of RDS, in place of the work or after it.
var ErrServerError = errors.New("RDS answers with 500")

// Connection is all that connects one process with the API server and RDS.
type Connection struct {
	Hook Hook
	// now tells the time that goes on while a hook holds a call up: a call whose time is over is not sent.
	now func() time.Time
	// called is told of every call that RDS has answered, or done without an answer.
	called func(action string)
	turn   sync.Mutex // one hook at a time
	n      int
	mu     sync.Mutex // guards dead
	dead   bool
}

func (l *Connection) at(what string, after bool) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	if !l.Alive() {
		return ErrKilled
	}
	l.n++
	if l.Hook == nil {
		return nil
	}
	err := l.Hook(Moment{What: what, After: after, N: l.n})
	if errors.Is(err, ErrKilled) {
		l.Kill()
	}
	return err
}

// around lets the call happen between its two moments.
func (l *Connection) around(what string, call func() error) error {
	if err := l.at(what, false); err != nil {
		return err
	}
	err := call()
	if after := l.at(what, true); after != nil {
		return after
	}
	return err
}

// Kill ends the process from outside.
func (l *Connection) Kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// Alive reports whether the process still reaches anything.
func (l *Connection) Alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.dead
}

func (l *Connection) client(api client.WithWatch) client.Client {
	kind := func(o runtime.Object) string {
		gvk, err := api.GroupVersionKindFor(o)
		if err != nil {
			return "unknown"
		}
		return gvk.Kind
	}
	return interceptor.NewClient(api, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := l.at("get "+kind(o), false); err != nil {
				return err
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if err := l.at("list "+kind(list), false); err != nil {
				return err
			}
			return c.List(ctx, list, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return l.around("create "+kind(o), func() error { return c.Create(ctx, o, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return l.around("delete "+kind(o), func() error { return c.Delete(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			return l.around("update "+kind(o), func() error { return c.Update(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return l.around("patch "+kind(o), func() error { return c.Patch(ctx, o, patch, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			return l.around("patch "+sub+" "+kind(o), func() error { return c.SubResource(sub).Patch(ctx, o, patch, opts...) })
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			return l.around("update "+sub+" "+kind(o), func() error { return c.SubResource(sub).Update(ctx, o, opts...) })
		},
		SubResourceCreate: func(ctx context.Context, c client.Client, sub string, o client.Object, s client.Object, opts ...client.SubResourceCreateOption) error {
			return l.around("create "+sub+" "+kind(o), func() error { return c.SubResource(sub).Create(ctx, o, s, opts...) })
		},
	})
}

// http puts the wire between the SDK and RDS.
func (l *Connection) http(next *http.Client) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		var response *http.Response
		begun, left := l.now(), time.Hour
		if deadline, bounded := r.Context().Deadline(); bounded {
			left = time.Until(deadline)
		}
		err = l.around(form.Get("Action"), func() error {
			if l.now().Sub(begun) >= left {
				return context.DeadlineExceeded
			}
			var err error
			response, err = next.Transport.RoundTrip(r)
			if l.called != nil {
				l.called(form.Get("Action"))
			}
			return err
		})
		if errors.Is(err, ErrServerError) {
			return serverError(r), nil
		}
		if err != nil {
			return nil, err
		}
		return response, nil
	})}
}

// serverError is what RDS says when it does not know itself what happened.
func serverError(r *http.Request) *http.Response {
	const body = "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>An internal error occurred.</Message></Error></ErrorResponse>"
	return &http.Response{
		StatusCode: http.StatusInternalServerError, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
