package port

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
)

// holder is a socket with a port on which it does not listen. Linux lets another socket have the port, too, if both say
// SO_REUSEADDR and neither listens yet (net/ipv4/inet_connection_sock.c, inet_csk_bind_conflict; see also socket(7)). A
// server of Go's says it, whoever chooses a port here does not.
type holder int

func (h holder) Close() error { return syscall.Close(int(h)) }

// hold keeps a port from [openAlone].
func hold(host string, port int) (io.Closer, error) {
	address := net.ParseIP(host).To4()
	if address == nil {
		return nil, fmt.Errorf("%s is no IPv4 address", host)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	// A port of an earlier run has connections that are remembered for a minute, in spite of which it is free.
	err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte(address)})
	}
	if err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	return holder(fd), nil
}

// openAlone opens a port that nobody has, not even a [holder].
func openAlone(ctx context.Context, host string, port int) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, socket syscall.RawConn) error { return reuse(socket, 0) }}
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return listener, nil
	}
	// From here on it is as any listener: the next start can have the port again.
	socket, err := tcp.SyscallConn()
	if err == nil {
		err = reuse(socket, 1)
	}
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	return listener, nil
}

// reuse sets SO_REUSEADDR.
func reuse(socket syscall.RawConn, value int) error {
	var failed error
	err := socket.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, value)
	})
	if err != nil {
		return err
	}
	return failed
}
