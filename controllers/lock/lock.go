// Package lock keeps one rewind at a time per Aurora cluster: the lock in an AuroraCluster's status, the queue for it,
// two AuroraClusters of one Aurora cluster, and a holder that vanished. Both reconcilers use it.
package lock

import "github.com/aurora-backtrack/operator/api/v1alpha1"

// Reference names the object.
func Reference(b *v1alpha1.AuroraBacktrack) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{Namespace: b.Namespace, Name: b.Name, UID: b.UID}
}

// Hold takes the lock for the object, and reports whether the object has it. Like all of these it changes the
// AuroraCluster in memory; the caller's optimistic lock on that object makes the change safe.
func Hold(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	if c.Status.ActiveBacktrack == nil {
		c.Status.ActiveBacktrack = &ref
	}
	return Holds(c, ref)
}

// Holds reports whether the object has the lock.
func Holds(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	return c.Status.ActiveBacktrack != nil && *c.Status.ActiveBacktrack == ref
}

// HeldByName reports whether the object, or an earlier one of its name, has the lock.
func HeldByName(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) bool {
	holder := c.Status.ActiveBacktrack
	return holder != nil && holder.Namespace == b.Namespace && holder.Name == b.Name
}

// Release frees the lock if the object has it, and reports whether it did.
func Release(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	if !Holds(c, ref) {
		return false
	}
	c.Status.ActiveBacktrack = nil
	return true
}
