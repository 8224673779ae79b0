package gateway

import (
	"errors"
	"net"
)

// ServeNames answers, besides, the connections of clients that need no proxy because AWS's host names lead them to
// this listener: those of a cluster's nodes and pods. There is TLS alone, with the host that the client names in the
// handshake; connections to hosts that are none of AWS's are refused, and nothing else of the gateway can be reached
// there. It returns nil when the listener is closed, which the gateway does not do; connections end with
// [Gateway.Shutdown].
func (g *Gateway) ServeNames(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		g.tunnels.add(&tunnel{Conn: conn}, g)
	}
}
