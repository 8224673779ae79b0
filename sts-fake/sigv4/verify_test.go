package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"testing"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// sign computes a signature from a canonical request that the test wrote down, sharing no code with the verifier.
func sign(canonical, date, scope string) string { return signWith(suiteSecret, canonical, date, scope) }

func signWith(secret, canonical, date, scope string) string {
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:])) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// verifyRow is a wire request, with SIGNATURE and SCOPE to be filled in, and the canonical request that its client signed.
type verifyRow struct {
	name, wire, canonical string
	refused               bool
	token                 string
}

// TestVerify signs canonical requests written by hand and verifies the wire requests that they stand for: the rules of
// spec/sts.md §1.1 to 1.3 that the published vectors do not cover.
func TestVerify(t *testing.T) {
	t.Parallel()
	const scope = "20150830/us-east-1/sts/aws4_request"
	for _, tt := range append(headerRequests(), presignedRequests()...) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := suiteVerifier()
			v.Service = "sts"
			signature := sign(tt.canonical, suiteDate, scope)
			wire := strings.NewReplacer("SIGNATURE", signature, "SCOPE", scope).Replace(tt.wire)
			signed, err := v.Parse(parseWire(t, wire))
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(suiteSecret); (err != nil) != tt.refused {
				t.Errorf("got %v, want refused %v; canonical request:\n%s", err, tt.refused, signed.appendCanonicalRequest(nil, false))
			}
			if signed.SessionToken != tt.token || signed.AccessKeyID != suiteKey || signed.Date != suiteDate {
				t.Errorf("got token %q, key %q, date %q", signed.SessionToken, signed.AccessKeyID, signed.Date)
			}
			if signed.Fingerprint() != Fingerprint(signature) {
				t.Errorf("fingerprint %q, want that of the signature", signed.Fingerprint())
			}
		})
	}
}

func headerRequests() []verifyRow {
	return []verifyRow{
		{
			name: "botocore POST, §1.4",
			wire: "POST / HTTP/1.1\nHost:sts.us-east-1.amazonaws.com\nContent-Type:application/x-www-form-urlencoded; charset=utf-8\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=content-type;host;x-amz-date, Signature=SIGNATURE\nContent-Length:43\n\nAction=GetCallerIdentity&Version=2011-06-15",
			canonical: "POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\nhost:sts.us-east-1.amazonaws.com\nx-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\nab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843",
		},
		{
			name: "port of the host is signed [D] host.go",
			wire: "GET / HTTP/1.1\nHost:127.0.0.1:8443\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host, Signature=SIGNATURE",
			canonical: "GET\n/\n\nhost:127.0.0.1:8443\n\nhost\n" + emptyHash,
		},
		{
			name: "empty target is the root [V]",
			wire: "GET  HTTP/1.1\nHost:a\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host, Signature=SIGNATURE",
			canonical: "GET\n/\n\nhost:a\n\nhost\n" + emptyHash,
		},
		{
			name: "commas without spaces, spaces without commas [R] tokenising",
			wire: "GET / HTTP/1.1\nHost:a\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256  Credential=AKIDEXAMPLE/SCOPE SignedHeaders=host,,Signature=SIGNATURE,",
			canonical: "GET\n/\n\nhost:a\n\nhost\n" + emptyHash,
		},
		{
			name: "Date header alone [S]",
			wire: "GET / HTTP/1.1\nHost:a\nDate:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=date;host, Signature=SIGNATURE",
			canonical: "GET\n/\n\ndate:20150830T123600Z\nhost:a\n\ndate;host\n" + emptyHash,
		},
		{
			name: "extended date in the header, basic in the string to sign [S] order table 9",
			wire: "GET / HTTP/1.1\nHost:a\nX-Amz-Date:2015-08-30T12:36:00Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host;x-amz-date, Signature=SIGNATURE",
			canonical: "GET\n/\n\nhost:a\nx-amz-date:2015-08-30T12:36:00Z\n\nhost;x-amz-date\n" + emptyHash,
		},
		{
			name: "SignedHeaders as sent, unsorted and in any case",
			wire: "GET / HTTP/1.1\nHost:a\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=X-Amz-Date;Host, Signature=SIGNATURE",
			canonical: "GET\n/\n\nx-amz-date:20150830T123600Z\nhost:a\n\nX-Amz-Date;Host\n" + emptyHash,
		},
		{
			name: "absent signed header has an empty value [I]",
			wire: "GET / HTTP/1.1\nHost:a\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host;x-absent, Signature=SIGNATURE",
			canonical: "GET\n/\n\nhost:a\nx-absent:\n\nhost;x-absent\n" + emptyHash,
		},
		{
			name: "unsigned x-amz headers are not enforced [S]/[I]; unsigned token is read [V] post-sts-header-after",
			wire: "GET / HTTP/1.1\nHost:a\nX-Amz-Date:20150830T123600Z\nX-Amz-Extra:1\nX-Amz-Security-Token:TOKEN\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host, Signature=SIGNATURE",
			canonical: "GET\n/\n\nhost:a\n\nhost\n" + emptyHash,
			token:     "TOKEN",
		},
		{
			name: "x-amz-content-sha256 is a header like any other [D]",
			wire: "POST / HTTP/1.1\nHost:a\nX-Amz-Content-Sha256:not the hash\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host;x-amz-content-sha256, Signature=SIGNATURE\n\nhello",
			canonical: "POST\n/\n\nhost:a\nx-amz-content-sha256:not the hash\n\nhost;x-amz-content-sha256\n2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		},
		{
			name: "UNSIGNED-PAYLOAD is a mismatch [R] boto3#756",
			wire: "POST / HTTP/1.1\nHost:a\nX-Amz-Content-Sha256:UNSIGNED-PAYLOAD\nX-Amz-Date:20150830T123600Z\n" +
				"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/SCOPE, SignedHeaders=host;x-amz-content-sha256, Signature=SIGNATURE\n\nhello",
			canonical: "POST\n/\n\nhost:a\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\nhost;x-amz-content-sha256\nUNSIGNED-PAYLOAD",
			refused:   true,
		},
	}
}

func presignedRequests() []verifyRow {
	return []verifyRow{
		{
			name: "EKS token, §1.3: parameters in botocore's order, cluster header signed, Expires and token in the query [R] boto3#756",
			wire: "GET /?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request" +
				"&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Security-Token=Fwo%2Fa%2Bb%3D%3D&X-Amz-Signature=SIGNATURE HTTP/1.1\n" +
				"Host:sts.us-east-1.amazonaws.com\nx-k8s-aws-id:my-cluster\naccept:application/json",
			canonical: "GET\n/\nAction=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request" +
				"&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-Security-Token=Fwo%2Fa%2Bb%3D%3D&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\n" +
				"host:sts.us-east-1.amazonaws.com\nx-k8s-aws-id:my-cluster\n\nhost;x-k8s-aws-id\n" + emptyHash,
			token: "Fwo/a+b==",
		},
		{
			name: "EKS token of another cluster [D] token.go:689",
			wire: "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/SCOPE&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=SIGNATURE HTTP/1.1\n" +
				"Host:a\nx-k8s-aws-id:other-cluster",
			canonical: "GET\n/\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\n" +
				"host:a\nx-k8s-aws-id:my-cluster\n\nhost;x-k8s-aws-id\n" + emptyHash,
			refused: true,
		},
		{
			name: "token appended after presigning is not accepted on STS, §1.3",
			wire: "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/SCOPE&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=SIGNATURE&X-Amz-Security-Token=TOKEN HTTP/1.1\nHost:a",
			canonical: "GET\n/\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host\n" +
				"host:a\n\nhost\n" + emptyHash,
			refused: true,
			token:   "TOKEN",
		},
		{
			name: "repeated parameters are all signed, the first authenticates [S] order table 7c",
			wire: "GET /?X-Amz-Signature=SIGNATURE&X-Amz-Signature=00&X-Amz-Date=20150830T123600Z&X-Amz-Date=1999&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/SCOPE&X-Amz-SignedHeaders=host HTTP/1.1\nHost:a",
			canonical: "GET\n/\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=1999&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host\n" +
				"host:a\n\nhost\n" + emptyHash,
		},
	}
}

// A refused signature shows what was computed, but neither token nor signature.
func TestRefusalShowsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "TOKEN/+="
	v := suiteVerifier()
	redactedLine := map[string]string{
		"header": "\nx-amz-security-token:REDACTED\n", "query": "&X-Amz-Security-Token=REDACTED&",
		"parameters": "SAMLAssertion=REDACTED&TokenCode=REDACTED&WebIdentityToken=REDACTED\n",
		"cookies":    "\ncookie:REDACTED\nhost:a\nproxy-authorization:REDACTED\n",
	}
	signed := func(names string) string {
		return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + names + ", Signature=" + secret
	}
	for name, r := range map[string]Request{
		"header": {Method: "GET", Target: "/?x-amz-signature=" + url.QueryEscape(secret), Host: "a", Headers: []Header{
			{"X-Amz-Date", suiteDate}, {"x-amz-security-token", secret},
			{"Authorization", signed("authorization;host;x-amz-security-token")},
		}},
		"parameters": {Method: "GET", Host: "a", Target: "/?WebIdentityToken=" + secret + "&SAMLAssertion=" + url.QueryEscape(secret) + "&TokenCode=" + secret, Headers: []Header{
			{"X-Amz-Date", suiteDate}, {"Authorization", signed("host")},
		}},
		"cookies": {Method: "GET", Host: "a", Headers: []Header{
			{"X-Amz-Date", suiteDate}, {"Cookie", "session=" + secret}, {"Proxy-Authorization", "Basic " + secret},
			{"Authorization", signed("cookie;host;proxy-authorization")},
		}},
		"query": {Method: "GET", Target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request&X-Amz-Date=" +
			suiteDate + "&X-Amz-SignedHeaders=host&X-Amz-Security-Token=" + url.QueryEscape(secret) + "&X-Amz-Signature=" + url.QueryEscape(secret), Host: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := v.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			var refusal *Refusal
			if !errors.As(signed.Verify(suiteSecret), &refusal) {
				t.Fatal("verified")
			}
			shown := refusal.Error() + refusal.CanonicalRequest + refusal.StringToSign
			if strings.Contains(shown, secret) || strings.Contains(shown, url.QueryEscape(secret)) {
				t.Errorf("the refusal shows a secret:\n%s", shown)
			}
			if want := redactedLine[name]; !strings.Contains(refusal.CanonicalRequest, want) {
				t.Errorf("canonical request lacks %q:\n%s", want, refusal.CanonicalRequest)
			}
			if !strings.HasPrefix(refusal.StringToSign, "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n") {
				t.Errorf("string to sign:\n%s", refusal.StringToSign)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	if got := Fingerprint(""); got != "" {
		t.Errorf("fingerprint of nothing is %q", got)
	}
	// printf %s "$signature" | sha256sum | cut -c1-16; the test of trace.Fingerprint has the same value.
	if got, want := Fingerprint("fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"), "7a84d0770bb949b6"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Fingerprint("abc"), "ba7816bf8f01cfea"; got != want { // FIPS 180-4: SHA-256 of "abc"
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusalError(t *testing.T) {
	t.Parallel()
	for want, refusal := range map[string]*Refusal{
		`request refused at check "date": IncompleteSignature: text`: {Check: CheckDate, Status: 400, Code: "IncompleteSignature", Message: "text"},
		`request refused at check "path" with HTTP status 400: why`:  {Check: CheckPath, Status: 400, Message: "why"},
	} {
		if got := refusal.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestHMAC compares with crypto/hmac, for keys shorter and longer than a block.
func TestHMAC(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("0123456789abcdef", 32))
	for key := range 2*sha256.BlockSize + 2 {
		for _, data := range []int{0, 1, 63, 64, 139, 192, 193, 512} {
			want := hmac.New(sha256.New, text[:key])
			want.Write(text[:data])
			if got := hmacSHA256(text[:key], text[:data]); !hmac.Equal(got[:], want.Sum(nil)) {
				t.Errorf("key of %d bytes, data of %d: got %x, want %x", key, data, got, want.Sum(nil))
			}
		}
	}
}
