package stsfaketest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// TestOIDC has tokens that are refused: [R] the codes and texts of spec/sts.md section 2.2.
func TestOIDC(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	issuer := srv.NewOIDCIssuer("one", "two")
	another := srv.NewOIDCIssuer()
	if issuer.URL == another.URL || issuer.ProviderARN != "arn:aws:iam::111122223333:oidc-provider/"+strings.TrimPrefix(issuer.URL, "https://") {
		t.Errorf("issuers %s and %s, provider %s", issuer.URL, another.URL, issuer.ProviderARN)
	}
	role := issuer.NewRole("builder", "me")
	for _, tc := range []struct {
		token, code string
	}{
		{issuer.IDToken("me", nil), ""},
		{issuer.IDToken("me", map[string]any{"aud": "two"}), ""},
		{issuer.IDToken("you", nil), "AccessDenied"},
		{another.IDToken("me", nil), "AccessDenied"},
		{another.IDToken("me", map[string]any{"iss": issuer.URL, "aud": "one"}), "InvalidIdentityToken"}, // signed by somebody else
		{issuer.IDToken("me", map[string]any{"aud": "three"}), "InvalidIdentityToken"},
		{issuer.IDToken("me", map[string]any{"aud": nil}), "InvalidIdentityToken"},
		{issuer.IDToken("me", map[string]any{"exp": srv.Now().Add(-time.Minute).Unix()}), "ExpiredTokenException"},
	} {
		_, err := once(srv.ConfigFor(aws.Credentials{})).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("session"), WebIdentityToken: &tc.token,
		})
		if codeOf(err) != tc.code || (err == nil) != (tc.code == "") {
			t.Errorf("%v, want %q", err, tc.code)
		}
	}
}

// TestIssuersAndInactiveRegions: the text for an inactive region is [R] (spec/sts.md section 2.2).
func TestIssuersAndInactiveRegions(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://token.example.com"
	srv := stsfaketest.New(t, stsfaketest.WithRegion("eu-west-1"),
		stsfaketest.WithIssuers(webidentity.Static{url: {Keys: []jose.JSONWebKey{{Key: key.Public()}}}}),
		stsfaketest.WithInactiveRegion(func(accountID, region string) bool {
			return accountID == stsfaketest.DefaultAccount && region == "ap-east-1"
		}))
	own := srv.NewOIDCIssuer()
	provider := iam.OIDCProvider{AccountID: stsfaketest.DefaultAccount, URL: url, ClientIDs: []string{stsfaketest.DefaultAudience}}
	if err := srv.Store().PutOIDCProvider(provider); err != nil {
		t.Fatal(err)
	}
	role := srv.NewRoleWithTrustPolicy("app", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}}`)
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": url, "sub": "me", "aud": stsfaketest.DefaultAudience, "iat": srv.Now().Unix(), "exp": srv.Now().Unix() + 60,
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, token, region, code string }{
		{"an option's issuer", token, "eu-west-1", ""},
		{"the server's own", own.IDToken("me", nil), "eu-west-1", ""},
		{"inactive region", token, "ap-east-1", "RegionDisabledException"},
	} {
		cfg := srv.Config()
		cfg.BaseEndpoint, cfg.HTTPClient, cfg.Region = nil, srv.Client(), tc.region
		_, err := once(cfg).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("session"), WebIdentityToken: &tc.token,
		})
		if codeOf(err) != tc.code || (err == nil) != (tc.code == "") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
