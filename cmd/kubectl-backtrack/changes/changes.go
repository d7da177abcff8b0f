// Package changes finds what Kubernetes knows to have happened: rollouts, Jobs, and changes of settings.
package changes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// Change is something that Kubernetes knows happened, in whole seconds: not before At, and less than a second after it.
type Change struct {
	At   time.Time
	What string
}

// Kind finds the changes of one kind of object in a namespace.
type Kind struct {
	plural string
	list   func(context.Context, client.Reader, string) ([]Change, error)
}

// Programs looks for when programs were rolled out or ran.
func Programs() []Kind {
	return []Kind{{"ReplicaSets", rollouts}, {"Jobs", jobs}}
}

// ProgramsAndSettings also looks for when what they read was changed.
func ProgramsAndSettings() []Kind {
	return append(Programs(), Kind{"ConfigMaps", edits("ConfigMap")}, Kind{"Secrets", edits("Secret")})
}

// Find finds what happened in the namespaces of a cluster, oldest first. What the user may not list is left out, and said
// with note.
func Find(ctx context.Context, k *kube.Client, cluster *v1alpha1.AuroraCluster, kinds []Kind, note func(format string, args ...any)) ([]Change, error) {
	var all []Change
	for _, namespace := range namespaces(cluster, k.Namespace) {
		for _, kind := range kinds {
			found, err := kind.list(ctx, k, namespace)
			if apierrors.IsForbidden(err) {
				note("note: you may not list %s in the namespace %s, so their changes are left out", kind.plural, namespace)
				continue
			}
			if err != nil {
				return nil, kube.Explain(err, "listing "+kind.plural)
			}
			all = append(all, found...)
		}
	}
	slices.SortFunc(all, func(a, b Change) int { return a.At.Compare(b.At) })
	return all, nil
}

// namespaces are those from which the cluster is used: the allowed ones and those of its dependents, else the user's own.
func namespaces(cluster *v1alpha1.AuroraCluster, own string) []string {
	names := slices.Clone(cluster.Spec.AllowedNamespaces.Names)
	for _, d := range cluster.Spec.Dependents {
		names = append(names, d.Namespace)
	}
	if len(names) == 0 || cluster.Spec.AllowedNamespaces.Selector != nil {
		names = append(names, own)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rollouts are the ReplicaSets of Deployments: one for each version of a pod template.
func rollouts(ctx context.Context, c client.Reader, namespace string) ([]Change, error) {
	var list appsv1.ReplicaSetList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var found []Change
	for i := range list.Items {
		set := &list.Items[i]
		owner := metav1.GetControllerOf(set)
		if owner == nil {
			continue
		}
		what := fmt.Sprintf("%s %s/%s rolled out", owner.Kind, namespace, owner.Name)
		if revision := set.Annotations["deployment.kubernetes.io/revision"]; revision != "" {
			what += " revision " + revision
		}
		if by := set.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]; by != "" {
			what = fmt.Sprintf("%s %s/%s restarted by a rewind", owner.Kind, namespace, owner.Name)
		}
		found = append(found, Change{set.CreationTimestamp.Time, line.Clean(what, 200)})
	}
	return found, nil
}

func jobs(ctx context.Context, c client.Reader, namespace string) ([]Change, error) {
	var list batchv1.JobList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var found []Change
	for i := range list.Items {
		job := &list.Items[i]
		what := fmt.Sprintf("Job %s/%s started", namespace, job.Name)
		if owner := metav1.GetControllerOf(job); owner != nil {
			what = fmt.Sprintf("%s %s/%s ran (Job %s)", owner.Kind, namespace, owner.Name, job.Name)
		}
		found = append(found, Change{job.CreationTimestamp.Time, line.Clean(what, 200)})
	}
	return found, nil
}

// edits are the latest changes of each object of a kind, as the API server notes them for each who changed it. Only
// metadata is read: nobody sees a Secret.
func edits(kind string) func(context.Context, client.Reader, string) ([]Change, error) {
	return func(ctx context.Context, c client.Reader, namespace string) ([]Change, error) {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind + "List"})
		if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, err
		}
		var found []Change
		for i := range list.Items {
			object := &list.Items[i]
			if object.Name == "kube-root-ca.crt" {
				continue
			}
			for _, entry := range object.ManagedFields {
				if entry.Time != nil && entry.Subresource == "" {
					what := fmt.Sprintf("%s %s/%s changed by %s", kind, namespace, object.Name, strconv.Quote(entry.Manager))
					found = append(found, Change{entry.Time.Time, line.Clean(what, 200)})
				}
			}
		}
		return found, nil
	}
}
