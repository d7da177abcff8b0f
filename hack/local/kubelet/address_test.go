package kubelet

import "testing"

func TestNetworksAndAddressesAreApart(t *testing.T) {
	first, listener, err := claimNetwork()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	second, other, err := claimNetwork()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if first.second == second.second {
		t.Fatalf("both kubelets have 127.%d.0.0/16", first.second)
	}
	given := map[string]bool{}
	for range 600 {
		ip, err := first.take()
		if err != nil || given[ip] || ip == first.nodeIP() {
			t.Fatalf("got %s and error %v after %d addresses", ip, err, len(given))
		}
		given[ip] = true
	}
}

func TestAddressesRunOutAndComeBack(t *testing.T) {
	n := &network{second: 1, taken: map[uint16]bool{}}
	var last string
	for {
		ip, err := n.take()
		if err != nil {
			break
		}
		last = ip
	}
	if len(n.taken) < 60000 {
		t.Errorf("only %d addresses were given out", len(n.taken))
	}
	n.giveBack(last)
	if again, err := n.take(); err != nil || again != last {
		t.Errorf("got %s and error %v, want %s again", again, err, last)
	}
}
