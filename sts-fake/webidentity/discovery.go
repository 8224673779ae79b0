package webidentity

import (
	"context"
	"crypto/sha1" // #nosec G505 -- thumbprints of IAM's identity providers are SHA-1
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// discoveryTimeout is how long an issuer may take for both of its documents: about what AWS allows (spec/sts.md
	// section 4.4).
	discoveryTimeout = 5 * time.Second
	// maxDocument is how many bytes one of them may have. AWS's bound is not known.
	maxDocument = 256 << 10
	// maxRedirects is how often an issuer may send on a request. AWS's rule is not known.
	maxRedirects = 3
)

// Discovery fetches an issuer's keys from where OpenID Connect Discovery 1.0 (section 4) says they are: the document at
// ISSUER/.well-known/openid-configuration names the key set, its jwks_uri. Everything goes over HTTPS, within five
// seconds, and no redirect leads to another host. Nothing is kept: each token asks anew.
//
// A server is believed if its certificate is of an authority that Client trusts. If it is not, the issuer's thumbprints
// count: one must be of a certificate in the server's chain, and the chain must be good up to there (IAM User Guide,
// id_roles_providers_create_oidc_verify-thumbprint, for the key set's server; that the discovery document's is treated
// alike is inferred).
type Discovery struct {
	// Client makes the requests; its Transport is where a proxy or a test's certificates belong. Nil means
	// [http.DefaultClient]. A Transport that is no *[http.Transport] knows no thumbprints.
	Client *http.Client
}

// Keys fetches the keys of an issuer. The error is [ErrUnreachable] if it does not answer or its certificate is over or
// for another host, [ErrCertificate] if its certificate is not to be trusted, [ErrNoKey] if it answers something else
// than its documents, or is not an https URL. Keys of a kind that no token may be signed by are left out.
func (d Discovery) Keys(ctx context.Context, from Issuer) (jose.JSONWebKeySet, error) {
	issuer := from.URL
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	var configuration struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := checkHTTPS(issuer); err != nil {
		return jose.JSONWebKeySet{}, err
	}
	if err := d.fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", from.Thumbprints, &configuration); err != nil {
		return jose.JSONWebKeySet{}, fmt.Errorf("discovery document of %q: %w", issuer, err)
	}
	if configuration.Issuer != issuer {
		return jose.JSONWebKeySet{}, fmt.Errorf("discovery document of %q: %w: it is that of %q", issuer, ErrNoKey, configuration.Issuer)
	}
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := d.fetch(ctx, configuration.KeysURL, from.Thumbprints, &raw); err != nil {
		return jose.JSONWebKeySet{}, fmt.Errorf("key set of %q: %w", issuer, err)
	}
	var set jose.JSONWebKeySet
	for _, text := range raw.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(text, &key); err == nil && key.IsPublic() {
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}

// fetch gets a JSON document.
func (d Discovery) fetch(ctx context.Context, from string, thumbprints []string, into any) error {
	if err := checkHTTPS(from); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return fmt.Errorf("%w: %q: %w", ErrNoKey, from, err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := d.send(request, thumbprints)
	if errors.Is(err, ErrNoKey) || errors.Is(err, ErrCertificate) {
		return err // a redirect that is not followed, or a server that is not believed
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		kind := ErrNoKey
		if response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests {
			kind = ErrUnreachable
		}
		return fmt.Errorf("%w: %s answers %s", kind, from, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: read %s: %w", ErrUnreachable, from, err)
	case len(body) > maxDocument:
		return fmt.Errorf("%w: %s has more than %d bytes", ErrNoKey, from, maxDocument)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %s is not the JSON document that it should be: %w", ErrNoKey, from, err)
	}
	return nil
}

// send makes a request. If the server's certificates are of no authority that is trusted, it asks again and trusts only
// the one among them that a thumbprint is of.
func (d Discovery) send(request *http.Request, thumbprints []string) (*http.Response, error) {
	client := d.client()
	response, err := client.Do(request)
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) || !errors.As(err, new(x509.UnknownAuthorityError)) {
		return response, err
	}
	transport, ok := client.Transport.(*http.Transport)
	if client.Transport == nil {
		transport, ok = http.DefaultTransport.(*http.Transport)
	}
	i := slices.IndexFunc(untrusted.UnverifiedCertificates, func(c *x509.Certificate) bool { return hasThumbprint(c, thumbprints) })
	if i < 0 || !ok {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	client.Transport = trusting(transport, untrusted.UnverifiedCertificates[i])
	response, err = client.Do(request)
	if errors.As(err, new(x509.UnknownAuthorityError)) { // the chain does not lead there
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return response, err
}

func hasThumbprint(c *x509.Certificate, thumbprints []string) bool {
	sum := sha1.Sum(c.Raw) // #nosec G401 -- see the import
	return slices.ContainsFunc(thumbprints, func(thumbprint string) bool {
		return strings.EqualFold(thumbprint, hex.EncodeToString(sum[:]))
	})
}

// trusting is a transport that trusts one authority, and keeps no connection to a server of its.
func trusting(t *http.Transport, authority *x509.Certificate) *http.Transport {
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.RootCAs = x509.NewCertPool()
	t.TLSClientConfig.RootCAs.AddCert(authority)
	t.DisableKeepAlives = true
	return t
}

func checkHTTPS(text string) error {
	target, err := url.Parse(text)
	if err != nil || target.Scheme != "https" || target.Host == "" || target.User != nil {
		return fmt.Errorf("%w: %q is not an https URL", ErrNoKey, text)
	}
	return nil
}

// client is the client with this package's rule about redirects.
func (d Discovery) client() *http.Client {
	client := http.Client{}
	if d.Client != nil {
		client = *d.Client
	}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || next.URL.Scheme != "https" || next.URL.Host != via[0].URL.Host {
			return fmt.Errorf("%w: it redirects to another host, away from https or too often", ErrNoKey)
		}
		return nil
	}
	return &client
}
