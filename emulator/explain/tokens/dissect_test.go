package tokens

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
)

// tokenCase is a token and what has to be said about it: the cause that decides, words of its report, and the cluster's
// partition if it is not that of the token.
type tokenCase struct {
	name, token, cause, says, partition string
}

// formCases are tokens of which the form is wrong.
func formCases(now time.Time) []tokenCase {
	good := build{}.token(now)
	return []tokenCase{
		{"good", good, "", "nothing in the token itself is wrong", ""},
		{"empty", "", "token-prefix", "k8s-aws-v1.", ""},
		{"too large", build{set: map[string]string{"X-Amz-Security-Token": strings.Repeat("a", 4000)}}.token(now), "token-too-large", "token is too large", ""},
		{"other prefix", build{prefix: "heptio-v1."}.token(now), "token-prefix", "", ""},
		{"no prefix", strings.TrimPrefix(good, prefix), "token-prefix", "", ""},
		{"service account", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl", "", "the API server verifies it itself", ""},
		{"service account in two lines", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl\ncm5ldGVzIn0.c2lnbmF0dXJl", "token-line-break", "invalid header field value", ""},
		{"tabulator inside", good[:80] + "\t" + good[80:], "token-base64", "", ""}, // a header may have it
		{"control character", good[:80] + "\x00" + good[80:], "token-line-break", "no HTTP header can carry it", ""},
		{"quoted", `"` + good + `"`, "token-prefix", "it stands in quotes", ""},
		{"header", "Bearer " + good, "token-prefix", "a header's or a field's name", ""},
		{"line break", good + "\n", "token-line-break", "line breaks stand around it", ""}, // base64 in Go ignores it
		{"wrapped", good[:80] + "\n" + good[80:], "token-line-break", "broken into lines", ""},
		{"wrapped as DOS does", good[:80] + "\r\n" + good[80:], "token-line-break", "broken into lines", ""},
		{"blank inside", good[:80] + " " + good[80:], "token-base64", "blanks or line breaks inside", ""},
		{"padded", build{wrap: func(u string) string { return prefix + base64.URLEncoding.EncodeToString([]byte(u+"00"[:2-len(u)%3])) }}.token(now), "token-base64", "padding", ""},
		{"standard alphabet", build{host: "sts.us-west-2.amazonaws.com", query: "&a=>>>???~~~", wrap: func(u string) string { return prefix + base64.RawStdEncoding.EncodeToString([]byte(u)) }}.token(now), "token-base64", "standard base64 alphabet", ""},
		{"cut off", good[:len(good)-8], "", "not 64 hexadecimal digits", ""},
		{"cut off early", good[:len(good)-160], "token-cluster-header", "was the token cut off", ""},
		{"garbage", prefix + "!!!!", "token-base64", "illegal base64 data at input byte 0", ""},
		{"encoded twice", build{wrap: func(u string) string {
			return prefix + base64.RawURLEncoding.EncodeToString([]byte(base64.RawURLEncoding.EncodeToString([]byte(u))))
		}}.token(now), "token-no-url", "encoded more than once", ""},
		{"prefix inside", prefix + base64.RawURLEncoding.EncodeToString([]byte(good)), "token-no-url", "encoded more than once", ""},
		{"no URL", prefix + base64.RawURLEncoding.EncodeToString([]byte("https://a b:c/"+testSignature)), "token-url", "parse ", ""},
	}
}

// addressCases are tokens for addresses that are no STS endpoint of the cluster.
func addressCases(now time.Time) []tokenCase {
	day := now.UTC().Format("20060102")
	return []tokenCase{
		{"http", build{scheme: "http"}.token(now), "token-scheme", "custom STS endpoint", ""},
		{"localhost", build{scheme: "http", host: "localhost:4566"}.token(now), "token-scheme", `unexpected scheme "http"`, ""},
		{"emulator", build{host: "sts.localhost.localstack.cloud"}.token(now), "token-host", "no endpoint of STS", ""},
		{"two labels", build{host: "sts.localhost"}.token(now), "token-host-format", "", ""},
		{"no host", build{host: "-"}.token(now), "token-host-format", "host is empty", ""},
		{"odd region", build{host: "sts.-x.amazonaws.com"}.token(now), "token-region-format", "", ""},
		{"port", build{host: "sts.us-west-2.amazonaws.com:443"}.token(now), "token-host", "", ""},
		{"other service", build{host: "iam.us-west-2.amazonaws.com"}.token(now), "token-host", "", ""},
		{"FIPS", build{host: "sts-fips.us-west-2.amazonaws.com"}.token(now), "", "FIPS", ""},
		{"dual-stack", build{host: "sts.us-west-2.api.aws"}.token(now), "", "dual-stack", ""},
		{"global", build{host: globalHost, set: map[string]string{"X-Amz-Credential": testKey + "/" + day + "/us-east-1/sts/aws4_request"}}.token(now), "", "the global endpoint", ""},
		{"global with a regional scope", build{host: globalHost}.token(now), "scope-region", "", ""},
		{"global in China", build{host: globalHost}.token(now), "token-global-endpoint", "", "aws-cn"},
		{"China", build{host: "sts.cn-north-1.amazonaws.com.cn", set: map[string]string{"X-Amz-Credential": testKey + "/" + day + "/cn-north-1/sts/aws4_request"}}.token(now), "", "partition aws-cn", ""},
		{"China to aws", build{host: "sts.cn-north-1.amazonaws.com.cn"}.token(now), "token-partition", "", "aws"},
		{"unknown partition", build{}.token(now), "token-partition-unknown", "", "aws-moon"},
		{"path", build{path: "/sts/"}.token(now), "token-path", "", ""},
	}
}

// parameterCases are tokens of which a parameter is wrong.
func parameterCases(now time.Time) []tokenCase {
	day := now.UTC().Format("20060102")
	set := func(name, value string) string { return build{set: map[string]string{name: value}}.token(now) }
	temporary := strings.Replace(testKey, "AKIA", "ASIA", 1) + "/" + day + "/us-west-2/sts/aws4_request"
	return []tokenCase{
		{"bad escape", build{query: "&x=%zz"}.token(now), "token-query", "", ""},
		{"twice", build{query: "&action=GetCallerIdentity"}.token(now), "token-duplicate-parameter", "", ""},
		{"repeated", build{query: "&Action=GetCallerIdentity"}.token(now), "token-repeated-parameter", "", ""},
		{"unknown", build{query: "&X-Amz-Content-Sha256=abc"}.token(now), "token-unknown-parameter", "X-Amz-Content-Sha256", ""},
		{"other action", set("Action", "GetSessionToken"), "token-action", "", ""},
		{"header not signed", set("X-Amz-SignedHeaders", "host"), "token-cluster-header", "did not sign the x-k8s-aws-id", ""},
		{"other header signed", set("X-Amz-SignedHeaders", "content-type;host;x-k8s-aws-id"), "", "covers the header content-type", ""},
		{"host not signed", set("X-Amz-SignedHeaders", "x-k8s-aws-id"), "host-not-signed", "", ""},
		{"no expiry", set("X-Amz-Expires", "-"), "token-expires", "", ""},
		{"long expiry", set("X-Amz-Expires", "3600"), "token-expires", "3600", ""},
		{"no date", set("X-Amz-Date", "-"), "token-date-missing", "", ""},
		{"odd date", set("X-Amz-Date", "2026-11-23T12:00:00Z"), "token-date-format", "", ""},
		{"old", build{signed: now.Add(-16 * time.Minute)}.token(now), "token-expired", "1m0s past the 15 minutes", ""},
		{"just alive", build{signed: now.Add(-15 * time.Minute)}.token(now), "", "signed 15m0s ago", ""},
		{"a little fast", build{signed: now.Add(4 * time.Minute)}.token(now), "", "4m0s in the future", ""},
		{"fast", build{signed: now.Add(20 * time.Minute)}.token(now), "signature-not-yet-current", "20m0s in the future", ""},
		{"no signature", set("X-Amz-Signature", "-"), "signature-parameters", "", ""},
		{"algorithm", set("X-Amz-Algorithm", "AWS4-HMAC-MD5"), "missing-authentication", "", ""},
		{"credential", set("X-Amz-Credential", testKey), "credential-format", "", ""},
		{"scope of another day", set("X-Amz-Credential", testKey+"/20261122/us-west-2/sts/aws4_request"), "scope-date", "", ""},
		{"scope of another service", set("X-Amz-Credential", testKey+"/"+day+"/us-west-2/eks/aws4_request"), "scope-service", "", ""},
		{"scope of another region", set("X-Amz-Credential", testKey+"/"+day+"/eu-west-1/sts/aws4_request"), "scope-region", "", ""},
		{"session without its token", set("X-Amz-Credential", temporary), "unknown-access-key", "AWS_SESSION_TOKEN", ""},
		{"session", build{set: map[string]string{"X-Amz-Credential": temporary, "X-Amz-Security-Token": testSession}}.token(now), "", "temporary", ""},
		{"user with a session's token", set("X-Amz-Security-Token", testSession), "invalid-session-token", "left over", ""},
		{"password", build{host: "a:b@sts.us-west-2.amazonaws.com"}.token(now), "signed-twice", "", ""},
	}
}

func allCases(now time.Time) []tokenCase {
	return slices.Concat(formCases(now), addressCases(now), parameterCases(now))
}

func TestDissect(t *testing.T) {
	t.Parallel()
	for _, tc := range allCases(noon) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := Dissect(tc.token, Options{Now: noon, Cluster: "prod", Partition: tc.partition})
			text := checkShown(t, r)
			if r.Cause != tc.cause || (r.Outcome == explain.Unauthorized) != (tc.cause != "") {
				t.Errorf("cause %q by %q, want %q:\n%s", r.Cause, r.DecidedBy, tc.cause, text)
			}
			if tc.cause != "" && (r.Fix == "" || r.Evidence.Text == "") {
				t.Errorf("no fix or no evidence:\n%s", text)
			}
			if !strings.Contains(strings.Join(strings.Fields(text), " "), tc.says) {
				t.Errorf("%q is missing in\n%s", tc.says, text)
			}
		})
	}
}

// checkShown prints a report in both ways and fails if it shows a secret or a control character.
func checkShown(t *testing.T, r Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := explain.WriteSheet(&text, r.Sheet(), explain.TextOptions{Wide: true}); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if found := secretLooks.Find(append(text.Bytes(), asJSON...)); found != nil {
		t.Fatalf("looks like a secret: %q in\n%s\n%s", found, text.String(), asJSON)
	}
	if strings.ContainsAny(text.String(), "\x00\x07\x08\x1b\r\t\u202e") {
		t.Fatalf("control character in %q", text.String())
	}
	return text.String()
}

// TestClientRefuses has a token that no client can send, and one of which nothing but the API server can tell anything.
func TestClientRefuses(t *testing.T) {
	t.Parallel()
	r := Dissect(build{}.token(noon)+"\n", Options{Now: noon})
	if r.DecidedBy != explain.HopClient || r.Evidence.Component != "client" || r.Checks[0].Name != "header" || r.Checks[0].State != explain.StateRefused {
		t.Errorf("%+v", r)
	}
	r = Dissect("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl", Options{Now: noon})
	if r.Outcome != "" || r.DecidedBy != "" || r.Cause != "" || !r.Token.JWT || len(r.Remarks) == 0 {
		t.Errorf("%+v", r)
	}
	for _, c := range r.Checks {
		if c.State == explain.StateRefused {
			t.Errorf("%+v", c)
		}
	}
}

// TestAnatomy reads everything that a token says of itself.
func TestAnatomy(t *testing.T) {
	t.Parallel()
	a := Dissect(build{}.token(noon), Options{Now: noon}).Token
	if a.AccessKeyID != testKey || a.KeyKind != longTerm || len(a.Account) != 12 || a.Scope != "20261123/us-west-2/sts/aws4_request" ||
		a.Region != "us-west-2" || a.Partition != "aws" || a.Endpoint != "a regional endpoint" || *a.AgeSeconds != 60 || !a.ValidUntil.Equal(noon.Add(14*time.Minute)) ||
		!a.Signature || a.SessionToken || strings.Join(a.SignedHeaders, ";") != "host;x-k8s-aws-id" || a.Expires != "60" || a.Version != "2011-06-15" {
		t.Errorf("%+v", a)
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"k8s-aws-v1.x":   "k8s-aws-v1.x",
		"k8s-aws-v1.x\n": "k8s-aws-v1.x", "k8s-aws-v1.x\r\n": "k8s-aws-v1.x", "k8s-aws-v1.x\n\n": "k8s-aws-v1.x\n",
		`{"kind":"ExecCredential","status":{"token":"k8s-aws-v1.y"}}`: "k8s-aws-v1.y",
		`{"kind":"ExecCredential"}`:                                   `{"kind":"ExecCredential"}`,
	} {
		got, note := Unwrap(text)
		if got != want || (note != "") != strings.Contains(want, "v1.y") {
			t.Errorf("%q: got %q, %q", text, got, note)
		}
	}
}

func FuzzDissect(f *testing.F) {
	for _, tc := range allCases(noon) {
		f.Add(tc.token)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, _ := Unwrap(text)
		checkShown(t, Dissect(token, Options{Now: noon, Cluster: "prod"}))
	})
}
