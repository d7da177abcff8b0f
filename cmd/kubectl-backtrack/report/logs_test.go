package report

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// managers lists the operator's Pods.
type managers struct {
	client.Reader
	names []string
}

func (m managers) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	for _, name := range m.names {
		pods := list.(*corev1.PodList)
		pods.Items = append(pods.Items, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return nil
}

// The report has the lines of each manager's log that name the object, without what is secret, and says what it lacks.
func TestLogs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("tailLines") != "50" || !strings.Contains(r.URL.Path, "/namespaces/system/pods/manager-1/log") {
			http.Error(w, "no such log", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, "another object\nrewinding back with password=hunter2\nby its UID u-1\n")
	}))
	defer server.Close()
	logs := Logs{Config: func() (*rest.Config, error) { return &rest.Config{Host: server.URL}, nil }, Namespace: "system", Lines: 50}
	b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Name: "back", UID: "u-1"}}
	var out strings.Builder
	if err := logs.write(t.Context(), managers{names: []string{"manager-1", "manager-2"}}, &out, b); err != nil {
		t.Fatal(err)
	}
	text := Redact(printable(out.String()))
	for _, want := range []string{"manager-1: rewinding back with password=[redacted]", "manager-1: by its UID u-1", "(manager-2: "} {
		if !strings.Contains(text, want) {
			t.Errorf("the logs lack %q:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"another object", "hunter2"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the logs have %q:\n%s", unwanted, text)
		}
	}
	if err := logs.write(t.Context(), managers{}, &out, b); err == nil || !strings.Contains(err.Error(), "set --operator-namespace") {
		t.Errorf("without a Pod of the operator it says %v", err)
	}
}
