package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"
)

// CA is a self-signed root and the leaves that it made on demand. It is safe for concurrent use. Make one with
// [NewCA] or [ParseCA].
type CA struct {
	cert    *x509.Certificate
	key     crypto.Signer
	certPEM []byte
	keyPEM  []byte
	now     func() time.Time

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by server name; see Certificate
}

// NewCA makes a root with a new key, valid for [CAValidity]. now is the clock that the validity of the root
// and of all its leaves is counted from. Certificates of one commonName but different roots are told apart by
// their key identifiers.
func NewCA(commonName string, now func() time.Time) (*CA, error) {
	key, keyPEM, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("make CA %q: %w", commonName, err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, fmt.Errorf("make CA %q: %w", commonName, err)
	}
	start := now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             start.Add(-Backdate),
		NotAfter:              start.Add(CAValidity),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make CA %q: %w", commonName, err)
	}
	return ParseCA(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}), keyPEM, now)
}

// ParseCA reads a root back from what [CA.CertPEM] and [CA.KeyPEM] gave, or reads kubeadm's. It refuses a certificate that is no
// CA, has another key, or is not valid at this time of the clock now.
func ParseCA(certPEM, keyPEM []byte, now func() time.Time) (*CA, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != certificateBlock {
		return nil, errors.New("parse CA certificate: no CERTIFICATE block found")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse CA certificate: %w", err)
	}
	name := cert.Subject.CommonName
	key, err := parsePrivateKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("parse the key of CA %q: %w", name, err)
	}
	if err := checkRoot(cert, key, now()); err != nil {
		return nil, fmt.Errorf("use CA %q: %w; remove both files to have a new CA made", name, err)
	}
	return &CA{
		cert:    cert,
		key:     key,
		certPEM: pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: cert.Raw}),
		keyPEM:  bytes.Clone(keyPEM),
		now:     now,
		leaves:  map[string]*tls.Certificate{},
	}, nil
}

func checkRoot(cert *x509.Certificate, key crypto.Signer, now time.Time) error {
	public, ok := key.Public().(interface {
		Equal(other crypto.PublicKey) bool
	})
	switch {
	case !ok || !public.Equal(cert.PublicKey):
		return errors.New("the key does not belong to the certificate")
	case !cert.IsCA || cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("the certificate is not a CA's")
	case now.Before(cert.NotBefore):
		return fmt.Errorf("it is not valid before %s", cert.NotBefore.Format(time.RFC3339))
	case now.After(cert.NotAfter):
		return fmt.Errorf("it expired on %s", cert.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// CertPEM returns the root's certificate: what clients are to trust.
func (c *CA) CertPEM() []byte { return bytes.Clone(c.certPEM) }

// KeyPEM returns the root's private key, a secret, in PKCS #8.
func (c *CA) KeyPEM() []byte { return bytes.Clone(c.keyPEM) }

// Pool returns a pool with only this root, for a client of the CA's servers or a server that asks for its
// client certificates.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}
