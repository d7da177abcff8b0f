package cloud

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// pickPorts picks a free loopback port for every name. All are held until the last one is picked, so that no two are
// the same.
//
// The ports lie below the range from which the kernel takes the ports of outgoing connections: while a component is
// being restarted its clients keep dialling its port, and from inside that range one of them would sooner or later be
// given that very port, connect to itself and keep the component from coming back.
func pickPorts(names ...string) (map[string]int, error) {
	const lowest, tries = 10000, 1000
	highest := firstOutgoingPort() - 1
	if highest <= lowest {
		return nil, fmt.Errorf("no port between %d and the first one of outgoing connections, %d (net.ipv4.ip_local_port_range)",
			lowest, highest+1)
	}
	ports := map[string]int{}
	for try := 0; len(ports) < len(names); try++ {
		port := lowest + rand.IntN(highest-lowest+1) //nolint:gosec // a port is no secret
		listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil && try < tries {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("no free port for %s among %d tried between %d and %d: %w",
				names[len(ports)], tries, lowest, highest, err)
		}
		defer listener.Close()
		ports[names[len(ports)]] = port
	}
	return ports, nil
}

// firstOutgoingPort is where the kernel's range for outgoing connections begins.
func firstOutgoingPort() int {
	const usual = 32768
	setting, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual
	}
	first := usual
	if _, err := fmt.Sscan(string(setting), &first); err != nil {
		return usual
	}
	return first
}
