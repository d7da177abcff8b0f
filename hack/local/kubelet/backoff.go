package kubelet

import "time"

// backoff is how long a container waits that ended and is to be started again: not at all the first time, then a first
// wait that doubles up to a longest one. A container that ran for ten minutes begins anew, as on any node.
type backoff struct {
	first, longest time.Duration
	next           time.Duration
}

// healthyAfter is how long a container must have run for its earlier ends to be forgotten.
const healthyAfter = 10 * time.Minute

// ended notes that the container ended after it ran for so long, and returns how long it has to wait now.
func (b *backoff) ended(ran time.Duration) time.Duration {
	if ran >= healthyAfter {
		b.next = 0
	}
	wait := b.next
	b.next = min(max(2*b.next, b.first), b.longest)
	return wait
}
