package emulator

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// issuer signs tokens.
type issuer struct {
	url string
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T, url string) issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{url, key}
}

func (i issuer) keys() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &i.key.PublicKey, KeyID: "a-key", Algorithm: "RS256", Use: "sig"}}}
}

// token is one for my-app of the namespace default, unless change says otherwise.
func (i issuer) token(t *testing.T, change map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": i.url, "aud": []string{"sts.amazonaws.com"}, "sub": "system:serviceaccount:default:my-app",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, change)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.key, KeyID: "a-key"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// appRole is a role for my-app's tokens of the cluster, and its provider.
func appRole() config.Overlay {
	return config.Overlay{
		Roles: []config.Role{{Name: "my-app-role", TrustPolicy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
			"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/{{OIDCProvider my-cluster}}"},"Action":"sts:AssumeRoleWithWebIdentity",
			"Condition":{"StringEquals":{"{{OIDCProvider my-cluster}}:sub":"system:serviceaccount:default:my-app"}}}}`}},
		OIDCProviders: []config.OIDCProvider{{Cluster: "my-cluster", ClientIDs: []string{"sts.amazonaws.com"}}},
	}
}

// exchange is AssumeRoleWithWebIdentity at the direct endpoint, unsigned, and the ARN of the session.
func (e *Environment) exchange(ctx context.Context, token string) (string, error) {
	answer, err := e.stsClient(aws.Credentials{}, func(o *sts.Options) { o.Credentials = aws.AnonymousCredentials{} }).
		AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::111122223333:role/my-app-role"), RoleSessionName: aws.String("pod"), WebIdentityToken: &token,
		})
	if err != nil {
		return "", err
	}
	session := aws.Credentials{
		AccessKeyID: *answer.Credentials.AccessKeyId, SecretAccessKey: *answer.Credentials.SecretAccessKey, SessionToken: *answer.Credentials.SessionToken,
	}
	return e.whoami(ctx, session)
}

// clusterIssuer stands in for the API server of my-cluster.
func (e *Environment) clusterIssuer(t *testing.T) issuer {
	t.Helper()
	name, ok := e.opts.Config.Issuer("my-cluster")
	if !ok {
		t.Fatal("my-cluster has no issuer")
	}
	i := newIssuer(t, name)
	if err := e.aws.clusters.SetSigningKeys(e.primary.arn, i.keys()); err != nil {
		t.Fatal(err)
	}
	return i
}

// TestServiceAccountRoles: the texts are [R] (spec/sts.md section 2.2).
func TestServiceAccountRoles(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	cluster := e.clusterIssuer(t)
	refused := func(what, token, want string) {
		t.Helper()
		_, err := e.exchange(t.Context(), token)
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode()+": "+refusal.ErrorMessage() != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	noProvider := "InvalidIdentityToken: No OpenIDConnect provider found in your account for " + cluster.url
	refused("no provider", cluster.token(t, nil), noProvider)

	id, err := e.aws.addIdentities(appRole())
	if err != nil {
		t.Fatal(err)
	}
	if arn, err := e.exchange(t.Context(), cluster.token(t, nil)); err != nil || arn != "arn:aws:sts::111122223333:assumed-role/my-app-role/pod" {
		t.Errorf("my-app is %q, %v", arn, err)
	}
	refused("another service account", cluster.token(t, map[string]any{"sub": "system:serviceaccount:default:other"}), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity")
	refused("another audience", cluster.token(t, map[string]any{"aud": "https://kubernetes.default.svc"}), "InvalidIdentityToken: Incorrect token audience")
	refused("another cluster", newIssuer(t, cluster.url+"0").token(t, nil), noProvider+"0")
	if _, err := e.exchange(t.Context(), newIssuer(t, cluster.url).token(t, nil)); !refusedWith(err, "InvalidIdentityToken") {
		t.Errorf("a token that somebody else signed: %v", err)
	}

	if err := e.aws.removeIdentities(id); err != nil {
		t.Fatal(err)
	}
	refused("the provider is gone", cluster.token(t, nil), noProvider)
}

// TestDeclaredKeys: an issuer whose keys the configuration has is not asked, and keys come and go with it.
func TestDeclaredKeys(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	github := newIssuer(t, "https://token.actions.githubusercontent.com")
	keys, err := json.Marshal(github.keys())
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.aws.addIdentities(config.Overlay{OIDCProviders: []config.OIDCProvider{{URL: github.url, ClientIDs: []string{"a"}, Keys: config.KeySet(keys)}}})
	if err != nil {
		t.Fatal(err)
	}
	declared := &declaredKeys{awsSide: e.aws}
	if found, err := declared.Keys(t.Context(), webidentity.Issuer{URL: github.url}); err != nil || len(found.Keys) != 1 {
		t.Errorf("declared: %+v, %v", found, err)
	}
	parsed := declared.parsed.Load()
	if _, err := declared.Keys(t.Context(), webidentity.Issuer{URL: github.url}); err != nil || declared.parsed.Load() != parsed {
		t.Errorf("the same configuration is parsed again, %v", err)
	}
	if err := e.aws.removeIdentities(id); err != nil {
		t.Fatal(err)
	}
	if found, err := declared.Keys(t.Context(), webidentity.Issuer{URL: github.url}); !errors.Is(err, webidentity.ErrUnknownIssuer) {
		t.Errorf("removed: %+v, %v", found, err)
	}
}

// TestIssuerDocuments reads a cluster's documents as curl does, through the proxy.
func TestIssuerDocuments(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	cluster := e.clusterIssuer(t)
	proxy, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	client := issuerClient(proxy, e.ca.CertPEM())
	found, err := webidentity.Discovery{Client: client}.Keys(t.Context(), webidentity.Issuer{URL: cluster.url})
	if err != nil || len(found.Keys) != 1 || !cluster.key.PublicKey.Equal(found.Keys[0].Key) {
		t.Errorf("discovered %+v, %v", found, err)
	}
	if _, err := (webidentity.Discovery{Client: client}).Keys(t.Context(), webidentity.Issuer{URL: cluster.url + "0"}); !errors.Is(err, webidentity.ErrNoKey) {
		t.Errorf("another issuer: %v", err)
	}
}

// TestOtherIssuers: an issuer on this machine is asked without the proxy, every other host through it.
func TestOtherIssuers(t *testing.T) {
	t.Parallel()
	var local issuer
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_ = json.NewEncoder(w).Encode(local.keys())
			return
		}
		_, _ = io.WriteString(w, `{"issuer":"`+local.url+`","jwks_uri":"`+local.url+`/keys"}`)
	}))
	t.Cleanup(server.Close)
	local = newIssuer(t, server.URL)
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	gateway, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	discovery := webidentity.Discovery{Client: issuerClient(gateway, ca)}
	if found, err := discovery.Keys(t.Context(), webidentity.Issuer{URL: local.url}); err != nil || len(found.Keys) != 1 {
		t.Errorf("local issuer: %+v, %v", found, err)
	}
	if _, err := discovery.Keys(t.Context(), webidentity.Issuer{URL: "https://issuer.example.com"}); !errors.Is(err, webidentity.ErrUnreachable) {
		t.Errorf("remote issuer: %v", err)
	}
	if got := <-asked; got != "CONNECT issuer.example.com:443" {
		t.Errorf("the proxy was asked for %s", got)
	}
}

// TestInactiveRegion: the text is [R], that GetCallerIdentity works all the same is [R] too (spec/sts.md section 2.2).
func TestInactiveRegion(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	e.opts.Config.InactiveSTSRegions = []string{"eu-west-3"}
	trurl, paris := keys(t, e.opts.Config, "trurl"), func(o *sts.Options) { o.Region = "eu-west-3" }
	assume := func(options ...func(*sts.Options)) error {
		_, err := e.stsClient(trurl, options...).AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::111122223333:role/some-other-role"), RoleSessionName: aws.String("session"),
		})
		return err
	}
	var refusal smithy.APIError
	const want = "STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console."
	if err := assume(paris); !errors.As(err, &refusal) || refusal.ErrorCode() != "RegionDisabledException" || refusal.ErrorMessage() != want {
		t.Errorf("in Paris: %v", err)
	}
	if err := assume(); err != nil {
		t.Errorf("in Oregon: %v", err)
	}
	if _, err := e.whoami(t.Context(), trurl, paris); err != nil {
		t.Errorf("GetCallerIdentity in Paris: %v", err)
	}
}

// TestIssuerHostIsEmulated: other hosts with that beginning are not.
func TestIssuerHostIsEmulated(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	for host, want := range map[string]bool{
		"oidc.eks.us-west-2.amazonaws.com": true, "oidc.eks.eu-west-1.amazonaws.com": true,
		"oidc.eks.example.com": false, "oidc-fips.eks.us-west-2.amazonaws.com": false,
	} {
		if got := e.aws.handler(host) != nil; got != want {
			t.Errorf("%s: emulated %v, want %v", host, got, want)
		}
	}
}
