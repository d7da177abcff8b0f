package drain

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// errLeaseChanged says that a manager wrote the Lease at the same moment. It is tried again.
var errLeaseChanged = errors.New("a manager that renews its Lease")

// take makes the drainer the holder of the Lease, whoever holds it. The present leader can't renew it any more and ends.
func (d *Drainer) take(ctx context.Context) error {
	return d.write(ctx, func(lease *coordinationv1.Lease) {
		now := metav1.NewMicroTime(d.Clock.Now())
		lease.Spec.HolderIdentity = &d.Identity
		lease.Spec.LeaseDurationSeconds = ptr.To(int32(held.Seconds()))
		lease.Spec.AcquireTime, lease.Spec.RenewTime = &now, &now
		lease.Spec.LeaseTransitions = ptr.To(ptr.Deref(lease.Spec.LeaseTransitions, 0) + 1)
	})
}

// release lets a manager lead again at once.
func (d *Drainer) release(ctx context.Context) error {
	return d.write(ctx, func(lease *coordinationv1.Lease) {
		if ptr.Deref(lease.Spec.HolderIdentity, "") == d.Identity {
			lease.Spec.HolderIdentity = ptr.To("")
			lease.Spec.LeaseDurationSeconds = ptr.To(int32(1))
		}
	})
}

// write changes the Lease, or makes it where no manager was ever elected.
func (d *Drainer) write(ctx context.Context, change func(*coordinationv1.Lease)) error {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: d.Lease.Namespace, Name: d.Lease.Name}}
	err := d.Client.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	switch {
	case apierrors.IsNotFound(err):
		change(lease)
		err = d.Client.Create(ctx, lease)
	case err == nil:
		change(lease)
		err = d.Client.Update(ctx, lease)
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return errLeaseChanged
	}
	if err != nil {
		return fmt.Errorf("writing the Lease %s: %w", d.Lease, err)
	}
	return nil
}
