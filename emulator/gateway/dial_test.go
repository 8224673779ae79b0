package gateway_test

import (
	"context"
	"net"
)

// dialTo connects to one address, whoever is asked for.
type dialTo struct{ address string }

func (d *dialTo) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, d.address)
}
