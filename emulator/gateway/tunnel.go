package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// tunnel is the client's end of a CONNECT.
type tunnel struct {
	net.Conn
	early *bufio.Reader // has what the client sent without waiting for the answer

	host    string // what was asked for; decides on certificate and handler
	client  string // label
	handler http.Handler
}

// asked sets the host of a connection that names it in its TLS handshake (SNI, RFC 6066 section 3), and is an error if
// nobody answers for it.
func (t *tunnel) asked(g *Gateway, name string) error {
	host := normalHost(name)
	handler := g.cfg.Handler(host)
	if handler == nil {
		handler = g.cfg.NotEmulated(host)
	}
	if handler == nil {
		return fmt.Errorf("no AWS host: %q", printable(name))
	}
	t.host, t.handler = host, handler
	return nil
}

// Read first gives back what was read too early.
func (t *tunnel) Read(p []byte) (int, error) {
	if t.early != nil && t.early.Buffered() > 0 {
		return t.early.Read(p)
	}
	t.early = nil
	return t.Conn.Read(p)
}

// CloseWrite ends what the other side reads, and leaves open what it writes.
func (t *tunnel) CloseWrite() error { return closeWrite(t.Conn) }

// tunnelListener hands tunnels over to the inner server as if it had accepted them.
type tunnelListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newTunnelListener(addr net.Addr) *tunnelListener {
	return &tunnelListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// terminate starts TLS on a tunnel. The certificate is the one for the host of the CONNECT, also if the client then asks
// for another name (SNI) or none: it would not get that host's certificate from the real host either. A connection
// without a CONNECT is asked for its host.
func (g *Gateway) terminate(t *tunnel) *tls.Conn {
	return tls.Server(t, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if t.handler != nil {
				return nil, nil
			}
			return nil, t.asked(g, hello.ServerName)
		},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return g.cfg.CA.Certificate(t.host)
		},
	})
}

// add hands a tunnel over. A listener that is closed closes the tunnel.
func (l *tunnelListener) add(t *tunnel, g *Gateway) {
	select {
	case l.conns <- g.terminate(t):
	case <-l.closed:
		_ = t.Close()
	}
}

func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *tunnelListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *tunnelListener) Addr() net.Addr { return l.addr }

// tunnelKey is the context key of the tunnel that a request came through.
type tunnelKey struct{}

// tunnelContext makes the context of the requests inside a tunnel. Every connection of the inner server is one.
func tunnelContext(ctx context.Context, conn net.Conn) context.Context {
	t := conn.(*tls.Conn).NetConn().(*tunnel)
	return withClient(context.WithValue(ctx, tunnelKey{}, t), t.client)
}

// serveTunnel answers a request inside a tunnel. One whose Host header names another host than the CONNECT did, or
// none, is refused with 421 (RFC 9110 §15.5.20): handlers take the Host header for the endpoint that was called, and
// the real host would not answer for another one either. That AWS answers it with 421 is not AWS's word.
func serveTunnel(w http.ResponseWriter, r *http.Request) {
	t := r.Context().Value(tunnelKey{}).(*tunnel)
	if host := hostOf(r.Host); host != t.host {
		http.Error(w, misdirected(host, t.host), http.StatusMisdirectedRequest)
		return
	}
	t.handler.ServeHTTP(w, r)
}

// relays are the tunnels that lead on to another server. The zero value has none.
type relays struct {
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

// relay copies both ways until both have ended, one is broken, or the gateway ends. Whoever has sent everything may
// still read the answer to it.
func (r *relays) relay(a, b net.Conn) {
	if !r.add(a, b) {
		return
	}
	defer r.remove(a, b)
	var ways sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		ways.Go(func() {
			_, err := io.Copy(way[0], way[1])
			if err == nil {
				err = closeWrite(way[0])
			}
			if err != nil { // what one side says cannot reach the other any more
				_ = a.Close()
				_ = b.Close()
			}
		})
	}
	ways.Wait()
}

// closeWrite ends one direction of a connection, or all of one that cannot be half closed.
func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// add keeps connections so that close finds them. If it has been, they are closed at once.
func (r *relays) add(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[net.Conn]struct{}{}
	}
	for _, conn := range conns {
		if r.closed {
			_ = conn.Close()
		} else {
			r.open[conn] = struct{}{}
		}
	}
	return !r.closed
}

func (r *relays) remove(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(r.open, conn)
	}
}

func (r *relays) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for conn := range r.open {
		_ = conn.Close()
	}
}
