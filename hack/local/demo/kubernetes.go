package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

// kubernetes is the cluster as the demo looks at it. What it changes goes through kubectl, as a person's would.
type kubernetes struct {
	cloud *cloud.Cloud
	api   client.Client
}

func newKubernetes(c *cloud.Cloud) (*kubernetes, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", c.Kubeconfig(), err)
	}
	config.QPS = -1
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reaching the API server: %w", err)
	}
	return &kubernetes{cloud: c, api: api}, nil
}

func (k *kubernetes) apply(ctx context.Context, manifest string) error {
	_, err := k.cloud.Kubectl(ctx, strings.NewReader(manifest), "apply", "-f", "-")
	return err
}

// deploy makes the namespace, the AuroraCluster and the application.
func (k *kubernetes) deploy(ctx context.Context, where endpoint) error {
	return k.apply(ctx, fmt.Sprintf(application, where.host, where.port, where.db, where.user, where.password))
}

// remove takes away what an earlier demo left. The AuroraCluster goes last: rewinds under way need it.
func (k *kubernetes) remove(ctx context.Context) error {
	for _, args := range [][]string{{"namespace", namespace}, {"auroracluster", cluster}} {
		if _, err := k.cloud.Kubectl(ctx, nil, append([]string{"delete", "--ignore-not-found", "--timeout=2m"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// pods are the application's pods, oldest name first, by their UIDs.
type pods []corev1.Pod

func (p pods) String() string {
	names := make([]string, 0, len(p))
	for i := range p {
		names = append(names, p[i].Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (p pods) has(other corev1.Pod) bool {
	return slices.ContainsFunc(p, func(pod corev1.Pod) bool { return pod.UID == other.UID })
}

func (k *kubernetes) pods(ctx context.Context) (pods, error) {
	var list corev1.PodList
	if err := k.api.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels{"app": "game-api"}); err != nil {
		return nil, fmt.Errorf("listing game-api's pods: %w", err)
	}
	return list.Items, nil
}

// healthy waits until the application is rolled out with two pods, none of them of the old ones, and each answers.
func (k *kubernetes) healthy(ctx context.Context, old pods) (pods, error) {
	var now pods
	err := until(ctx, "game-api is healthy, with new pods", func() (bool, error) {
		var d appsv1.Deployment
		err := k.api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "game-api"}, &d)
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if now, err = k.pods(ctx); err != nil {
			return false, err
		}
		if d.Status.ObservedGeneration != d.Generation || d.Status.AvailableReplicas != 2 || len(now) != 2 {
			return false, nil
		}
		for _, pod := range now {
			if old.has(pod) || k.readyz(ctx, pod) != http.StatusOK {
				return false, nil
			}
		}
		return true, nil
	})
	return now, err
}

// readyz asks the pod itself: 200 as long as its connection lives, 503 for ever after; 0 when it does not answer.
func (k *kubernetes) readyz(ctx context.Context, pod corev1.Pod) int {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(pod.Status.PodIP, "8080")+"/readyz", nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// until asks again and again until it holds. It is bounded, and says what it waited for.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		if ok {
			return nil
		}
		if err := pass(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("waited %s and it did not come to be that %s", patience, what)
		}
	}
}

// application is what a platform team and an application team would apply.
const application = `
apiVersion: v1
kind: Namespace
metadata: {name: game}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: game}
spec:
  dbClusterIdentifier: testcluster
  allowedNamespaces: {names: [game]}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: game-api
  namespace: game
  labels: {aurora-backtrack.io/cluster: game}
spec:
  replicas: 2
  selector: {matchLabels: {app: game-api}}
  template:
    metadata: {labels: {app: game-api}}
    spec:
      containers:
      - name: game-api
        image: game-api
        command: [/game-api]
        env:
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: LISTEN, value: "$(POD_IP):8080"}
        - {name: MYSQL_HOST, value: %q}
        - {name: MYSQL_PORT, value: "%d"}
        - {name: MYSQL_DATABASE, value: %q}
        - {name: MYSQL_USER, value: %q}
        - {name: MYSQL_PASSWORD, value: %q}
        readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1, failureThreshold: 1}
        livenessProbe: {httpGet: {path: /livez, port: 8080}}
`
