package port

import (
	"net"
	"strconv"
	"testing"
)

func TestChoices(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, last, low, high int }{
		"Linux":                        {32768, 60999, lowest, highest},
		"macOS, Windows, FreeBSD":      {49152, 65535, lowest, highest},
		"a busy server, from below":    {20000, 65535, lowest, 19999},
		"only the low ones":            {1024, 20000, 20001, highest},
		"in the middle, more is below": {25000, 27000, lowest, 24999},
		"in the middle, more is above": {12000, 13000, 13001, highest},
		"all below":                    {1024, 5000, lowest, highest},
	} {
		low, high := choices(c.first, c.last)
		if low != c.low || high != c.high {
			t.Errorf("%s, ephemeral ports %d to %d: %d to %d, want %d to %d", name, c.first, c.last, low, high, c.low, c.high)
		}
	}
	if low, high := choices(1024, 65535); high >= low {
		t.Errorf("every port is ephemeral: %d to %d, want none", low, high)
	}
}

func TestListenStaysOutOfTheEphemeralPorts(t *testing.T) {
	t.Parallel()
	first, last := ephemeral()
	if low, high := choices(first, last); high < low {
		t.Skip("every port of this system is ephemeral")
	}
	for range 20 {
		listener, err := Listen(t.Context(), "127.0.0.1", 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		if got := Of(listener); got >= first && got <= last || got < lowest || got > highest {
			t.Errorf("port %d; ephemeral are %d to %d", got, first, last)
		}
	}
}

func TestListenTakesTheRememberedPort(t *testing.T) {
	t.Parallel()
	before, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	taken := Of(before)
	other, err := Listen(t.Context(), "127.0.0.1", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if Of(other) == taken {
		t.Errorf("port %d twice", taken)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Listen(t.Context(), "127.0.0.1", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if Of(again) != taken {
		t.Errorf("port %d, want %d, which is free again", Of(again), taken)
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	reserved := reserve(t, 0)
	child := listen(t, reserved.Port) // as a child does, which knows of no reservations
	reserved.Release()
	reserved.Release()
	accepted := make(chan net.Conn, 1)
	go func() {
		connection, _ := child.Accept()
		accepted <- connection
	}()
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", child.Addr().String())
	if err != nil {
		t.Fatalf("nobody reaches the child: %v", err)
	}
	defer client.Close()
	// The server's end of a connection that it closes first is remembered for a minute.
	if err := (<-accepted).Close(); err != nil {
		t.Fatal(err)
	}
	if err := child.Close(); err != nil {
		t.Fatal(err)
	}
	again := reserve(t, reserved.Port)
	if again.Port != reserved.Port {
		t.Errorf("port %d, want %d, which is free again", again.Port, reserved.Port)
	}
	if _, err := Reserve(t.Context(), "192.0.2.1", 0); err == nil { // RFC 5737: nobody's
		t.Error("a free port at an address that this machine does not have")
	}
	(*Reservation)(nil).Release()
}

// TestReservedPortIsNotChosen has somebody else want a reserved port.
func TestReservedPortIsNotChosen(t *testing.T) {
	t.Parallel()
	reserved := reserve(t, 0)
	if other := reserve(t, reserved.Port); other.Port == reserved.Port {
		t.Errorf("port %d was reserved twice", reserved.Port)
	}
	listener, err := Listen(t.Context(), "127.0.0.1", reserved.Port)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if Of(listener) == reserved.Port {
		t.Errorf("port %d is reserved, and somebody else got it", reserved.Port)
	}
	taken := reserve(t, Of(listener))
	if taken.Port == Of(listener) {
		t.Errorf("port %d, on which somebody listens, was reserved", taken.Port)
	}
	reserved.Release()
	listen(t, reserved.Port)
}

func reserve(t *testing.T, remembered int) *Reservation {
	t.Helper()
	reserved, err := Reserve(t.Context(), "127.0.0.1", remembered)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reserved.Release)
	return reserved
}

func listen(t *testing.T, port int) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}
