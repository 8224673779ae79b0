package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/go-jose/go-jose/v4"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// issuers is where STS finds the keys of the issuers of web identity tokens: those that the configuration declares,
// those of the environment's own clusters, and for any other issuer those that it publishes.
func (e *Environment) issuers() (webidentity.Keys, error) {
	gateway, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		return nil, err
	}
	return webidentity.First(&declaredKeys{awsSide: e.aws}, clusterKeys{e.aws}, webidentity.Discovery{Client: issuerClient(gateway, e.ca.CertPEM())}), nil
}

// declaredKeys are the keys of the configuration of this moment. They are parsed once for each configuration.
type declaredKeys struct {
	*awsSide
	parsed atomic.Pointer[parsedKeys]
}

// parsedKeys are the keys of a configuration.
type parsedKeys struct {
	of   *config.Environment
	keys webidentity.Static
}

// Keys implements webidentity.Keys.
func (d *declaredKeys) Keys(ctx context.Context, issuer webidentity.Issuer) (jose.JSONWebKeySet, error) {
	d.mu.Lock()
	now := d.config // it is replaced, never changed
	d.mu.Unlock()
	parsed := d.parsed.Load()
	if parsed == nil || parsed.of != now {
		parsed = &parsedKeys{now, now.IssuerKeys()}
		d.parsed.Store(parsed)
	}
	return parsed.keys.Keys(ctx, issuer)
}

// clusterKeys are the keys of the clusters.
type clusterKeys struct{ *awsSide }

// Keys implements webidentity.Keys.
func (c clusterKeys) Keys(_ context.Context, issuer webidentity.Issuer) (jose.JSONWebKeySet, error) {
	keys, ok := c.clusters.SigningKeys(issuer.URL)
	if !ok {
		return jose.JSONWebKeySet{}, fmt.Errorf("%q: %w", issuer.URL, webidentity.ErrUnknownIssuer)
	}
	return keys, nil
}

// issuerClient is how STS reaches other issuers: as every client of the gateway reaches a host, through the gateway,
// which knows what goes to the fallback and what leaves this machine. Issuers on this machine are asked directly.
func issuerClient(gateway *url.URL, ca []byte) *http.Client {
	roots, err := x509.SystemCertPool()
	if err != nil { // this system has no certificates: the issuers that it knows are those of this environment
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, // one issuer is rarely asked twice
		Proxy: func(r *http.Request) (*url.URL, error) {
			host := r.URL.Hostname()
			if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
				return nil, nil
			}
			return gateway, nil
		},
	}}
}

// publishKeys learns from the API server with which keys the tokens of its service accounts can be verified, and
// publishes them at the cluster's issuer.
func (e *Environment) publishKeys(ctx context.Context, c *runningCluster) error {
	raw, err := c.kube.ServiceAccountKeys(ctx)
	if err != nil {
		return err
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &keys); err != nil {
		return fmt.Errorf("decode the API server's keys of service account tokens: %w", err)
	}
	return e.aws.clusters.SetSigningKeys(c.arn, keys)
}

// inactiveRegion tells whether STS gives out no credentials of an account in a region.
func (a *awsSide) inactiveRegion(accountID, region string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return accountID == a.config.Account && slices.Contains(a.config.InactiveSTSRegions, region)
}
