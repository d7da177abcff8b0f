package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// TestMetrics asks for the metrics as several users. Only who may get /metrics is given them, over TLS, and never
// over HTTP/2.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	reader := w.metricsReader()
	address := w.metrics()
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"nobody":         {"", http.StatusUnauthorized},
		"a forged token": {reader[:len(reader)-4] + "AAAA", http.StatusInternalServerError}, // controller-runtime's answer to what the API server does not know
		"somebody":       {w.token("somebody"), http.StatusForbidden},
		"who may":        {reader, http.StatusOK},
	} {
		var status, protocol int
		var body string
		w.until(name+" is answered as the role says", func(ctx context.Context) bool { // a new binding takes a moment
			status, protocol, body = w.get(ctx, "https://"+address+"/metrics", test.token)
			return status == test.want
		})
		if protocol != 1 {
			t.Errorf("%s is answered over HTTP/%d", name, protocol)
		}
		if told := strings.Contains(body, "controller_runtime_"); told != (test.want == http.StatusOK) {
			t.Errorf("%s is told the metrics: %v", name, told)
		}
	}
}

// metrics serves them as the manager does without flags, and says where.
func (w *world) metrics() string {
	w.Helper()
	asking, err := rest.HTTPClientFor(apiServer)
	w.must(err)
	server, err := metricsserver.NewServer(parse(nil).manager(scheme).Metrics, apiServer, asking)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Start(ctx) }()
	w.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("serving the metrics: %v", err)
		}
	})
	var address string
	w.until("the metrics are served", func(context.Context) bool {
		address = server.(interface{ GetBindAddr() string }).GetBindAddr()
		return address != ""
	})
	return address
}

// token is one of a new service account.
func (w *world) token(name string) string {
	w.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}}
	w.create(account)
	request := &authenticationv1.TokenRequest{}
	w.must(w.SubResource("token").Create(w.Context(), account, request))
	return request.Status.Token
}

// get asks with a client that would rather speak HTTP/2.
func (w *world) get(ctx context.Context, url, token string) (status, protocol int, body string) {
	w.Helper()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its certificate is its own
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	w.must(err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	w.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.must(err)
	return response.StatusCode, response.ProtoMajor, string(text)
}
