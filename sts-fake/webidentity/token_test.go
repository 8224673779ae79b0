package webidentity_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// The accepted algorithms are those of the STS API reference, WebIdentityToken [D].
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	for algorithm, kid := range map[jose.SignatureAlgorithm]string{
		jose.RS256: "rsa", jose.RS384: "rsa", jose.RS512: "rsa", jose.ES256: "p256", jose.ES384: "p384", jose.ES512: "p521",
	} {
		text := sign(t, algorithm, signingKeys()[kid], kid, with(nil))
		claims, err := verify(t, text, published(t))
		if err != nil || claims.Subject != "system:serviceaccount:default:app" {
			t.Errorf("%s: got %+v, %v", algorithm, claims, err)
		}
		if _, err := verify(t, sign(t, algorithm, signingKeys()[kid], "", with(nil)), published(t)); err != nil {
			t.Errorf("%s without a key ID: %v", algorithm, err)
		}
	}
}

// unsecured is a token with a header of one's own and whatever signature.
func unsecured(header, payload, signature string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode([]byte(signature))
}

func TestMalformedTokens(t *testing.T) {
	t.Parallel()
	good := es256(t, with(nil))
	parts := strings.Split(good, ".")
	plain := `{"iss":"` + issuer + `","sub":"x","aud":"sts.amazonaws.com"}`
	for name, text := range map[string]string{
		"empty":               "",
		"opaque":              "ya29.a0AfH6SM",
		"two parts":           parts[0] + "." + parts[1],
		"five parts":          good + ".a.b",
		"none":                unsecured(`{"alg":"none"}`, plain, ""),
		"None":                unsecured(`{"alg":"None"}`, plain, ""),
		"no algorithm":        unsecured(`{}`, plain, "x"),
		"HMAC with public":    sign(t, jose.HS256, []byte("a secret that is long enough for this"), "rsa", with(nil)),
		"PSS":                 sign(t, jose.PS256, signingKeys()["rsa"], "rsa", with(nil)),
		"header is no object": unsecured(`[]`, plain, "x"),
		"payload no JSON":     unsecured(`{"alg":"ES256"}`, "x", "x"),
		"payload a list":      unsecured(`{"alg":"ES256"}`, "[]", "x"),
		"issuer a number":     unsecured(`{"alg":"ES256"}`, `{"iss":1}`, "x"),
		"two issuers":         unsecured(`{"alg":"ES256"}`, `{"iss":"https://a","iss":"https://b"}`, "x"),
		"padding":             good + "=",
		"white space":         " " + good,
		"too long":            strings.Repeat("a", webidentity.MaxTokenLength+1),
		"unknown critical":    unsecured(`{"alg":"ES256","crit":["x"],"x":1}`, plain, "x"),
	} {
		_, err := verify(t, text, published(t))
		if !errors.Is(err, webidentity.ErrMalformed) && !(name == "unknown critical" && errors.Is(err, webidentity.ErrSignature)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	keys := signingKeys()
	good := es256(t, with(nil))
	parts := strings.Split(good, ".")
	other := strings.Split(es256(t, with(map[string]any{"sub": "somebody else"})), ".")
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: keys["other"]}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	brought, err := embedded.Sign([]byte(`{"iss":"` + issuer + `","sub":"x","aud":"a","iat":1731098245,"exp":1731098300}`))
	if err != nil {
		t.Fatal(err)
	}
	selfSigned, err := brought.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"another key of the same ID":          {sign(t, jose.ES256, keys["other"], "p256", with(nil)), webidentity.ErrSignature},
		"another key without an ID":           {sign(t, jose.ES256, keys["other"], "", with(nil)), webidentity.ErrSignature},
		"another key in the header":           {selfSigned, webidentity.ErrSignature},
		"unknown key ID":                      {sign(t, jose.ES256, keys["p256"], "gone", with(nil)), webidentity.ErrNoKey},
		"payload of another token":            {parts[0] + "." + other[1] + "." + parts[2], webidentity.ErrSignature},
		"signature of another token":          {parts[0] + "." + parts[1] + "." + other[2], webidentity.ErrSignature},
		"no signature":                        {parts[0] + "." + parts[1] + ".", webidentity.ErrMalformed},
		"ES256 with a key of another curve":   {strings.Replace(good, parts[0], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"p384"}`)), 1), webidentity.ErrSignature},
		"RS256 claimed for an elliptic key":   {strings.Replace(good, parts[0], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"p256"}`)), 1), webidentity.ErrSignature},
		"issuer that nobody declared":         {es256(t, with(map[string]any{"iss": "https://unknown.example"})), webidentity.ErrUnknownIssuer},
		"the same issuer with a slash behind": {es256(t, with(map[string]any{"iss": issuer + "/"})), webidentity.ErrUnknownIssuer},
	} {
		claims, err := verify(t, tt.text, published(t))
		if name == "no signature" && errors.Is(err, webidentity.ErrSignature) {
			continue // an empty signature is a wrong one
		}
		if !errors.Is(err, tt.want) || claims.Subject != "" {
			t.Errorf("%s: got %+v, %v; want %v", name, claims, err, tt.want)
		}
	}
}

// A key that names an algorithm or a use is good for that only.
func TestKeysForOneThing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*jose.JSONWebKey){
		"encryption":        func(k *jose.JSONWebKey) { k.Use = "enc" },
		"another algorithm": func(k *jose.JSONWebKey) { k.Algorithm = "RS256" },
		"symmetric":         func(k *jose.JSONWebKey) { k.Key = []byte("secret") },
	} {
		key := public(t, "p256")
		change(&key)
		_, err := verify(t, es256(t, with(nil)), webidentity.Static{issuer: {Keys: []jose.JSONWebKey{key}}})
		if !errors.Is(err, webidentity.ErrNoKey) && !errors.Is(err, webidentity.ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	key := public(t, "p256")
	key.Use, key.Algorithm = "sig", "ES256"
	if _, err := verify(t, es256(t, with(nil)), webidentity.Static{issuer: {Keys: []jose.JSONWebKey{key}}}); err != nil {
		t.Error(err)
	}
}

func TestTimesAndClaims(t *testing.T) {
	t.Parallel()
	unix := now.Unix()
	const day = 24 * 60 * 60
	for name, tt := range map[string]struct {
		changes map[string]any
		want    string // of the error; "" for none
	}{
		"[R] expired":                     {map[string]any{"exp": unix - 3005}, "the token expired at 2024-11-08T19:47:20Z: get a new one"},
		"[R] over at its second":          {map[string]any{"exp": unix}, "the token expired at 2024-11-08T20:37:25Z: get a new one"},
		"last second":                     {map[string]any{"exp": unix + 1}, ""},
		"[I] too old, by a bound of ours": {map[string]any{"iat": unix - day - 1}, "the token was issued 24h0m1s ago, more than 24h0m0s: get a new one"},
		"a day old":                       {map[string]any{"iat": unix - day}, ""},
		"[I] not yet":                     {map[string]any{"nbf": unix + 1}, "the token is not valid before 2024-11-08T20:37:26Z"},
		"now":                             {map[string]any{"nbf": unix}, ""},
		"without nbf":                     {map[string]any{"nbf": nil}, ""},
		"[I] without exp":                 {map[string]any{"exp": nil}, `the token has no claim "exp"`},
		"[I] without iat":                 {map[string]any{"iat": nil}, `the token has no claim "iat"`},
		"[I] without sub":                 {map[string]any{"sub": nil}, `the token has no claim "sub"`},
		"[I] without iss":                 {map[string]any{"iss": nil}, `the token has no claim "iss"`},
		"[D] times are integers":          {map[string]any{"exp": float64(unix) + 100.5}, webidentity.ErrMalformed.Error() + `: claim "exp" has a value of the wrong type`},
		"time as a text":                  {map[string]any{"iat": fmt.Sprint(unix)}, webidentity.ErrMalformed.Error() + `: claim "iat" has a value of the wrong type`},
		"subject a list":                  {map[string]any{"sub": []string{"a"}}, webidentity.ErrMalformed.Error() + `: claim "sub" has a value of the wrong type`},
		"[D] two values of a tag":         {tags(`{"principal_tags":{"a":["1","2"]}}`), webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags" has a tag without exactly one value`},
		"[D] two values of a flat tag":    {flatTag("a", []string{"1", "2"}), webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags" has a tag without exactly one value`},
		"flat tag a number":               {flatTag("a", 1), webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags/principal_tags/a" has a value of the wrong type`},
		"flat tag null":                   {flatTag("a", jsonText("null")), webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags/principal_tags/a" has a value of the wrong type`},
		"[I] flat transitive without tag": {map[string]any{"https://aws.amazon.com/tags/transitive_tag_keys": []string{"a"}}, webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags" has a transitive key without a tag`},
		"[I] both forms":                  {map[string]any{"https://aws.amazon.com/tags": jsonText(`{}`), "https://aws.amazon.com/tags/principal_tags/a": "1"}, webidentity.ErrMalformed.Error() + `: it has session tags in claim "https://aws.amazon.com/tags" and in claims of their own`},
		"[I] transitive without tag":      {tags(`{"principal_tags":{},"transitive_tag_keys":["a"]}`), webidentity.ErrMalformed.Error() + `: claim "https://aws.amazon.com/tags" has a transitive key without a tag`},
	} {
		_, err := verify(t, es256(t, with(tt.changes)), published(t))
		if got := text(err); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func tags(value string) map[string]any {
	return map[string]any{"https://aws.amazon.com/tags": jsonText(value)}
}

func flatTag(key string, value any) map[string]any {
	return map[string]any{"https://aws.amazon.com/tags/principal_tags/" + key: value}
}

type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func TestExpiredErrorHasBothTimes(t *testing.T) {
	t.Parallel()
	_, err := verify(t, es256(t, with(map[string]any{"exp": now.Unix() - 3005})), published(t))
	var expired *webidentity.ExpiredError
	if !errors.As(err, &expired) || !expired.Now.Equal(now) || !expired.Expiry.Equal(time.Unix(1731095240, 0)) {
		t.Errorf("got %+v", expired)
	}
}

// The whole of a rich token. Names of the AWS claims: IAM User Guide [D].
func TestClaims(t *testing.T) {
	t.Parallel()
	got, err := verify(t, es256(t, with(map[string]any{
		"aud": "app", "azp": "client", "amr": []string{"authenticated", "mfa"},
		"https://aws.amazon.com/source_identity": "alice",
		"https://aws.amazon.com/tags":            jsonText(`{"principal_tags":{"Team":["blue"],"Project":["x"]},"transitive_tag_keys":["Team"]}`),
	})), published(t))
	if err != nil {
		t.Fatal(err)
	}
	want := webidentity.Claims{
		Issuer: issuer, Subject: "system:serviceaccount:default:app", Audience: []string{"client"}, OriginalAudience: []string{"app"},
		SourceIdentity: "alice", Methods: []string{"authenticated", "mfa"},
		Tags: []webidentity.Tag{{Key: "Project", Value: "x"}, {Key: "Team", Value: "blue", Transitive: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// Session tags in their two forms [D] (IAM User Guide, "Pass session tags in AWS STS"). Those marked [I] mix them.
func TestTags(t *testing.T) {
	t.Parallel()
	const prefix = "https://aws.amazon.com/tags"
	want := []webidentity.Tag{{Key: "Project", Value: "x"}, {Key: "Team/a", Value: "blue", Transitive: true}}
	for name, claims := range map[string]map[string]any{
		"[D] nested": {prefix: jsonText(`{"principal_tags":{"Team/a":["blue"],"Project":["x"]},"transitive_tag_keys":["Team/a"]}`)},
		"[D] flat": {
			prefix + "/principal_tags/Project": "x", prefix + "/principal_tags/Team/a": "blue", prefix + "/transitive_tag_keys": []string{"Team/a"},
		},
		"[I] nested texts": {prefix: jsonText(`{"principal_tags":{"Team/a":"blue","Project":"x"},"transitive_tag_keys":"Team/a"}`)},
		"[I] flat lists": {
			prefix + "/principal_tags/Project": []string{"x"}, prefix + "/principal_tags/Team/a": []string{"blue"}, prefix + "/transitive_tag_keys": "Team/a",
		},
	} {
		got, err := verify(t, es256(t, with(claims)), published(t))
		if diff := cmp.Diff(want, got.Tags); err != nil || diff != "" {
			t.Errorf("%s: %v, tags (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestAudience(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		claims webidentity.Claims
		found  string
		want   string
	}{
		"one":     {webidentity.Claims{Audience: []string{"a"}}, "a", ""},
		"several": {webidentity.Claims{Audience: []string{"x", "b"}}, "b", ""},
		"other":   {webidentity.Claims{Audience: []string{"A"}}, "", webidentity.ErrAudience.Error()},
		"none":    {webidentity.Claims{}, "", `the token has no claim "aud"`},
	} {
		found, err := tt.claims.AudienceIn([]string{"a", "b"})
		if found != tt.found || text(err) != tt.want {
			t.Errorf("%s: got %q, %v", name, found, err)
		}
	}
}

// No error gives the token away, whatever is wrong with it.
func TestErrorsHoldNoToken(t *testing.T) {
	t.Parallel()
	good := es256(t, with(nil))
	for _, text := range []string{good + "x", good[1:], strings.Replace(good, ".", "..", 1), es256(t, with(map[string]any{"exp": 1})), es256(t, with(map[string]any{"sub": 5}))} {
		_, err := verify(t, text, published(t))
		if err == nil {
			t.Fatalf("%.20s… is accepted", text)
		}
		for part := range strings.SplitSeq(text, ".") {
			if len(part) > 8 && strings.Contains(err.Error(), part[:8]) {
				t.Errorf("the error has a part of the token: %v", err)
			}
		}
	}
}
