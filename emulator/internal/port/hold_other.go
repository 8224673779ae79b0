//go:build !linux

package port

import (
	"context"
	"io"
	"net"
)

// hold keeps nobody from a port.
func hold(string, int) (io.Closer, error) { return nil, nil }

func openAlone(ctx context.Context, host string, port int) (net.Listener, error) {
	return open(ctx, host, port)
}
