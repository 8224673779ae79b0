package authn

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Values of the test tokens. The signature and the session token are secrets: no event may hold them.
const (
	testSignature    = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
	testSessionToken = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLXdlc3Qt"
)

// presigned is a URL as aws eks get-token presigns it.
func presigned(signature string) string {
	return "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15" +
		"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261123%2Fus-west-2%2Fsts%2Faws4_request" +
		"&X-Amz-Date=20261123T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" +
		"&X-Amz-Security-Token=" + strings.ReplaceAll(testSessionToken, "/", "%2F") + "&X-Amz-Signature=" + signature
}

func tokenFor(presigned string) string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(presigned))
}

func testToken(signature string) string { return tokenFor(presigned(signature)) }

func TestReadToken(t *testing.T) {
	t.Parallel()
	signedAt := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	whole := claims{
		host: "sts.us-west-2.amazonaws.com", accessKeyID: "AKIAIOSFODNN7EXAMPLE", signedAt: signedAt,
		fingerprint: trace.Fingerprint(testSignature),
	}
	undated := whole
	undated.signedAt = time.Time{}
	for name, test := range map[string]struct {
		token string
		want  claims
		err   string
	}{
		"as the clients make it":     {token: testToken(testSignature), want: whole},
		"lower-case parameters":      {token: tokenFor(strings.ReplaceAll(presigned(testSignature), "X-Amz-", "x-amz-")), want: whole},
		"none":                       {err: "no token"},
		"a service account's":        {token: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", err: `token does not begin with "k8s-aws-v1."`},
		"another version":            {token: "k8s-aws-v2.aHR0cHM6Ly8", err: `token does not begin with "k8s-aws-v1."`},
		"the prefix alone":           {token: "k8s-aws-v1.", err: "token holds a URL without a host"},
		"padded":                     {token: "k8s-aws-v1.aHR0cHM6Lw==", err: "token is not base64url without padding: illegal base64 data at input byte 10"},
		"standard base64":            {token: "k8s-aws-v1.a+/b", err: "token is not base64url without padding: illegal base64 data at input byte 1"},
		"no URL":                     {token: tokenFor("https://[sts/\x7f"), err: "token does not hold a URL"},
		"no host":                    {token: tokenFor("/?X-Amz-Date=20261123T120000Z"), err: "token holds a URL without a host"},
		"a malformed query":          {token: tokenFor("https://sts.amazonaws.com/?X-Amz-Date=%zz"), want: claims{host: "sts.amazonaws.com"}, err: "token holds a URL with a malformed query string"},
		"a date that is none":        {token: tokenFor(strings.Replace(presigned(testSignature), "20261123T120000Z", "2026-11-23", 1)), want: undated, err: "token's X-Amz-Date is not of the form 20060102T150405Z"},
		"no date":                    {token: tokenFor(strings.Replace(presigned(testSignature), "X-Amz-Date", "X-Amz-Day", 1)), want: undated, err: "token's X-Amz-Date is not of the form 20060102T150405Z"},
		"longer than upstream reads": {token: tokenPrefix + strings.Repeat("a", 4086), err: "token of 4097 bytes: the authenticator reads at most 4096"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readToken(test.token)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(claims{})); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if text := errorText(err); text != test.err {
				t.Errorf("error %q, want %q", text, test.err)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzReadToken: no token panics, and no error quotes a token's secrets.
func FuzzReadToken(f *testing.F) {
	f.Add(testToken(testSignature))
	f.Add(tokenFor("https://sts.amazonaws.com/?X-Amz-Signature=" + testSignature + "&X-Amz-Date=%zz"))
	f.Add(tokenFor("https://sts.amazonaws.com:x/\x00?X-Amz-Signature=" + testSignature))
	f.Add(tokenFor("https://" + testSignature + "\x7f/"))
	f.Add("k8s-aws-v1.")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, token string) {
		said, err := readToken(token)
		if err == nil && (said.host == "" || said.signedAt.IsZero()) {
			t.Errorf("no error, but %+v", said)
		}
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), testSignature) || len(token) > 64 && strings.Contains(err.Error(), token) {
			t.Errorf("the error quotes the token: %v", err)
		}
	})
}
