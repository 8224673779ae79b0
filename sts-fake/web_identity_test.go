package stsfake_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// webIdentityAnswer is the answer of AssumeRoleWithWebIdentity as a client reads it.
type webIdentityAnswer struct {
	Result struct {
		SubjectFromWebIdentityToken, Audience, Provider, SourceIdentity string
		AssumedRoleUser                                                 struct{ Arn, AssumedRoleId string } // AWS's spelling
		Credentials                                                     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
		PackedPolicySize                                                *int
	} `xml:"AssumeRoleWithWebIdentityResult"`
}

func (w *world) webIdentity(t *testing.T, c try) webIdentityAnswer {
	t.Helper()
	rec := w.do(t, c)
	var answer webIdentityAnswer
	if err := xml.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != 200 {
		t.Fatalf("got %d %s, %v", rec.Code, rec.Body, err)
	}
	return answer
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.idToken(t, nil)
	nobody := trurl(t)
	nobody.SecretAccessKey = "wrong"
	for name, c := range map[string]try{
		"POST":                  {form: webIdentityForm(token), unsigned: true},
		"GET":                   {method: http.MethodGet, query: webIdentityForm(token), unsigned: true},
		"[I] a wrong signature": {form: webIdentityForm(token), by: &nobody},
		"global endpoint":       {form: webIdentityForm(token), unsigned: true, host: "sts.amazonaws.com"},
		"direct endpoint":       {form: webIdentityForm(token), unsigned: true, host: "127.0.0.1:80"},
	} {
		answer := w.webIdentity(t, c).Result
		if answer.SubjectFromWebIdentityToken != appSubject || answer.Audience != "sts.amazonaws.com" || answer.Provider != providerARN ||
			answer.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/app/me" || answer.PackedPolicySize != nil || answer.SourceIdentity != "" {
			t.Errorf("%s: got %+v", name, answer)
		}
		call := w.lastCall(t)
		if call.Principal != answer.AssumedRoleUser.Arn || call.AccessKeyID != "" || call.Fingerprint != "" || call.Operation != "AssumeRoleWithWebIdentity" {
			t.Errorf("%s: observed %+v", name, call)
		}
		_, caller, err := w.store.Credential(answer.Credentials.AccessKeyId, answer.Credentials.SessionToken)
		if err != nil || caller.FederatedProvider != providerARN || caller.ARN != answer.AssumedRoleUser.Arn {
			t.Errorf("%s: the session is %+v, %v", name, caller, err)
		}
	}
}

// What a token says for AWS ends up in the session: names of the claims from the IAM User Guide [D].
func TestWebIdentityTagsAndSourceIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.idToken(t, map[string]any{
		"aud": "something else", "azp": "azp-client", "amr": []string{"mfa"}, "https://aws.amazon.com/source_identity": "alice",
		"https://aws.amazon.com/tags": map[string]any{
			"principal_tags": map[string][]string{"Team": {"blue"}, "Project": {"x"}}, "transitive_tag_keys": []string{"Team"},
		},
	})
	answer := w.webIdentity(t, try{form: webIdentityForm(token), unsigned: true}).Result
	if answer.Audience != "azp-client" || answer.SourceIdentity != "alice" || answer.PackedPolicySize == nil {
		t.Errorf("got %+v", answer)
	}
	_, caller, err := w.store.Credential(answer.Credentials.AccessKeyId, answer.Credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	want := []iam.Tag{{Key: "Project", Value: "x"}, {Key: "Team", Value: "blue", Transitive: true}}
	if diff := cmp.Diff(want, caller.Tags); diff != "" || caller.SourceIdentity != "alice" {
		t.Errorf("session of %q, tags (-want +got):\n%s", caller.SourceIdentity, diff)
	}
}

const (
	notAJWT       = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	notAuthorized = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	reservedTag   = "Tag keys and values that begin with aws: are reserved for AWS."
	noKey         = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	failed        = " failed to satisfy constraint: Member must "
)

func TestWebIdentityRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock().Unix()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"iss": issuerURL, "sub": appSubject, "aud": "sts.amazonaws.com", "iat": now, "exp": now + 60}
	with := func(name string, value any) try {
		return try{form: webIdentityForm(w.idToken(t, map[string]any{name: value})), unsigned: true}
	}
	form := func(pairs ...string) try {
		return try{form: webIdentityForm(w.idToken(t, nil), pairs...), unsigned: true}
	}
	text := func(token string) try { return try{form: webIdentityForm(token), unsigned: true} }
	w.wantRefused(t, []refusedCall{
		{"[R] configure-aws-credentials#280", with("iss", "https://token.actions.githubusercontent.com"), 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com"},
		{"[R] amazon-eks-irsa-cfn#18", with("aud", "somebody"), 400, "InvalidIdentityToken", "Incorrect token audience"},
		{"[I] azp decides", with("azp", "somebody"), 400, "InvalidIdentityToken", "Incorrect token audience"},
		{"[R] aws-sdk-ruby#2698", with("aud", nil), 400, "InvalidIdentityToken", "Missing a required claim: aud"},
		{"[I] another claim is missing", with("exp", nil), 400, "InvalidIdentityToken", "Missing a required claim: exp"},
		{"[R] aws-sdk-js-v3#3052", text(signToken(t, issuerKey(), "2", claims)), 400, "InvalidIdentityToken", noKey},
		{"[R] aws-sdk-java-v2#5709", with("exp", now-3005), 400, "ExpiredTokenException", fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now, now-3005)},
		{"[R] mozilla-aws-cli#146", with("iat", now-441398), 400, "ExpiredTokenException", "Token too old: 441398"},
		{"ours: not yet", with("nbf", now+1), 400, "InvalidIdentityToken", "Token is not valid yet"},
		{"ours: wrong signature", text(signToken(t, key, "1", claims)), 400, "InvalidIdentityToken", "The signature of the ID Token provided is not valid"},
		{"from memory: no JWT", text("ya29.a0AfH6SM"), 400, "InvalidIdentityToken", notAJWT},
		{"[R] aws-sdk-android#9: subject", with("sub", "system:serviceaccount:default:other"), 403, "AccessDenied", notAuthorized},
		{"[R] aws-sdk-android#9: role of users", form("RoleArn", devARN), 403, "AccessDenied", notAuthorized},
		{"[R] aws-sdk-android#9: no role", form("RoleArn", "arn:aws:iam::111122223333:role/none"), 403, "AccessDenied", notAuthorized},
		{"[R] yace#343", form("RoleArn", "arn:aws:iam::111122223333:user/trurl"), 400, "ValidationError", "Request ARN is invalid"},
		{"[R] yace#343, no ARN", form("RoleArn", "nothing-valid-in-here"), 400, "ValidationError", "Request ARN is invalid"},
		{"[I] partition of the role", form("RoleArn", "arn:aws-cn:iam::111122223333:role/app"), 400, "ValidationError", "Request ARN is invalid"},
		{"[I] partition of the endpoint", try{form: webIdentityForm("tokn"), unsigned: true, host: "sts.cn-north-1.amazonaws.com.cn"}, 400, "ValidationError", "Request ARN is invalid"},
		{"[I] provider of another account", form("RoleArn", "arn:aws:iam::444455556666:role/app"), 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for " + issuerURL},
		{"[R] fog-aws#550", form("WebIdentityToken", "-"), 400, "ValidationError", "1 validation error detected: Value null at 'webIdentityToken'" + failed + "not be null"},
		{"[I] the token is not repeated", text("abc"), 400, "ValidationError", "1 validation error detected: Value at 'webIdentityToken'" + failed + "have length greater than or equal to 4"},
		{"[D] model: longest token", text(strings.Repeat("a", 20001)), 400, "ValidationError", "1 validation error detected: Value at 'webIdentityToken'" + failed + "have length less than or equal to 20000"},
		{"[R] awsu#27", form("DurationSeconds", "7201"), 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"[I] source identity", with("https://aws.amazon.com/source_identity", "a b"), 400, "ValidationError", "1 validation error detected: Value 'a b' at 'sourceIdentity'" + failed + `satisfy regular expression pattern: [\w+=,.@-]*`},
		{"[I] tags", with("https://aws.amazon.com/tags", map[string]any{"principal_tags": map[string]string{"a*": ""}}), 400, "ValidationError", "1 validation error detected: Value 'a*' at 'tags.1.member.key'" + failed + `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{"[I] the same tag twice", with("https://aws.amazon.com/tags", map[string]any{"principal_tags": map[string]string{"a": "", "A": ""}}), 400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"[D] id_tags: reserved key; text ours", with("https://aws.amazon.com/tags/principal_tags/aws:a", "b"), 400, "InvalidParameterValue", reservedTag},
		{"ours: access tokens", form("ProviderId", "www.amazon.com"), 400, "NotEmulated", "AssumeRoleWithWebIdentity with ProviderId is not emulated: OAuth 2.0 access tokens are not verified. Pass an OpenID Connect token, and leave the parameter out."},
		{"[I] version", try{form: "Action=AssumeRoleWithWebIdentity&Version=1", unsigned: true}, 403, "MissingAuthenticationToken", missingToken},
	})
}

// The record says what decided where AWS does not, and who it was about.
func TestWebIdentityReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tt := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"trust":    {map[string]any{"sub": "somebody"}, "somebody of " + issuerURL + ": the role's trust policy does not allow it"},
		"audience": {map[string]any{"aud": "x"}, "the token is for another audience"},
		"provider": {map[string]any{"iss": "https://x"}, "OIDC provider arn:aws:iam::111122223333:oidc-provider/x: does not exist"},
	} {
		w.do(t, try{form: webIdentityForm(w.idToken(t, tt.changes)), unsigned: true})
		if call := w.lastCall(t); call.Reason != tt.want || call.Principal != "" {
			t.Errorf("%s: reason %q, principal %q", name, call.Reason, call.Principal)
		}
	}
}

type failingKeys struct{ err error }

func (f failingKeys) Keys(_ context.Context, _ webidentity.Issuer) (jose.JSONWebKeySet, error) {
	return jose.JSONWebKeySet{}, f.err
}

// Why the key is not to be had makes no difference to the answer [D] (re:Post Knowledge Center, iam-sts-invalididentitytoken,
// for an issuer that does not answer; the text is [R] aws-sdk-js-v3#3052), unless it is the issuer's certificate.
func TestIssuersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys          webidentity.Keys
		code, message string
	}{
		"nobody's":    {nil, "InvalidIdentityToken", noKey},
		"unreachable": {failingKeys{webidentity.ErrUnreachable}, "InvalidIdentityToken", noKey},
		"certificate": {failingKeys{webidentity.ErrCertificate}, "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"}, // [R] hashicorp-education#2
		"broken":      {failingKeys{errors.New("disk full")}, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."},
	} {
		w := newWorld(t)
		w.server = stsfake.New(stsfake.Options{Gate: w.gate, Issuers: tt.keys})
		w.do(t, try{form: webIdentityForm(w.idToken(t, nil)), unsigned: true})
		if call := w.lastCall(t); call.Code != tt.code || call.Message != tt.message || call.Reason == "" {
			t.Errorf("%s: observed %+v", name, call)
		}
	}
}

// No record has a token, or a part of one, whatever becomes of the request.
func TestCallsHoldNoWebIdentityTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, token := range map[string]string{
		"good": w.idToken(t, nil), "expired": w.idToken(t, map[string]any{"exp": 1}), "no issuer": w.idToken(t, map[string]any{"iss": nil}),
		"broken": w.idToken(t, nil) + "!", "too long": w.idToken(t, map[string]any{"x": strings.Repeat("y", 20000)}),
	} {
		for _, c := range []try{
			{form: webIdentityForm(token), unsigned: true},
			{method: http.MethodGet, query: webIdentityForm(token), unsigned: true},
			{form: samlForm("SAMLAssertion", token), unsigned: true},
		} {
			w.do(t, c)
			call := w.lastCall(t)
			call.Request = nil
			record := fmt.Sprintf("%+v", call)
			for part := range strings.SplitSeq(token, ".") {
				if strings.Contains(record, part[:min(len(part), 12)]) {
					t.Errorf("%s: the record has a part of the token: %s", name, record)
				}
			}
		}
	}
}

// The session is good for what a session of a role is, and no longer than the token's own role allows.
func TestWebIdentityDuration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.webIdentity(t, try{form: webIdentityForm(w.idToken(t, nil), "DurationSeconds", "7200"), unsigned: true}).Result
	if want := w.clock().Add(2 * time.Hour).Format(time.RFC3339); answer.Credentials.Expiration != want {
		t.Errorf("expires %s, want %s", answer.Credentials.Expiration, want)
	}
}

// FuzzWebIdentity sends whatever as a token: nothing but the issuer's own tokens gets a session.
func FuzzWebIdentity(f *testing.F) {
	w := newWorld(f)
	good := w.idToken(f, nil)
	f.Add(good, appRoleARN)
	f.Add(w.idToken(f, map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string][]string{"a": {"b"}}}}), appRoleARN)
	f.Add("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3gifQ.", "arn:aws:iam::111122223333:role/\x00")
	f.Fuzz(func(t *testing.T, token, role string) {
		rec := w.do(t, try{form: webIdentityForm(token, "RoleArn", role), unsigned: true, accept: "application/json"})
		if !json.Valid(rec.Body.Bytes()) || rec.Code >= 500 {
			t.Fatalf("got %d %s", rec.Code, rec.Body)
		}
		if rec.Code == http.StatusOK && !strings.Contains(rec.Body.String(), appSubject) {
			t.Errorf("%q has a session: %s", token, rec.Body)
		}
	})
}
