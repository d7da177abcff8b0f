package dolt

import (
	"net"
	"sync"
)

// gate is a listener that can be shut and opened again. While it is shut its
// port stays its own, and whoever connects is sent away at once.
type gate struct {
	listener net.Listener

	mu     sync.Mutex
	isShut bool
	conns  map[*passage]bool
}

// passage is a connection that passed the gate.
type passage struct {
	net.Conn
	gate *gate
}

// newGate listens on a loopback port, shut: the given one, or any if that is 0
// or taken.
func newGate(port int) (*gate, error) {
	loopback := net.IPv4(127, 0, 0, 1)
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback, Port: port})
	if err != nil && port != 0 {
		listener, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback})
	}
	if err != nil {
		return nil, err
	}
	return &gate{listener: listener, isShut: true, conns: map[*passage]bool{}}, nil
}

func (g *gate) port() int {
	address, ok := g.listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0
	}
	return address.Port
}

// Addr is the address clients connect to.
func (g *gate) Addr() net.Addr { return g.listener.Addr() }

// Accept waits for a client that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return nil, err
		}
		if passed := g.pass(conn); passed != nil {
			return passed, nil
		}
		reset(conn)
	}
}

func (g *gate) pass(conn net.Conn) *passage {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isShut {
		return nil
	}
	p := &passage{Conn: conn, gate: g}
	g.conns[p] = true
	return p
}

// Close ends the listener for good.
func (g *gate) Close() error { return g.listener.Close() }

// shut keeps clients out and breaks the connections of those who are in.
func (g *gate) shut() {
	g.mu.Lock()
	g.isShut = true
	inside := g.conns
	g.conns = map[*passage]bool{}
	g.mu.Unlock()
	for p := range inside {
		reset(p.Conn)
	}
}

// open lets clients in.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isShut = false
}

// Close ends one client's connection.
func (p *passage) Close() error {
	p.gate.mu.Lock()
	delete(p.gate.conns, p)
	p.gate.mu.Unlock()
	return p.Conn.Close()
}

// reset breaks a connection so that its client notices at once.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}
