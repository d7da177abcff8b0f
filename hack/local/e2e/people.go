package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// peopleScene is what else people and machines do with the operator: a rewind that must be approved and does not stay
// for long when it has finished, and a scrape of the metrics.
func (t *test) peopleScene(ctx context.Context) error {
	if err := t.approve(ctx); err != nil {
		return err
	}
	return t.scrape(ctx)
}

func (t *test) approve(ctx context.Context) error {
	spec := "  allowedNamespaces: {names: [NAME]}\n  policy: {approval: Required}\n"
	e, err := t.settle(ctx, "approved", spec, workload("Deployment", "web", "replicas: 1"), 1)
	if err != nil {
		return err
	}
	if err := stage.Pass(ctx, time.Second); err != nil { // the history has begun by then
		return err
	}
	rewind := stage.Rewind{Namespace: e.name, Name: "rewind", Cluster: e.name, To: time.Now(), More: []string{"suspend: true", "ttlSecondsAfterFinished: 1"}}
	if err := t.kube.Apply(ctx, rewind.Manifest()); err != nil {
		return err
	}
	err = stage.Until(ctx, "the plan is shown", func() (bool, error) {
		object, err := t.kube.Backtrack(ctx, e.name, rewind.Name)
		return err == nil && object.Status.Plan != nil && stage.Condition(object, v1alpha1.ConditionAdmitted).Reason == v1alpha1.ReasonSuspended, err
	})
	if err != nil {
		return err
	}
	if err := e.kubectl(ctx, "patch", "aurorabacktrack", rewind.Name, "--type=merge", approval); err != nil {
		return err
	}
	finished := false
	err = stage.Until(ctx, "the rewind has finished, and its object is gone", func() (bool, error) {
		object, err := t.kube.Backtrack(ctx, e.name, rewind.Name)
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		finished = finished || err == nil && stage.Is(object, v1alpha1.ConditionSucceeded)
		return false, err
	})
	if err != nil {
		return err
	}
	if !finished {
		return fmt.Errorf("the object went before it had succeeded")
	}
	t.Tell("✓ a rewind waits, suspended, for its approval, runs, and is deleted after its time to live")
	return e.asBefore(ctx)
}

// scrape reads the metrics of all managers as Prometheus does, and is refused without a token.
func (t *test) scrape(ctx context.Context) error {
	if err := t.kube.Apply(ctx, scraper); err != nil {
		return err
	}
	token, err := t.kube.Kubectl(ctx, "create", "token", "scraper", "--namespace=default")
	if err != nil {
		return err
	}
	managers, err := t.managers(ctx)
	if err != nil {
		return err
	}
	for _, pod := range managers {
		url := "https://" + net.JoinHostPort(pod.Status.PodIP, "8443") + "/metrics"
		for given, want := range map[string]int{"": http.StatusUnauthorized, strings.TrimSpace(token): http.StatusOK} {
			code, body, err := get(ctx, url, given)
			if err != nil {
				return err
			}
			if code != want || strings.Contains(body, "aurora_backtrack_") != (want == http.StatusOK) {
				return fmt.Errorf("%s, with a token: %t: got %d and %.200q, want %d", url, given != "", code, body, want)
			}
		}
	}
	t.Tell("✓ the metrics of %d managers are read with a token, and not without", len(managers))
	return nil
}

func get(ctx context.Context, url, token string) (code int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	anybody := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the certificate is the manager's own, on the loopback address
		DisableKeepAlives: true,
	}}
	response, err := anybody.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// approval is how an approver, here the administrator, agrees.
const approval = `--patch={"metadata":{"annotations":{"aurora-backtrack.io/approved-by":"local-admin"}},"spec":{"suspend":false}}`

const scraper = `apiVersion: v1
kind: ServiceAccount
metadata: {name: scraper, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-scraper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: aurora-backtrack-metrics-reader}
subjects: [{kind: ServiceAccount, name: scraper, namespace: default}]
`
