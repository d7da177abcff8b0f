package command

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
	"github.com/aurora-backtrack/operator/controllers/line"
)

// change is something that Kubernetes knows happened, in whole seconds: not before at, and less than a second after it.
type change struct {
	at   time.Time
	what string
}

// lister finds the changes of one kind in a namespace.
type lister struct {
	kinds string
	list  func(context.Context, string) ([]change, error)
}

// programs looks for when programs were rolled out or ran.
func (s *Session) programs() []lister {
	return []lister{{"ReplicaSets", s.rollouts}, {"Jobs", s.jobs}}
}

// programsAndSettings also looks for when what they read was changed.
func (s *Session) programsAndSettings() []lister {
	return append(s.programs(), lister{"ConfigMaps", s.edits("ConfigMap")}, lister{"Secrets", s.edits("Secret")})
}

// changes finds what happened in the namespaces of a cluster, oldest first. What the user may not list is left out, and
// said so.
func (s *Session) changes(ctx context.Context, cluster *v1alpha1.AuroraCluster, listers []lister) ([]change, error) {
	namespaces, err := s.namespacesOf(cluster)
	if err != nil {
		return nil, err
	}
	var all []change
	for _, namespace := range namespaces {
		for _, l := range listers {
			found, err := l.list(ctx, namespace)
			if apierrors.IsForbidden(err) {
				fmt.Fprintf(s.ErrOut, "note: you may not list %s in the namespace %s, so their changes are left out\n", l.kinds, namespace)
				continue
			}
			if err != nil {
				return nil, explain(err, "listing "+l.kinds)
			}
			all = append(all, found...)
		}
	}
	slices.SortFunc(all, func(a, b change) int { return a.at.Compare(b.at) })
	return all, nil
}

// namespacesOf are those from which the cluster is used: the allowed ones and those of its dependents, else the session's.
func (s *Session) namespacesOf(cluster *v1alpha1.AuroraCluster) ([]string, error) {
	names := slices.Clone(cluster.Spec.AllowedNamespaces.Names)
	for _, d := range cluster.Spec.Dependents {
		names = append(names, d.Namespace)
	}
	own, err := s.namespace()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 || cluster.Spec.AllowedNamespaces.Selector != nil {
		names = append(names, own)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// rollouts are the ReplicaSets of Deployments: one for each version of a pod template.
func (s *Session) rollouts(ctx context.Context, namespace string) ([]change, error) {
	var list appsv1.ReplicaSetList
	if err := s.connected.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var found []change
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
		found = append(found, change{set.CreationTimestamp.Time, line.Clean(what, 200)})
	}
	return found, nil
}

func (s *Session) jobs(ctx context.Context, namespace string) ([]change, error) {
	var list batchv1.JobList
	if err := s.connected.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var found []change
	for i := range list.Items {
		job := &list.Items[i]
		what := fmt.Sprintf("Job %s/%s started", namespace, job.Name)
		if owner := metav1.GetControllerOf(job); owner != nil {
			what = fmt.Sprintf("%s %s/%s ran (Job %s)", owner.Kind, namespace, owner.Name, job.Name)
		}
		found = append(found, change{job.CreationTimestamp.Time, line.Clean(what, 200)})
	}
	return found, nil
}

// edits are the latest changes of each object of a kind, as the API server notes them for each who changed it. Only
// metadata is read: nobody sees a Secret.
func (s *Session) edits(kind string) func(context.Context, string) ([]change, error) {
	return func(ctx context.Context, namespace string) ([]change, error) {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind + "List"})
		if err := s.connected.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, err
		}
		var found []change
		for i := range list.Items {
			object := &list.Items[i]
			if object.Name == "kube-root-ca.crt" {
				continue
			}
			for _, entry := range object.ManagedFields {
				if entry.Time != nil && entry.Subresource == "" {
					what := fmt.Sprintf("%s %s/%s changed by %s", kind, namespace, object.Name, strconv.Quote(entry.Manager))
					found = append(found, change{entry.Time.Time, line.Clean(what, 200)})
				}
			}
		}
		return found, nil
	}
}
