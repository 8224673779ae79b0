package pki

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// maxLeaves bounds the leaves that are kept for reuse. The emulator answers a few dozen AWS host names; the
// bound keeps a client that invents names from filling the memory.
const maxLeaves = 256

// renewBefore is how long before its end a kept leaf is replaced.
const renewBefore = 7 * 24 * time.Hour

// ServerConfig is a TLS configuration that answers every server name with a leaf of its own, made at the
// first handshake. A client that sends no name (it connected to an IP address) gets one for that address.
// TLS 1.2 is the oldest version accepted, as by AWS's endpoints.
func (c *CA) ServerConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return c.Certificate(hello.ServerName)
			}
			host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
			if err != nil {
				return nil, fmt.Errorf("choose a certificate: the client names no server, and the connection has no IP address: %w", err)
			}
			return c.Certificate(host)
		},
	}
}

// Certificate returns the server certificate for a DNS name or an IP address. Case and a trailing dot do not
// matter. A certificate is made once and used again until shortly before it expires; the number of those kept
// is bounded, and beyond the bound all are forgotten and made again as needed.
func (c *CA) Certificate(serverName string) (*tls.Certificate, error) {
	name := normalName(serverName)
	if name == "" {
		return nil, errors.New("issue a server certificate: the server name is empty")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if leaf, ok := c.leaves[name]; ok && c.now().Before(leaf.Leaf.NotAfter.Add(-renewBefore)) {
		return leaf, nil
	}
	leaf, err := c.IssueTLS(serverLeaf(name))
	if err != nil {
		return nil, err
	}
	if len(c.leaves) >= maxLeaves {
		clear(c.leaves)
	}
	c.leaves[name] = &leaf
	return &leaf, nil
}
