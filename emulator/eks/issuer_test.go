package eks

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func signingKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// published is a registry with my-cluster in Oregon, its keys, and its issuer.
func published(t *testing.T) (*Registry, jose.JSONWebKey, string) {
	t.Helper()
	r := NewRegistry(RegistryOptions{})
	testCluster(t, r, oregon, "my-cluster")
	arn := ClusterARN("aws", oregon, "my-cluster")
	issuer := testIssuer(oregon, "my-cluster")
	key := jose.JSONWebKey{Key: &signingKey(t).PublicKey, KeyID: "a-key", Algorithm: "RS256", Use: "sig"}
	if err := r.SetSigningKeys(arn, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}); err != nil {
		t.Fatal(err)
	}
	return r, key, issuer
}

// get asks for a URL as a client of the gateway does.
func get(t *testing.T, r *Registry, method, url string) (*http.Response, string) {
	t.Helper()
	issuers := &Issuers{Clusters: r, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
	w := httptest.NewRecorder()
	issuers.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer, string(body)
}

// TestDiscoveryDocument has the members of a recorded document [R: nov/openid_connect#62].
func TestDiscoveryDocument(t *testing.T) {
	t.Parallel()
	r, _, issuer := published(t)
	answer, body := get(t, r, http.MethodGet, issuer+"/.well-known/openid-configuration")
	want := `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/keys","authorization_endpoint":"urn:kubernetes:programmatic_authorization",` +
		`"response_types_supported":["id_token"],"subject_types_supported":["public"],"claims_supported":["sub","iss"],"id_token_signing_alg_values_supported":["RS256"]}`
	if body != want {
		t.Errorf("document\n%s\nwant\n%s", body, want)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Date") != "Fri, 02 Jan 2026 03:04:05 GMT" {
		t.Errorf("status %d, headers %v", answer.StatusCode, answer.Header)
	}
}

// TestKeys has the members of AWS's example [D: EKS User Guide, irsa-fetch-keys].
func TestKeys(t *testing.T) {
	t.Parallel()
	r, key, issuer := published(t)
	_, body := get(t, r, http.MethodGet, strings.Replace(issuer, ".com/", ".com:443/", 1)+"/keys")
	for _, member := range []string{`"kty":"RSA"`, `"kid":"a-key"`, `"use":"sig"`, `"alg":"RS256"`, `"e":"AQAB"`, `"n":"`} {
		if !strings.Contains(body, member) {
			t.Errorf("no %s in %s", member, body)
		}
	}
	keys, ok := r.SigningKeys(issuer)
	if !ok || len(keys.Keys) != 1 || !key.Key.(*rsa.PublicKey).Equal(keys.Keys[0].Key) {
		t.Errorf("signing keys %+v, %v", keys, ok)
	}
}

// TestNoDocument: statuses are [I].
func TestNoDocument(t *testing.T) {
	t.Parallel()
	r, _, issuer := published(t)
	testCluster(t, r, oregon, "without-keys")
	without := testIssuer(oregon, "without-keys")
	for _, tc := range []struct {
		method, url string
		status      int
	}{
		{http.MethodGet, issuer, 404},
		{http.MethodGet, issuer + "/", 404},
		{http.MethodGet, issuer + "/keys/", 404},
		{http.MethodGet, strings.ToLower(issuer) + "/keys", 404},
		{http.MethodGet, strings.Replace(issuer, "us-west-2", "eu-west-1", 1) + "/keys", 404},
		{http.MethodGet, without + "/keys", 404},
		{http.MethodGet, without + discoveryPath, 404},
		{http.MethodPost, issuer + "/keys", 405},
		{http.MethodHead, issuer + "/keys", 200},
	} {
		if answer, _ := get(t, r, tc.method, tc.url); answer.StatusCode != tc.status {
			t.Errorf("%s %s: status %d, want %d", tc.method, tc.url, answer.StatusCode, tc.status)
		}
	}
}

func TestSetSigningKeysRefuses(t *testing.T) {
	t.Parallel()
	r := NewRegistry(RegistryOptions{})
	testCluster(t, r, oregon, "my-cluster")
	arn := ClusterARN("aws", oregon, "my-cluster")
	for _, tc := range []struct {
		arn  string
		key  any
		want string
	}{
		{arn, signingKey(t), `the key "k" is no public key`},
		{arn, []byte("a secret that both sides know"), `the key "k" is no public key`},
		{arn + "-2", &signingKey(t).PublicKey, ErrClusterNotFound.Error()},
	} {
		err := r.SetSigningKeys(tc.arn, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: tc.key, KeyID: "k"}}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("error %v, want %s in it", err, tc.want)
		}
	}
}

func TestIsIssuerHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"oidc.eks.us-west-2.amazonaws.com":      true,
		"oidc.eks.cn-north-1.amazonaws.com.cn":  true, // [I], as in Issuer
		"oidc.eks.us-gov-west-1.amazonaws.com":  true,
		"oidc.eks.cn-north-1.amazonaws.com":     false,
		"oidc.eks.us-west-2.amazonaws.com.cn":   false,
		"eks.us-west-2.amazonaws.com":           false,
		"oidc.eks.amazonaws.com":                false,
		"oidc.eks.us-west-2.amazonaws.com.evil": false,
		"oidc.eks.x.us-west-2.amazonaws.com":    false,
		"oidc.eks.":                             false,
	} {
		if got := IsIssuerHost(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
