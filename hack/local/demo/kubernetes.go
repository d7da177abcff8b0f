package demo

import (
	"context"
	_ "embed" // the application's manifest
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// kubernetes is the cluster as the demo looks at it. What it changes goes through kubectl, as a person's would.
type kubernetes struct{ *stage.Kubernetes }

// deploy makes the namespace, the AuroraCluster and the application.
func (k *kubernetes) deploy(ctx context.Context, where stage.Endpoint) error {
	before := fmt.Sprintf(surroundings, namespace, cluster, aurora, where.Host, where.Port, where.Database, where.User, where.Password)
	return k.Apply(ctx, before+application)
}

// remove takes the objects away. The AuroraCluster goes last: rewinds under way need it.
func (k *kubernetes) remove(ctx context.Context) error {
	for _, args := range [][]string{{"namespace", namespace}, {"auroracluster", cluster}} {
		if err := k.Delete(ctx, args...); err != nil {
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
	if err := k.API.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels{"app": "game-api"}); err != nil {
		return nil, fmt.Errorf("listing game-api's pods: %w", err)
	}
	return list.Items, nil
}

// healthy waits until the application is rolled out with two pods, none of them of the old ones, and each answers.
func (k *kubernetes) healthy(ctx context.Context, old pods) (pods, error) {
	var now pods
	err := stage.Until(ctx, "game-api is healthy, with new pods", func() (bool, error) {
		var d appsv1.Deployment
		err := k.API.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "game-api"}, &d)
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

// application is the Deployment of game-api.
//
//go:embed game-api.yaml
var application string

// surroundings are what is there before the application: the platform team's part, and where the database is.
const surroundings = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: %[2]s}
spec:
  dbClusterIdentifier: %[3]s
  allowedNamespaces: {names: [%[1]s]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: game-db, namespace: %[1]s}
data: {MYSQL_HOST: %[4]q, MYSQL_PORT: "%[5]d", MYSQL_DATABASE: %[6]q}
---
apiVersion: v1
kind: Secret
metadata: {name: game-db, namespace: %[1]s}
stringData: {MYSQL_USER: %[7]q, MYSQL_PASSWORD: %[8]q}
---
`
