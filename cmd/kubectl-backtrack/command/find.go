package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// explain puts the remedy to an error of the API server.
func explain(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case meta.IsNoMatchError(err):
		return fmt.Errorf("%s: the API server does not know the kinds of aurora-backtrack.io: install the operator, or choose another --context", doing)
	case utilnet.IsConnectionRefused(err), utilnet.IsTimeout(err):
		return fmt.Errorf("%s: %w: check that the cluster is up, and that --context and --kubeconfig name it", doing, err)
	case apierrors.IsForbidden(err) && !strings.Contains(err.Error(), "ValidatingAdmissionPolicy"):
		return fmt.Errorf("%s: %w: ask for the ClusterRoles aurora-backtrack-plugin and aurora-backtrack-cluster-viewer", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// cluster reads an AuroraCluster.
func (s *Session) cluster(ctx context.Context, name string) (*v1alpha1.AuroraCluster, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	cluster := &v1alpha1.AuroraCluster{}
	err = c.Get(ctx, client.ObjectKey{Name: name}, cluster)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no AuroraCluster %q%s", name, s.knownClusters(ctx))
	}
	return cluster, explain(err, "reading AuroraCluster "+name)
}

// knownClusters is the end of a message about one that is not known.
func (s *Session) knownClusters(ctx context.Context) string {
	var list v1alpha1.AuroraClusterList
	if err := s.connected.List(ctx, &list); err != nil || len(list.Items) == 0 {
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

// backtrack reads an AuroraBacktrack of the session's namespace.
func (s *Session) backtrack(ctx context.Context, name string) (*v1alpha1.AuroraBacktrack, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	namespace, err := s.namespace()
	if err != nil {
		return nil, err
	}
	b := &v1alpha1.AuroraBacktrack{}
	err = c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, b)
	if apierrors.IsNotFound(err) {
		return nil, notFoundError{fmt.Errorf("there is no AuroraBacktrack %q in the namespace %s: see kubectl backtrack status -A, or set -n", name, namespace)}
	}
	return b, explain(err, fmt.Sprintf("reading AuroraBacktrack %s/%s", namespace, name))
}

// notFoundError says that an object that was named does not exist.
type notFoundError struct{ error }

func isNotFound(err error) bool {
	var missing notFoundError
	return errors.As(err, &missing)
}

// backtracks lists those of a cluster ("" for all), in every namespace where that is allowed, else in the session's own.
func (s *Session) backtracks(ctx context.Context, cluster string) ([]v1alpha1.AuroraBacktrack, error) {
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	var list v1alpha1.AuroraBacktrackList
	err = c.List(ctx, &list)
	if apierrors.IsForbidden(err) {
		namespace, namespaceErr := s.namespace()
		if namespaceErr != nil {
			return nil, namespaceErr
		}
		err = c.List(ctx, &list, client.InNamespace(namespace))
	}
	if err != nil {
		return nil, explain(err, "listing AuroraBacktracks")
	}
	return slices.DeleteFunc(list.Items, func(b v1alpha1.AuroraBacktrack) bool {
		return cluster != "" && b.Spec.ClusterRef.Name != cluster
	}), nil
}

// requesters gives the user who created an AuroraBacktrack, as far as the session may know.
func (s *Session) requesters(ctx context.Context, cluster string) func(v1alpha1.ObjectReference) string {
	known := map[types.UID]string{}
	if all, err := s.backtracks(ctx, cluster); err == nil { // a picture without names is still one
		for i := range all {
			known[all[i].UID] = all[i].Annotations[v1alpha1.RequestedByAnnotation]
		}
	}
	return func(ref v1alpha1.ObjectReference) string { return known[ref.UID] }
}

// me is the user as whom the session acts.
func (s *Session) me(ctx context.Context) (string, error) {
	c, err := s.client()
	if err != nil {
		return "", err
	}
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, review); err != nil {
		return "", explain(err, "asking the API server who you are")
	}
	return review.Status.UserInfo.Username, nil
}

// reason is that of the root condition, and its message.
func reason(b *v1alpha1.AuroraBacktrack) (reason, message string) {
	if c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded); c != nil {
		return c.Reason, c.Message
	}
	return "", "the operator has not looked at it yet"
}

func finished(b *v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" }

func succeeded(b *v1alpha1.AuroraBacktrack) bool {
	return meta.IsStatusConditionPresentAndEqual(b.Status.Conditions, v1alpha1.ConditionSucceeded, metav1.ConditionTrue)
}

// command is a command of the plugin about the object, to be typed as it is.
func command(verb string, b *v1alpha1.AuroraBacktrack) string {
	return fmt.Sprintf("kubectl backtrack %s %s -n %s", verb, b.Name, b.Namespace)
}
