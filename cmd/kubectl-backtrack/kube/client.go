package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Client is a connection to the API server that knows our kinds.
type Client struct {
	client.WithWatch
	// Namespace is the one that -n or the context names.
	Namespace string
}

// Cluster reads an AuroraCluster.
func (c *Client) Cluster(ctx context.Context, name string) (*v1alpha1.AuroraCluster, error) {
	cluster := &v1alpha1.AuroraCluster{}
	err := c.Get(ctx, client.ObjectKey{Name: name}, cluster)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no AuroraCluster %q%s", name, c.knownClusters(ctx))
	}
	return cluster, Explain(err, "reading AuroraCluster "+name)
}

// knownClusters is the end of a message about one that is not known.
func (c *Client) knownClusters(ctx context.Context) string {
	var list v1alpha1.AuroraClusterList
	if err := c.List(ctx, &list); err != nil || len(list.Items) == 0 {
		return ": see kubectl backtrack clusters"
	}
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	if len(names) > 8 {
		names = append(names[:8], "…")
	}
	return ": choose from " + strings.Join(names, ", ")
}

// Backtrack reads an AuroraBacktrack of the client's namespace.
func (c *Client) Backtrack(ctx context.Context, name string) (*v1alpha1.AuroraBacktrack, error) {
	b := &v1alpha1.AuroraBacktrack{}
	err := c.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: name}, b)
	if apierrors.IsNotFound(err) {
		return nil, notFoundError{fmt.Errorf("there is no AuroraBacktrack %q in the namespace %s: see kubectl backtrack status -A, or set -n", name, c.Namespace)}
	}
	return b, Explain(err, fmt.Sprintf("reading AuroraBacktrack %s/%s", c.Namespace, name))
}

// Backtracks lists those of a cluster ("" for all), in every namespace where that is allowed, else in the client's own.
func (c *Client) Backtracks(ctx context.Context, cluster string) ([]v1alpha1.AuroraBacktrack, error) {
	var list v1alpha1.AuroraBacktrackList
	err := c.List(ctx, &list)
	if apierrors.IsForbidden(err) {
		err = c.List(ctx, &list, client.InNamespace(c.Namespace))
	}
	if err != nil {
		return nil, Explain(err, "listing AuroraBacktracks")
	}
	return slices.DeleteFunc(list.Items, func(b v1alpha1.AuroraBacktrack) bool {
		return cluster != "" && b.Spec.ClusterRef.Name != cluster
	}), nil
}

// Requesters gives the user who created an AuroraBacktrack, as far as the client may know.
func (c *Client) Requesters(ctx context.Context, cluster string) func(v1alpha1.ObjectReference) string {
	known := map[types.UID]string{}
	if all, err := c.Backtracks(ctx, cluster); err == nil { // a picture without names is still one
		for i := range all {
			known[all[i].UID] = all[i].Annotations[v1alpha1.RequestedByAnnotation]
		}
	}
	return func(ref v1alpha1.ObjectReference) string { return known[ref.UID] }
}

// Region is the AWS Region that an AuroraCluster names; empty when it names none, or may not be read.
func (c *Client) Region(ctx context.Context, cluster string) string {
	if found, err := c.Cluster(ctx, cluster); err == nil {
		return found.Spec.Region
	}
	return ""
}
