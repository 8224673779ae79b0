package stsfake_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// What the world has beside trurl: user klapaucius with an MFA device, who may give others sessions; a role that wants
// his device; an identity provider, and a role for one of its subjects.
const (
	inactiveRegion = "ap-east-1"
	klapauciusARN  = "arn:aws:iam::111122223333:user/klapaucius"
	deviceRoleARN  = "arn:aws:iam::111122223333:role/device"
	appRoleARN     = "arn:aws:iam::111122223333:role/app"
	issuerURL      = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	providerARN    = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	appSubject     = "system:serviceaccount:default:app"
	deviceSerial   = "arn:aws:iam::111122223333:mfa/klapaucius"
	deviceSeed     = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// issuerKey signs the tokens of the world's identity provider.
var issuerKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

func issuers(t testing.TB) webidentity.Keys {
	t.Helper()
	key := jose.JSONWebKey{Key: &issuerKey().PublicKey, KeyID: "1", Algorithm: "ES256", Use: "sig"}
	return webidentity.Static{issuerURL: {Keys: []jose.JSONWebKey{key}}}
}

func (w *world) populateFederation(t testing.TB) {
	t.Helper()
	key, err := iam.FixtureAccessKey(account, "klapaucius")
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.Load(iam.Snapshot{
		OIDCProviders: []iam.OIDCProvider{{AccountID: account, URL: issuerURL, ClientIDs: []string{"sts.amazonaws.com", "azp-client"}}},
		Users: []iam.User{{
			AccountID: account, Name: "klapaucius", AccessKeys: []iam.AccessKey{key},
			MFADevices: []iam.MFADevice{{SerialNumber: deviceSerial, Seed: deviceSeed}},
			Policies: []iam.InlinePolicy{{Document: policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",
				"Action":["sts:GetFederationToken","sts:TagSession","sts:DecodeAuthorizationMessage"]}}`)}},
		}},
		Roles: []iam.Role{
			{AccountID: account, Name: "device", TrustPolicy: policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
				"Principal":{"AWS":"`+klapauciusARN+`"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}`)},
			{AccountID: account, Name: "app", MaxSessionDuration: 2 * time.Hour, TrustPolicy: policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
				"Principal":{"Federated":"`+providerARN+`"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"],
				"Condition":{"StringEquals":{"oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"`+appSubject+`"}}}}`)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func policy(t testing.TB, document string) iam.Policy {
	t.Helper()
	p, err := iam.ParsePolicy([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// idToken is a token of the world's identity provider for the app, with some claims changed; nil takes one away.
func (w *world) idToken(t testing.TB, changes map[string]any) string {
	t.Helper()
	now := w.clock()
	claims := map[string]any{
		"iss": issuerURL, "sub": appSubject, "aud": []string{"sts.amazonaws.com"}, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return signToken(t, issuerKey(), "1", claims)
}

func signToken(t testing.TB, key *ecdsa.PrivateKey, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// code is what klapaucius's device shows now.
func (w *world) code(t testing.TB) string {
	t.Helper()
	code, err := iam.TOTP(deviceSeed, w.clock())
	if err != nil {
		t.Fatal(err)
	}
	return code
}
