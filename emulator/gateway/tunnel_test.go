package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/pki"
)

// pipe is both ends of a TCP connection.
func pipe(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = dialled.Close(), accepted.Close() })
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

// answerAtTheEnd is a server that answers when it has got everything.
func answerAtTheEnd(conn net.Conn) {
	defer conn.Close()
	all, _ := io.ReadAll(conn)
	_, _ = io.WriteString(conn, "got "+string(all))
}

// A client that has sent everything still gets the answer, over whatever the gateway reaches the server.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("eksemu test CA", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := ca.Certificate("proxy.test")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertPEM())
	for _, test := range []struct {
		name         string
		near, server func(net.Conn) net.Conn
	}{
		{"directly", func(c net.Conn) net.Conn { return c }, func(c net.Conn) net.Conn { return c }},
		{"through a proxy", func(c net.Conn) net.Conn { return &tunnel{Conn: c} }, func(c net.Conn) net.Conn { return c }},
		{"through a proxy with TLS", func(c net.Conn) net.Conn {
			return &tunnel{Conn: tls.Client(c, &tls.Config{ServerName: "proxy.test", RootCAs: roots})}
		}, func(c net.Conn) net.Conn {
			return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, a := pipe(t)
			b, far := pipe(t)
			go answerAtTheEnd(test.server(far))
			var open relays
			ended := make(chan struct{})
			go func() { open.relay(&tunnel{Conn: a}, test.near(b)); close(ended) }()
			if _, err := io.WriteString(client, "all"); err != nil {
				t.Fatal(err)
			}
			if err := client.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(client); err != nil || string(answer) != "got all" {
				t.Errorf("answer %q, %v", answer, err)
			}
			<-ended
		})
	}
}

// A side that breaks ends both.
func TestBrokenTunnel(t *testing.T) {
	t.Parallel()
	client, a := pipe(t)
	b, server := pipe(t)
	var open relays
	ended := make(chan struct{})
	go func() { open.relay(a, b); close(ended) }()
	if err := client.SetLinger(0); err != nil { // closing it is a reset
		t.Fatal(err)
	}
	_ = client.Close()
	if got, err := io.ReadAll(server); len(got) > 0 || err != nil {
		t.Errorf("the server got %q, %v", got, err)
	}
	<-ended
}

// Names that only the resolver knows for this machine's lead to API servers and to nothing else on it.
func TestNamesOfThisMachine(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	ports := []int{1}
	g := New(Config{Listener: listener, LoopbackPorts: func() []int { return ports }})
	address := strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1) // here, like any other name
	conn, err := g.dialDirectly(t.Context(), address)
	if err == nil {
		_ = conn.Close()
		t.Fatal("a service of this machine was reached")
	}
	if !strings.HasSuffix(err.Error(), "localhost is this machine, where the proxy leads to the API servers of the emulator's clusters only: add localhost to NO_PROXY") {
		t.Error(err)
	}
	ports = append(ports, port)
	if conn, err = g.dialDirectly(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
