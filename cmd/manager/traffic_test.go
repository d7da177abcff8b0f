package main

import (
	"net/http"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// traffic counts the requests to the API server by method and path.
type traffic struct {
	mu   sync.Mutex
	seen map[string]int
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// counted is a copy of the configuration whose requests are counted.
func (w *world) counted(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			w.traffic.mu.Lock()
			if w.traffic.seen == nil {
				w.traffic.seen = map[string]int{}
			}
			w.traffic.seen[r.Method+" "+r.URL.Path]++
			w.traffic.mu.Unlock()
			return next.RoundTrip(r)
		})
	})
	return config
}

// requests counts those with the method whose path has all the parts.
func (w *world) requests(method string, parts ...string) int {
	w.traffic.mu.Lock()
	defer w.traffic.mu.Unlock()
	n := 0
next:
	for request, times := range w.traffic.seen {
		for _, part := range append(parts, method+" ") {
			if !strings.Contains(request, part) {
				continue next
			}
		}
		n += times
	}
	return n
}
