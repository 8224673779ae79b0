package gateway

import (
	"errors"
	"net"
	"net/http"
)

// ServeNames answers, besides, the connections of clients that need no proxy because AWS's host names lead them to
// this listener: those of a cluster's nodes and pods, and of whatever else is in its network. There is TLS alone, with
// the host that the client names in the handshake; connections to hosts that are none of AWS's are refused, and nothing
// else of the gateway can be reached there: [Config.Fallback] is not either, which may be more open than this emulator.
//
// It goes on after what passes, such as too many open files, as net/http does, and returns nil when the listener is
// closed or the gateway has ended, which closes it.
func (g *Gateway) ServeNames(listener net.Listener) error {
	err := g.inner.Serve(namesListener{listener, g})
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// namesListener accepts connections as tunnels whose host is still to be asked for.
type namesListener struct {
	net.Listener
	gateway *Gateway
}

// Accept implements net.Listener.
func (l namesListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.gateway.terminate(&tunnel{Conn: conn}), nil
}
