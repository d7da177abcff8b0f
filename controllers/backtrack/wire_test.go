package backtrack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// moment is one point at which a process may be stopped or a call may fail.
type moment struct {
	// What is "patch AuroraBacktrack", "patch status AuroraCluster", "BacktrackDBCluster", …
	What string
	// After tells that the work has been done and its answer is on the way.
	After bool
	// N counts the moments of the process, from 1.
	N int
}

// hook decides what happens at a moment: nil lets it pass; errDead ends the process there; any other error is
// what the caller gets instead of the call (before) or of its answer (after).
type hook func(moment) error

// errDead stands for the end of a process.
var errDead = errors.New("the process is dead")

// wire is all that connects one process with the API server and RDS.
type wire struct {
	hook hook
	mu   sync.Mutex
	dead bool
	n    int
}

func (l *wire) at(what string, after bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errDead
	}
	l.n++
	if l.hook == nil {
		return nil
	}
	err := l.hook(moment{What: what, After: after, N: l.n})
	l.dead = errors.Is(err, errDead)
	return err
}

// around lets the call happen between its two moments.
func (l *wire) around(what string, call func() error) error {
	if err := l.at(what, false); err != nil {
		return err
	}
	err := call()
	if after := l.at(what, true); after != nil {
		return after
	}
	return err
}

// kill ends the process from outside.
func (l *wire) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

func (l *wire) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.dead
}

func (l *wire) client(api client.WithWatch) client.Client {
	kind := func(o client.Object) string {
		gvk, err := api.GroupVersionKindFor(o)
		if err != nil {
			return "unknown"
		}
		return gvk.Kind
	}
	return interceptor.NewClient(api, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if !l.alive() {
				return errDead
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if !l.alive() {
				return errDead
			}
			return c.List(ctx, list, supported(opts)...)
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

// supported leaves out field selectors on pods, which the in-memory API server can't evaluate. Its pods have
// no terminal phase.
func supported(opts []client.ListOption) []client.ListOption {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	if options.FieldSelector != nil && strings.Contains(options.FieldSelector.String(), "status.phase") {
		options.FieldSelector = nil
	}
	return []client.ListOption{options}
}

// http puts the wire between the SDK and RDS.
func (l *wire) http(next *http.Client) *http.Client {
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
		err = l.around(form.Get("Action"), func() error {
			var err error
			response, err = next.Transport.RoundTrip(r)
			return err
		})
		if err != nil {
			return nil, err
		}
		return response, nil
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
