package webidentity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

const issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

// now is the current time of the recorded text in spec/sts.md section 2.2.
var now = time.Unix(1731098245, 0)

// signingKeys are one key per kind. RSA keys are slow to make, so that all tests share them.
var signingKeys = sync.OnceValue(func() map[string]any {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	keys := map[string]any{"rsa": rsaKey}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521(), "other": elliptic.P256()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[name] = key
	}
	return keys
})

func public(t testing.TB, kid string) jose.JSONWebKey {
	t.Helper()
	private := jose.JSONWebKey{Key: signingKeys()[kid], KeyID: kid}
	return private.Public()
}

// published are all keys but "other", as the issuer's own.
func published(t testing.TB) webidentity.Static {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, kid := range []string{"rsa", "p256", "p384", "p521"} {
		set.Keys = append(set.Keys, public(t, kid))
	}
	return webidentity.Static{issuer: set}
}

// with are the claims of a service account's token with some changed; nil takes one away.
func with(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": issuer, "sub": "system:serviceaccount:default:app", "aud": []string{"sts.amazonaws.com"},
		"iat": now.Unix() - 60, "nbf": now.Unix() - 60, "exp": now.Unix() + 3600,
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// sign makes a token with the key of a name, which is its key ID as well unless kid says another.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func es256(t testing.TB, claims map[string]any) string {
	t.Helper()
	return sign(t, jose.ES256, signingKeys()["p256"], "p256", claims)
}

func verify(t testing.TB, text string, keys webidentity.Keys) (webidentity.Claims, error) {
	t.Helper()
	token, err := webidentity.Parse(text)
	if err != nil {
		return webidentity.Claims{}, err
	}
	return token.Verify(t.Context(), keys, nil, now)
}
