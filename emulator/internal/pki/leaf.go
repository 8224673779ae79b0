package pki

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Leaf says what a certificate is for.
type Leaf struct {
	CommonName   string   // Kubernetes: the user name
	Organization []string // Kubernetes: the groups
	DNSNames     []string // names that a server answers to
	IPs          []net.IP // addresses that a server answers at
	Client       bool     // usable as a client certificate
	Server       bool     // usable as a server certificate; needs a DNS name or an IP
}

// maxCommonName is ub-common-name of RFC 5280, appendix A.1.
const maxCommonName = 64

// Issue makes a certificate with a key of its own, valid from now, less [Backdate], for [LeafValidity], but
// never longer than the CA. The key is PKCS #8.
func (c *CA) Issue(leaf Leaf) (certPEM, keyPEM []byte, err error) {
	if err := leaf.check(); err != nil {
		return nil, nil, fmt.Errorf("issue certificate %q: %w", leaf.CommonName, err)
	}
	key, keyPEM, err := newKey()
	if err != nil {
		return nil, nil, fmt.Errorf("issue certificate %q: %w", leaf.CommonName, err)
	}
	template, err := c.template(leaf)
	if err != nil {
		return nil, nil, fmt.Errorf("issue certificate %q: %w", leaf.CommonName, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, key.Public(), c.key)
	if err != nil {
		return nil, nil, fmt.Errorf("issue certificate %q: %w", leaf.CommonName, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}), keyPEM, nil
}

// IssueTLS is [CA.Issue] for a server or client in this process.
func (c *CA) IssueTLS(leaf Leaf) (tls.Certificate, error) {
	certPEM, keyPEM, err := c.Issue(leaf)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

func (l Leaf) check() error {
	switch {
	case !l.Client && !l.Server:
		return errors.New("neither Client nor Server is set")
	case l.Server && len(l.DNSNames)+len(l.IPs) == 0:
		return errors.New("a server needs a DNS name or an IP")
	case l.Client && l.CommonName == "":
		return errors.New("a client needs a common name")
	case len(l.CommonName) > maxCommonName:
		return fmt.Errorf("the common name is longer than %d bytes", maxCommonName)
	}
	return nil
}

func (c *CA) template(leaf Leaf) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	start := c.now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Organization},
		NotBefore:    later(start.Add(-Backdate), c.cert.NotBefore),
		NotAfter:     earlier(start.Add(LeafValidity), c.cert.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		DNSNames:     leaf.DNSNames,
		IPAddresses:  leaf.IPs,
	}
	if leaf.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	if leaf.Server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	return template, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// serverLeaf describes a server that is known by one name, which may be an IP address.
func serverLeaf(name string) Leaf {
	leaf := Leaf{Server: true}
	if len(name) <= maxCommonName {
		leaf.CommonName = name
	}
	if ip := net.ParseIP(name); ip != nil {
		leaf.IPs = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{name}
	}
	return leaf
}

// normalName is the form of a server name that leaves are kept under: DNS names are case-insensitive, and a
// trailing dot only says that the name is complete.
func normalName(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".")
}
