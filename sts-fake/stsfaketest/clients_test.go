package stsfaketest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// TestClientHosts: [D] the region of a host name is the one that its requests must be signed for (spec/sts.md 1.5).
func TestClientHosts(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("elsewhere")) }))
	t.Cleanup(elsewhere.Close)
	client := srv.Client()
	for _, tc := range []struct{ url, want string }{
		{"https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{"https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{"http://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{srv.URL + "/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{elsewhere.URL, "200"},
		{"https://s3.us-west-2.amazonaws.com/bucket", "host s3.us-west-2.amazonaws.com of AWS is not emulated: stsfaketest has STS alone, give the client of this service another endpoint"},
		{"https://bucket.s3.amazonaws.com/", "is not emulated"},
		{"https://amazon.com/", "is not emulated"},
		{"https://AWS.Amazon.com./iam", "is not emulated"},
		{"https://docs.aws.amazon.com:443/", "is not emulated"},
		{"https://x.lambda-url.us-west-2.on.aws/", "is not emulated"},
		{"https://sts.us-west-2.amazonaws.com/", "host aws.amazon.com of AWS is not emulated"}, // [R] aws-sdk-swift#619: redirects there
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		got := fmt.Sprint(err)
		if err == nil {
			got = resp.Status
			_ = resp.Body.Close()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.url, got, tc.want)
		}
	}
	for i, call := range srv.Requests() {
		if want := []string{"MissingAuthenticationToken", ""}[i/4]; call.Code != want {
			t.Errorf("%s: %s", call.Host, call.Code)
		}
	}
	cfg := srv.Config()
	cfg.BaseEndpoint, cfg.HTTPClient, cfg.Region = nil, client, "eu-west-1"
	if got := whoami(sts.NewFromConfig(cfg)); got != srv.User.ARN || srv.Requests()[5].Host != "sts.eu-west-1.amazonaws.com" {
		t.Errorf("%s at %s", got, srv.Requests()[5].Host)
	}
	client.CloseIdleConnections()
}

// TestRefusedHostsCloseTheBody: [D] a RoundTripper closes the body of a request, whatever becomes of it (net/http).
func TestRefusedHostsCloseTheBody(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"s3.us-west-2.amazonaws.com", "aws.amazon.com"} {
		body := &closable{Reader: strings.NewReader("x")}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+"/", body)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := stsfaketest.New(t).Client().Transport.RoundTrip(r); err == nil {
			t.Errorf("%s answers %s", host, resp.Status)
		}
		if !body.closed {
			t.Errorf("%s: the body is open", host)
		}
	}
}

type closable struct {
	*strings.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

// TestSetenvLeavesOutTheMachine: whatever is set outside, the client finds the server [D] (AWS SDKs and Tools Reference
// Guide: FIPS and dual-stack endpoints do not go with an endpoint of one's own).
func TestSetenvLeavesOutTheMachine(t *testing.T) {
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
	srv := stsfaketest.New(t)
	srv.Setenv()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := whoami(once(cfg)); got != srv.User.ARN {
		t.Errorf("caller %s", got)
	}
}

// TestSecureTransport: [D] aws:SecureTransport is true for the client with AWS's names and false for the direct endpoint.
func TestSecureTransport(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	role := srv.NewRoleWithTrustPolicy("careful", `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": {"AWS": "`+srv.User.ARN+`"}, "Action": "sts:AssumeRole",
		"Condition": {"Bool": {"aws:SecureTransport": "true"}}
	}}`)
	input := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	cfg := srv.Config()
	if _, err := once(cfg).AssumeRole(t.Context(), input); codeOf(err) != "AccessDenied" {
		t.Errorf("in plain HTTP: %v", err)
	}
	cfg.BaseEndpoint, cfg.HTTPClient = nil, srv.Client()
	if _, err := once(cfg).AssumeRole(t.Context(), input); err != nil {
		t.Errorf("over TLS: %v", err)
	}
}
