package iam

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOIDCProviders(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	eks := OIDCProvider{
		AccountID: account, URL: "https://oidc.eks.us-west-2.amazonaws.com/id/ABCD", ClientIDs: []string{"sts.amazonaws.com"},
		Thumbprints: []string{strings.Repeat("0aF9", 10)},
	}
	github := OIDCProvider{AccountID: other, URL: "https://token.actions.githubusercontent.com"}
	for _, p := range []OIDCProvider{eks, github} {
		if err := s.PutOIDCProvider(p); err != nil {
			t.Fatal(err)
		}
	}
	eks.CreateDate = newClock().now.Truncate(time.Second) // both are made when they are put
	github.CreateDate = eks.CreateDate
	const arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/ABCD"
	if eks.ARN("aws") != arn || eks.Name() != "oidc.eks.us-west-2.amazonaws.com/id/ABCD" {
		t.Errorf("ARN %s, name %s", eks.ARN("aws"), eks.Name())
	}
	got, err := s.OIDCProvider(account, eks.URL)
	if diff := cmp.Diff(eks, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := s.OIDCProvider(account, eks.Name()); err != nil {
		t.Errorf("without its scheme: %v", err)
	}
	for _, miss := range []string{"https://oidc.eks.us-west-2.amazonaws.com/id/ABCD/", "https://OIDC.eks.us-west-2.amazonaws.com/id/ABCD", github.URL, "http://" + eks.Name(), ""} {
		if _, err := s.OIDCProvider(account, miss); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: got %v", miss, err)
		}
	}
	next := newStore(t, newClock())
	if err := next.Load(roundTrip(t, s.Snapshot())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]OIDCProvider{eks, github}, next.OIDCProviders()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	if err := next.DeleteOIDCProvider(arn); err != nil {
		t.Fatal(err)
	}
	if err := next.DeleteOIDCProvider(arn); !errors.Is(err, ErrNotFound) || len(next.OIDCProviders()) != 1 {
		t.Errorf("deleted twice: %v", err)
	}
}

// [D]: IAM API reference, CreateOpenIDConnectProvider; that a port is taken is ours.
func TestOIDCProviderProblems(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://127.0.0.1:8443/id/1":                "",
		"https://tenant.auth0.com/":                  "",
		"http://oidc.example.com":                    "is no https:// URL",
		"oidc.example.com":                           "is no https:// URL",
		"HTTPS://oidc.example.com":                   "is no https:// URL",
		"https://":                                   "is no https:// URL",
		"https://oidc.example.com/%zz":               "is no https:// URL",
		"https://oidc.example.com?x=1":               "has more than a host and a path",
		"https://oidc.example.com#":                  "has more than a host and a path",
		"https://me@oidc.example.com":                "has more than a host and a path",
		"https://" + strings.Repeat("a", 248) + ".b": "has more than 255 characters",
	} {
		err := newStore(t, newClock()).PutOIDCProvider(OIDCProvider{AccountID: account, URL: url})
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
	err := newStore(t, newClock()).PutOIDCProvider(OIDCProvider{
		AccountID: "1", URL: "https://oidc.example.com", ClientIDs: append(make([]string, 100), "x"),
		Thumbprints: []string{"xyz", "", "", "", "", ""},
	})
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1+1+100+1+6 {
		t.Errorf("got %d problems: %v", len(problems), err)
	}
}
