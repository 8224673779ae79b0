package stsfaketest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// DefaultAudience is whom the tokens of an issuer are for unless it is given other client IDs: what EKS puts into the
// tokens of service accounts.
const DefaultAudience = "sts.amazonaws.com"

// OIDCIssuer signs tokens for AssumeRoleWithWebIdentity. IAM of its server has an identity provider for it; nothing
// listens at its URL, the server has its keys at hand.
type OIDCIssuer struct {
	URL         string // the issuer, https://…
	ProviderARN string // of the identity provider in IAM

	server   *Server
	audience string
	signer   jose.Signer
}

// NewOIDCIssuer makes an issuer of tokens, and the identity provider that makes IAM trust it for these client IDs;
// without any, for [DefaultAudience].
func (s *Server) NewOIDCIssuer(clientIDs ...string) *OIDCIssuer {
	s.t.Helper()
	if len(clientIDs) == 0 {
		clientIDs = []string{DefaultAudience}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.need(err)
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: "1"},
	}, (&jose.SignerOptions{}).WithType("JWT"))
	s.need(err)
	url := s.issuers.add(jose.JSONWebKey{Key: private.Public(), KeyID: "1", Algorithm: string(jose.ES256), Use: "sig"})
	provider := iam.OIDCProvider{AccountID: s.options.account, URL: url, ClientIDs: clientIDs}
	s.need(s.store.PutOIDCProvider(provider))
	return &OIDCIssuer{
		URL: url, ProviderARN: provider.ARN(s.store.Partition()),
		server: s, audience: clientIDs[0], signer: signer,
	}
}

// NewRole makes a role that tokens of this issuer for a subject may assume, and returns its ARN.
func (i *OIDCIssuer) NewRole(name, subject string) string {
	i.server.t.Helper()
	return i.server.putRole(name, map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]any{"Federated": i.ProviderARN},
		"Action":    []string{"sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"},
		"Condition": map[string]any{"StringEquals": map[string]any{i.URL[len("https://"):] + ":sub": subject}},
	})
}

// IDToken is a signed token for a subject. By the server's clock it was issued now and is good for an hour. claims
// are put over the usual ones (iss, sub, aud, iat, exp); one that is nil is left out.
func (i *OIDCIssuer) IDToken(subject string, claims map[string]any) string {
	i.server.t.Helper()
	now := i.server.Now()
	all := map[string]any{
		"iss": i.URL, "sub": subject, "aud": i.audience,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	token, err := jwt.Signed(i.signer).Claims(all).Serialize()
	i.server.need(err)
	return token
}

// issuers are the public keys of a server's issuers.
type issuers struct {
	mu   sync.Mutex
	keys webidentity.Static
}

// add makes an issuer with one key, and returns its URL.
func (s *issuers) add(key jose.JSONWebKey) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = webidentity.Static{}
	}
	url := fmt.Sprintf("https://issuer-%d.example.com", len(s.keys)+1)
	s.keys[url] = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}
	return url
}

// Keys implements [webidentity.Keys].
func (s *issuers) Keys(ctx context.Context, issuer webidentity.Issuer) (jose.JSONWebKeySet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys.Keys(ctx, issuer)
}
