package stsfaketest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// Config is the configuration of an AWS client that is [Server.User] and has the server as its endpoint.
//
// It retries what AWS's clients retry, but does not make the test wait in between. The endpoint is for every service
// that is configured with it, and this server is STS alone: give the clients of other services theirs.
func (s *Server) Config() aws.Config { return s.ConfigFor(s.User.Credentials) }

// ConfigFor is [Server.Config] for other credentials: of a [User], of [Server.RoleSession], or wrong ones.
func (s *Server) ConfigFor(credentials aws.Credentials) aws.Config {
	return aws.Config{
		Region:       s.options.region,
		BaseEndpoint: aws.String(s.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}
}

// Setenv sets the environment variables by which the SDKs and the aws CLI find the server and are [Server.User], for
// this test and what it starts: for code that loads its configuration by itself. Files, profiles and the metadata
// service of the machine are left out. As [testing.T.Setenv], it cannot be used in parallel tests.
func (s *Server) Setenv() {
	s.t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_STS":        s.URL,
		"AWS_REGION":                  s.options.region,
		"AWS_DEFAULT_REGION":          s.options.region,
		"AWS_ACCESS_KEY_ID":           s.User.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":       s.User.Credentials.SecretAccessKey,
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_USE_FIPS_ENDPOINT":       "false", // with an endpoint of one's own, SDKs refuse true
		"AWS_USE_DUALSTACK_ENDPOINT":  "false", // same
	} {
		s.t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
		s.t.Setenv(name, "") // has it put back after the test
		s.need(os.Unsetenv(name))
	}
}

// Client is an HTTP client for which AWS's host names of STS (sts.us-west-2.amazonaws.com, sts.amazonaws.com, …) lead
// to the server, over TLS. Other hosts of AWS and Amazon are refused, so that no test reaches AWS, be it by a redirect
// to its documentation; all others are reached as usual. The signature of a request covers its host, so a request must be signed for the region of that host.
func (s *Server) Client() *http.Client {
	toServer := s.tls.Client().Transport.(*http.Transport).Clone()
	toServer.TLSClientConfig.ServerName = "example.com" // for which httptest has a certificate
	toServer.DialContext = s.dial
	t := &transport{gate: s.gate, toServer: toServer, toOthers: &http.Transport{Proxy: http.ProxyFromEnvironment}}
	s.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// dial connects to the server instead of a host of AWS.
func (s *Server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	server := s.tls
	if _, port, err := net.SplitHostPort(address); err == nil && port == "80" {
		server = s.plain
	}
	return (&net.Dialer{Timeout: time.Minute}).DialContext(ctx, network, server.Listener.Addr().String())
}

// transport tells STS, the rest of AWS and the rest of the world apart.
type transport struct {
	gate               *stsfake.Gate
	toServer, toOthers *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	endpoint := t.gate.Endpoint(&http.Request{Host: r.URL.Host}, "sts")
	switch {
	case endpoint.Direct && !isAmazons(r.URL.Hostname()):
		return t.toOthers.RoundTrip(r)
	case endpoint.Service == "sts" && !endpoint.Direct:
		return t.toServer.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close() // as every RoundTripper must
	}
	return nil, fmt.Errorf("host %s of AWS is not emulated: stsfaketest has STS alone, give the client of this service another endpoint", r.URL.Host)
}

// isAmazons says whether a host has a name of Amazon's that is none of an AWS API: documentation, web pages, and
// whatever AWS serves for its customers (x.lambda-url.us-west-2.on.aws).
func isAmazons(host string) bool {
	name := "." + strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc([]string{".amazon.com", ".aws"}, func(domain string) bool { return strings.HasSuffix(name, domain) })
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] work.
func (t *transport) CloseIdleConnections() {
	t.toServer.CloseIdleConnections()
	t.toOthers.CloseIdleConnections()
}
