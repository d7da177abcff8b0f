package kubelet

import (
	"fmt"
	"net"
	"sync"
)

// kubeletPort is the port of a kubelet, at the node's own address.
const kubeletPort = 10250

// network is the part 127.<n>.0.0/16 of the loopback addresses that belongs to one kubelet: one address for the node
// and one for each of its pods. Linux answers at all of 127.0.0.0/8 without any setup.
type network struct {
	second byte
	mu     sync.Mutex
	next   uint16
	taken  map[uint16]bool
}

// claimNetwork finds a part that no other kubelet on this machine has. It is claimed by listening at the kubelet's
// port of its node address, so that the claim ends with the process, however that ends.
func claimNetwork() (*network, net.Listener, error) {
	var last error
	for second := byte(1); second < 255; second++ {
		n := &network{second: second, taken: map[uint16]bool{}}
		listener, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", n.nodeIP(), kubeletPort))
		if err == nil {
			return n, listener, nil
		}
		last = err
	}
	return nil, nil, fmt.Errorf("none of the networks 127.1.0.0/16 to 127.254.0.0/16 is free: %w", last)
}

func (n *network) nodeIP() string { return fmt.Sprintf("127.%d.0.1", n.second) }

// take gives out an address that no pod has. The one given back last is given out last, because what a pod's clients
// remember of its address must not be met by the next pod at once.
func (n *network) take() (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	const first, last = 1 << 8, 1<<16 - 2
	for range last - first {
		n.next++
		if n.next < first || n.next > last {
			n.next = first
		}
		// Addresses that end in .0 or .255 look like those of a network.
		if low := n.next & 0xff; !n.taken[n.next] && low != 0 && low != 255 {
			n.taken[n.next] = true
			return fmt.Sprintf("127.%d.%d.%d", n.second, n.next>>8, low), nil
		}
	}
	return "", fmt.Errorf("all addresses of 127.%d.0.0/16 are taken", n.second)
}

func (n *network) giveBack(ip string) {
	var second, third, fourth byte
	if _, err := fmt.Sscanf(ip, "127.%d.%d.%d", &second, &third, &fourth); err != nil || second != n.second {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.taken, uint16(third)<<8|uint16(fourth))
}
