package webidentity_test

import (
	"strings"
	"testing"

	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// Nothing that is not signed by the issuer is believed, and nothing panics.
func FuzzVerify(f *testing.F) {
	keys := published(f)
	good := es256(f, with(nil))
	f.Add(good)
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Add(unsecured(`{"alg":"none"}`, `{"iss":"`+issuer+`"}`, ""))
	f.Add(unsecured(`{"alg":"ES256","kid":"p256"}`, `{"iss":"`+issuer+`","aud":["a"],"https://aws.amazon.com/tags":{}}`, strings.Repeat("x", 64)))
	f.Fuzz(func(t *testing.T, text string) {
		token, err := webidentity.Parse(text)
		if err != nil {
			return
		}
		if claims, err := token.Verify(t.Context(), keys, nil, now); err == nil && text != good && claims.Subject != "system:serviceaccount:default:app" {
			t.Errorf("%q is believed: %+v", text, claims)
		}
	})
}
