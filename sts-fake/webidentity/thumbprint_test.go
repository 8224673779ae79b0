package webidentity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// signed is a certificate with its key.
type signed struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (s signed) thumbprint() string {
	sum := sha1.Sum(s.cert.Raw)
	return hex.EncodeToString(sum[:])
}

// certificate makes a certificate for 127.0.0.1, or an authority's, for a year from a time on. Without an authority it
// signs itself.
func certificate(t *testing.T, name string, by *signed, isCA bool, from time.Time) signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return signed{cert, key}
}

// serve is an issuer whose server shows a chain of certificates, of which it has the first one's key.
func serve(t *testing.T, chain ...signed) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	shown := tls.Certificate{PrivateKey: chain[0].key}
	for _, link := range chain {
		shown.Certificate = append(shown.Certificate, link.cert.Raw)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{shown}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that clients end
	server.StartTLS()
	t.Cleanup(server.Close)
	mux.HandleFunc(wellKnown, configuration(func() string { return server.URL }))
	mux.HandleFunc("/keys", answer(keySet(t)))
	return server.URL + "/id/1"
}

// Thumbprints count where no trusted authority does, and not otherwise [D] (spec/sts.md section 4.4; IAM User Guide,
// id_roles_providers_create_oidc_verify-thumbprint).
func TestThumbprints(t *testing.T) {
	t.Parallel()
	lastMonth := time.Now().AddDate(0, -1, 0)
	root := certificate(t, "root", nil, true, lastMonth)
	intermediate := certificate(t, "intermediate", &root, true, lastMonth)
	leaf := certificate(t, "leaf", &intermediate, false, lastMonth)
	alone := certificate(t, "alone", nil, false, lastMonth)
	over := certificate(t, "over", &intermediate, false, lastMonth.AddDate(-2, 0, 0))
	trusted := x509.NewCertPool()
	trusted.AddCert(root.cert)
	for name, tt := range map[string]struct {
		chain       []signed
		roots       *x509.CertPool
		thumbprints []string
		want        error
	}{
		"[D] trusted without thumbprints":        {[]signed{leaf, intermediate}, trusted, nil, nil},
		"[D] trusted with another's thumbprint":  {[]signed{leaf, intermediate}, trusted, []string{alone.thumbprint()}, nil},
		"[R] untrusted without thumbprints":      {[]signed{leaf, intermediate}, x509.NewCertPool(), nil, webidentity.ErrCertificate},
		"[R] untrusted, another's thumbprint":    {[]signed{leaf, intermediate}, x509.NewCertPool(), []string{alone.thumbprint()}, webidentity.ErrCertificate},
		"[D] thumbprint of the chain's last":     {[]signed{leaf, intermediate}, x509.NewCertPool(), []string{alone.thumbprint(), intermediate.thumbprint()}, nil},
		"[D] thumbprint of a root that is shown": {[]signed{leaf, intermediate, root}, x509.NewCertPool(), []string{root.thumbprint()}, nil},
		"[I] thumbprint in upper case":           {[]signed{leaf, intermediate}, x509.NewCertPool(), []string{strings.ToUpper(intermediate.thumbprint())}, nil},
		"[I] thumbprint of the server's own":     {[]signed{leaf, intermediate}, x509.NewCertPool(), []string{leaf.thumbprint()}, nil},
		"[D] thumbprint of a self-signed one":    {[]signed{alone}, x509.NewCertPool(), []string{alone.thumbprint()}, nil},
		"an authority that has signed nothing":   {[]signed{alone, intermediate}, x509.NewCertPool(), []string{intermediate.thumbprint()}, webidentity.ErrCertificate},
		"[I] over, whoever signed it":            {[]signed{over, intermediate}, x509.NewCertPool(), []string{intermediate.thumbprint()}, webidentity.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: tt.roots}, DisableKeepAlives: true}}
			keys, err := webidentity.Discovery{Client: client}.Keys(t.Context(), webidentity.Issuer{URL: serve(t, tt.chain...), Thumbprints: tt.thumbprints})
			if !errors.Is(err, tt.want) || (err == nil) != (len(keys.Keys) == 2) {
				t.Errorf("got %d keys, %v; want %v", len(keys.Keys), err, tt.want)
			}
		})
	}
}

// A client that was made for something else has no thumbprints, and still no server that it does not trust.
func TestThumbprintsNeedTheTransport(t *testing.T) {
	t.Parallel()
	alone := certificate(t, "alone", nil, false, time.Now().AddDate(0, -1, 0))
	from := webidentity.Issuer{URL: serve(t, alone), Thumbprints: []string{alone.thumbprint()}}
	wrapped := &http.Client{Transport: wrapper{&http.Transport{DisableKeepAlives: true}}}
	if _, err := (webidentity.Discovery{Client: wrapped}).Keys(t.Context(), from); !errors.Is(err, webidentity.ErrCertificate) {
		t.Errorf("wrapped: %v", err)
	}
	if keys, err := (webidentity.Discovery{}).Keys(t.Context(), from); err != nil || len(keys.Keys) != 2 {
		t.Errorf("the default client: %d keys, %v", len(keys.Keys), err)
	}
}

type wrapper struct{ http.RoundTripper }
