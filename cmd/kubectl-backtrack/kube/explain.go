package kube

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Explain puts the remedy to an error of the API server.
func Explain(err error, doing string) error {
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

// notFoundError says that an object that was named does not exist.
type notFoundError struct{ error }

// IsNotFound reports whether the error says that an object that was named does not exist.
func IsNotFound(err error) bool {
	var missing notFoundError
	return errors.As(err, &missing)
}

// passes reports whether an error may pass by itself: the API server is not reached, is overloaded or restarts.
func passes(err error) bool {
	return err != nil && (utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) || utilnet.IsTimeout(err) ||
		apierrors.IsInternalError(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err))
}
