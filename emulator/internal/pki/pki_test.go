package pki_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/keyutil"

	"github.com/eksemu/eksemu/emulator/internal/pki"
)

// start is the time of the clock in tests.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func newCA(t *testing.T) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA("eksemu test CA", at(start))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func parse(t *testing.T, certPEM []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(certPEM)
	if block == nil || len(rest) != 0 {
		t.Fatalf("want one PEM block, got %s", certPEM)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestNewCA(t *testing.T) {
	t.Parallel()
	cert := parse(t, newCA(t).CertPEM())
	if !cert.IsCA || !cert.MaxPathLenZero || cert.KeyUsage&x509.KeyUsageCertSign == 0 {
		t.Errorf("not a CA for leaves only: IsCA %v, MaxPathLenZero %v, KeyUsage %b", cert.IsCA, cert.MaxPathLenZero, cert.KeyUsage)
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("public key is %T, want ECDSA P-256", cert.PublicKey)
	}
	got := [2]time.Time{cert.NotBefore, cert.NotAfter}
	want := [2]time.Time{start.AddDate(0, 0, -1), start.Add(3650 * 24 * time.Hour)}
	if got != want {
		t.Errorf("valid %v, want %v", got, want)
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	for _, test := range []struct {
		name  string
		leaf  pki.Leaf
		usage []x509.ExtKeyUsage
	}{
		{
			name:  "administrator",
			leaf:  pki.Leaf{CommonName: "kubernetes-admin", Organization: []string{"system:masters"}, Client: true},
			usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		},
		{
			name:  "API server",
			leaf:  pki.Leaf{CommonName: "kube-apiserver", DNSNames: []string{"localhost", "kubernetes.default.svc"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1).To4()}, Server: true},
			usage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		},
		{
			name:  "etcd, both ends",
			leaf:  pki.Leaf{CommonName: "etcd", DNSNames: []string{"localhost"}, Client: true, Server: true},
			usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			certPEM, keyPEM, err := ca.Issue(test.leaf)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, certPEM)
			got := pki.Leaf{
				CommonName: cert.Subject.CommonName, Organization: cert.Subject.Organization,
				DNSNames: cert.DNSNames, IPs: cert.IPAddresses, Client: test.leaf.Client, Server: test.leaf.Server,
			}
			if diff := cmp.Diff(test.leaf, got); diff != "" {
				t.Errorf("leaf (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.usage, cert.ExtKeyUsage); diff != "" {
				t.Errorf("usage (-want +got):\n%s", diff)
			}
			if want := start.Add(365 * 24 * time.Hour); !cert.NotAfter.Equal(want) {
				t.Errorf("valid until %v, want %v", cert.NotAfter, want)
			}
			if _, err := cert.Verify(x509.VerifyOptions{Roots: ca.Pool(), CurrentTime: start, KeyUsages: test.usage}); err != nil {
				t.Error(err)
			}
			if !bytes.HasPrefix(keyPEM, []byte("-----BEGIN PRIVATE KEY-----\n")) {
				t.Error("the key is not PKCS #8 PEM")
			}
		})
	}
}

// A leaf never outlives its CA: a client would refuse it at a time when it looks valid.
func TestIssueNearTheEndOfTheCA(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	old, err := pki.ParseCA(ca.CertPEM(), ca.KeyPEM(), at(start.Add(pki.CAValidity-time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	certPEM, _, err := old.Issue(pki.Leaf{CommonName: "x", Client: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := parse(t, certPEM).NotAfter, start.Add(pki.CAValidity); !got.Equal(want) {
		t.Errorf("valid until %v, want the CA's end %v", got, want)
	}
}

func TestIssueRefused(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	for _, test := range []struct {
		leaf pki.Leaf
		want string
	}{
		{pki.Leaf{CommonName: "x"}, `issue certificate "x": neither Client nor Server is set`},
		{pki.Leaf{CommonName: "x", Server: true}, `issue certificate "x": a server needs a DNS name or an IP`},
		{pki.Leaf{Client: true}, `issue certificate "": a client needs a common name`},
		{pki.Leaf{CommonName: strings.Repeat("x", 65), Client: true}, `the common name is longer than 64 bytes`},
		{pki.Leaf{CommonName: "x", DNSNames: []string{"bücher.example"}, Server: true}, `issue certificate "x": `},
	} {
		if _, _, err := ca.Issue(test.leaf); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Issue(%+v): %v, want %q", test.leaf, err, test.want)
		}
	}
}

func TestParseCA(t *testing.T) {
	t.Parallel()
	ca, other := newCA(t), newCA(t)
	leafCert, leafKey, err := ca.Issue(pki.Leaf{CommonName: "leaf", Client: true})
	if err != nil {
		t.Fatal(err)
	}
	saKey, saPublic, err := pki.ServiceAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		cert, key []byte
		now       time.Time
		want      string // "" for success
	}{
		{"round trip", ca.CertPEM(), ca.KeyPEM(), start, ""},
		{"a day earlier", ca.CertPEM(), ca.KeyPEM(), start.Add(-25 * time.Hour), `use CA "eksemu test CA": it is not valid before 2026-02-28T12:00:00Z; remove both files to have a new CA made`},
		{"too late", ca.CertPEM(), ca.KeyPEM(), start.Add(pki.CAValidity + time.Second), "it expired on 2036-02-27T12:00:00Z"},
		{"key of another", ca.CertPEM(), other.KeyPEM(), start, "the key does not belong to the certificate"},
		{"another key", ca.CertPEM(), saKey, start, "the key does not belong to the certificate"},
		{"no CA", leafCert, leafKey, start, "the certificate is not a CA's"},
		{"no certificate", nil, ca.KeyPEM(), start, "parse CA certificate: no CERTIFICATE block found"},
		{"key as certificate", ca.KeyPEM(), ca.KeyPEM(), start, "parse CA certificate: no CERTIFICATE block found"},
		{"public key as key", ca.CertPEM(), saPublic, start, `parse the key of CA "eksemu test CA": no PRIVATE KEY block found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := pki.ParseCA(test.cert, test.key, at(test.now))
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error is %v, want %q", err, test.want)
				}
				return
			}
			if err != nil || !bytes.Equal(got.CertPEM(), test.cert) || !bytes.Equal(got.KeyPEM(), test.key) {
				t.Errorf("not the same CA: %v", err)
			}
		})
	}
}

func FuzzParseCA(f *testing.F) {
	ca, err := pki.NewCA("fuzz", at(start))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ca.CertPEM(), ca.KeyPEM())
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), ca.KeyPEM())
	f.Add(ca.CertPEM(), []byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, certPEM, keyPEM []byte) {
		got, err := pki.ParseCA(certPEM, keyPEM, at(start))
		if err != nil {
			return
		}
		if _, _, err := got.Issue(pki.Leaf{CommonName: "x", Client: true}); err != nil {
			t.Errorf("accepted a CA that cannot issue: %v", err)
		}
	})
}

// kube-apiserver and kube-controller-manager read these files with keyutil.
func TestServiceAccountKey(t *testing.T) {
	t.Parallel()
	privatePEM, publicPEM, err := pki.ServiceAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := keyutil.ParsePrivateKeyPEM(privatePEM)
	if err != nil {
		t.Fatal(err)
	}
	public, err := keyutil.ParsePublicKeysPEM(publicPEM)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok || len(public) != 1 || !key.PublicKey.Equal(public[0]) {
		t.Errorf("got %T and %d public keys, want an RSA key and its public key", private, len(public))
	}
}

// Python 3.13 verifies with OpenSSL's strict mode by default.
func TestOpenSSLStrict(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("needs openssl: apt-get install openssl")
	}
	ca, err := pki.NewCA("eksemu test CA", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Certificate(strings.Repeat("a-very-long-label.", 4) + "eks.us-west-2.amazonaws.com")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	leafPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]})
	for name, data := range map[string][]byte{"ca.pem": ca.CertPEM(), "leaf.pem": leafPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", "leaf.pem")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
