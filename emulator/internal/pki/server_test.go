package pki_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/pki"
)

// handshake connects a client that trusts ca to a server with config and returns the name of the leaf.
func handshake(t *testing.T, config *tls.Config, client *tls.Config) (string, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = tls.Server(conn, config).HandshakeContext(t.Context()) // the client reports the error
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	conn := tls.Client(raw, client)
	if err := conn.HandshakeContext(t.Context()); err != nil {
		return "", err
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func TestServerConfig(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("eksemu test CA", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ serverName, want string }{
		{"sts.us-west-2.amazonaws.com", "sts.us-west-2.amazonaws.com"},
		{"STS.us-west-2.AmazonAWS.com", "sts.us-west-2.amazonaws.com"},
		{"127.0.0.1", "127.0.0.1"}, // no SNI is sent for an address
	} {
		got, err := handshake(t, ca.ServerConfig(), &tls.Config{RootCAs: ca.Pool(), ServerName: test.serverName})
		if err != nil || got != test.want {
			t.Errorf("%s: got a leaf for %q (%v), want %q", test.serverName, got, err, test.want)
		}
	}
	if _, err := handshake(t, ca.ServerConfig(), &tls.Config{RootCAs: ca.Pool(), ServerName: "x.test", MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

func TestCertificateIsKept(t *testing.T) {
	t.Parallel()
	now := start
	ca, err := pki.NewCA("eksemu test CA", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	get := func(name string) *tls.Certificate {
		t.Helper()
		cert, err := ca.Certificate(name)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	first := get("sts.amazonaws.com")
	if get("STS.amazonaws.com.") != first {
		t.Error("another leaf for the same name in another spelling")
	}
	now = start.Add(pki.LeafValidity - 24*time.Hour)
	renewed := get("sts.amazonaws.com")
	if renewed == first || !renewed.Leaf.NotAfter.After(now.Add(300*24*time.Hour)) {
		t.Errorf("a day before its end, the leaf was not replaced: valid until %v", renewed.Leaf.NotAfter)
	}
	for n := range 256 {
		get(fmt.Sprintf("host-%d.test", n))
	}
	if get("sts.amazonaws.com") == renewed {
		t.Error("more leaves are kept than the bound allows")
	}
	if _, err := ca.Certificate("."); err == nil {
		t.Error("an empty name was accepted")
	}
}

func TestCertificateConcurrently(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	certs := make([]*tls.Certificate, 20)
	var group sync.WaitGroup
	for n := range certs {
		group.Go(func() { certs[n], _ = ca.Certificate("sts.amazonaws.com") })
	}
	group.Wait()
	for _, cert := range certs {
		if cert == nil || cert != certs[0] {
			t.Fatal("concurrent callers got different leaves for one name")
		}
	}
}
