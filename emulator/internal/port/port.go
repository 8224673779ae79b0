// Package port chooses TCP ports for servers: ours, and those of child processes, which are told their port before
// they open it.
//
// The system hands out ports of one range, the ephemeral ones, to whoever asks for any port, and that is what every
// client's end of a connection does. A port of that range that is free now may be somebody's a moment later. It may
// even be lost to the very probe that waits for the child to listen: a connection to an ephemeral port of this machine
// on which nobody listens yet can get the same port for its own end, meet itself, and keep the port from the child for
// the minute that closed connections are remembered for (Linux; 17,000 attempts were enough to see it). So ports that
// have to stay free until somebody listens, and those that shall be free again at the next start, are chosen from
// below that range.
package port

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
)

const (
	// lowest is the first port that is chosen: services with a number of their own are mostly below.
	lowest = 10240
	// highest is the last port that is chosen: those of Kubernetes' NodePorts follow.
	highest = 29999
	// attempts is how many ports are tried before any port is good.
	attempts = 64
)

// Listen opens a port of a host's address, one that no client's connection can take: remembered, if it is not 0 and
// free, or any. Where the system leaves no such ports it is an ephemeral one. A reserved port is not free.
func Listen(ctx context.Context, host string, remembered int) (net.Listener, error) {
	listener, sign, err := choose(ctx, host, remembered)
	if err != nil {
		return nil, err
	}
	_ = sign.Close() // the listener is sign enough
	return listener, nil
}

// Reservation is a port that is left to a child process to open. Until it is released nobody chooses it who chooses with
// this package, in this process or another. An ephemeral one, where the system leaves no others, a client may still take.
type Reservation struct {
	Port int
	sign net.PacketConn
}

// Reserve chooses a port like [Listen].
func Reserve(ctx context.Context, host string, remembered int) (*Reservation, error) {
	listener, sign, err := choose(ctx, host, remembered)
	if err != nil {
		return nil, fmt.Errorf("find a free port at %s: %w", host, err)
	}
	chosen := Of(listener)
	if err := listener.Close(); err != nil {
		return nil, errors.Join(fmt.Errorf("let go of port %d at %s: %w", chosen, host, err), sign.Close())
	}
	return &Reservation{Port: chosen, sign: sign}, nil
}

// Release ends a reservation, when the child listens or is given up. It may be called twice, and on nil. A process that is
// just being started has a copy for a moment longer.
func (r *Reservation) Release() {
	if r != nil {
		_ = r.sign.Close() // that it is closed already is no matter
	}
}

// choose opens a port, and as the sign that it is somebody's the UDP port of the same number, which only one socket can
// have (the net package shares UDP ports for multicast alone): whoever sees the sign leaves the TCP port alone, on which the
// child is to listen. That a UDP port is somebody's for a reason of its own cannot be told from it.
func choose(ctx context.Context, host string, remembered int) (net.Listener, net.PacketConn, error) {
	if remembered != 0 {
		if listener, sign, err := open(ctx, host, remembered); err == nil {
			return listener, sign, nil
		}
	}
	low, high := choices(ephemeral())
	for range attempts {
		if high < low {
			break
		}
		listener, sign, err := open(ctx, host, low+rand.IntN(high-low+1)) //nolint:gosec // any port is as good as another
		if err == nil {
			return listener, sign, nil
		}
	}
	var err error
	for range attempts { // the system's choice among the UDP ports need not be free among the TCP ports
		var listener net.Listener
		var sign net.PacketConn
		if listener, sign, err = open(ctx, host, 0); err == nil {
			return listener, sign, nil
		}
	}
	return nil, nil, err
}

// open opens a port, any for 0, if there is no sign of somebody else.
func open(ctx context.Context, host string, port int) (net.Listener, net.PacketConn, error) {
	config := new(net.ListenConfig)
	sign, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, nil, err
	}
	listener, err := config.Listen(ctx, "tcp", sign.LocalAddr().String())
	if err != nil {
		return nil, nil, errors.Join(err, sign.Close())
	}
	return listener, sign, nil
}

// Of is a listener's port, 0 if it is not one of TCP.
func Of(listener net.Listener) int {
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		return address.Port
	}
	return 0
}

// choices are the ports to choose from, given the ephemeral ones: none if high is less than low.
func choices(first, last int) (low, high int) {
	switch {
	case last < lowest || first > highest:
		return lowest, highest
	case first-lowest >= highest-last: // what is below is more than what is above
		return lowest, first - 1
	default:
		return last + 1, highest
	}
}

// ephemeral is the range of the ephemeral ports: Linux tells, and other systems use that of RFC 6335 section 6.
func ephemeral() (first, last int) {
	const standardFirst, standardLast = 49152, 65535
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return standardFirst, standardLast
	}
	fields := strings.Fields(string(raw))
	if len(fields) != 2 {
		return standardFirst, standardLast
	}
	first, err = strconv.Atoi(fields[0])
	if err != nil {
		return standardFirst, standardLast
	}
	last, err = strconv.Atoi(fields[1])
	if err != nil || last < first {
		return standardFirst, standardLast
	}
	return first, last
}
