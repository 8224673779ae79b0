package sigv4

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/net/http/httpguts"
)

// FuzzSignedBySDK lets the signer of the AWS SDK for Go sign what the fuzzer makes up; it must verify, and must not once
// one bit of it is changed. It is [TestDifferential] with somebody else choosing the requests.
func FuzzSignedBySDK(f *testing.F) {
	f.Add("/", "Action", "GetCallerIdentity", "x-k8s-aws-id", "my-cluster", "", []byte(nil), true, uint16(0))
	f.Add("/", "", "", "X-A", " a  b ", "Fwo/a+b==", []byte("Action=GetCallerIdentity&Version=2011-06-15"), false, uint16(300))
	f.Add("/a b/%2F", "é+%", "&=;\"", "X-A", "\té", "t", []byte{0, 255}, true, uint16(65535))
	f.Fuzz(func(t *testing.T, path, name, value, header, headerValue, token string, body []byte, presign bool, bit uint16) {
		r := fuzzedRequest(t, path, url.Values{name: {value}}, header, headerValue, body)
		if !httpguts.ValidHeaderFieldValue(token) {
			t.Skip()
		}
		wire := signBySDK(t, r, body, aws.Credentials{AccessKeyID: suiteKey, SecretAccessKey: suiteSecret, SessionToken: token}, presign)
		g := newGenerator(0, 0)
		if err := g.verify(wire); err != nil {
			t.Fatalf("%v\nrequest: %+v\n%s", err, wire, canonicalOf(err))
		}
		flipped := flipPart(wire, bit)
		if g.verify(flipped) == nil {
			t.Errorf("verified after bit %d was flipped: %+v", bit, flipped)
		}
	})
}

// flipPart changes one bit of what is signed, or of the signature of a presigned request.
func flipPart(r Request, bit uint16) Request {
	const signature = "X-Amz-Signature="
	part := bit % 4
	if i := strings.Index(r.Target, signature); part == 0 && i >= 0 {
		i += len(signature)
		r.Target = r.Target[:i] + flipBit(r.Target[i:], bit)
		return r
	}
	switch {
	case part == 1 && len(r.Body) > 0:
		r.Body = bytes.Clone(r.Body)
		r.Body[int(bit/8)%len(r.Body)] ^= 1 << (bit % 8)
	case part == 2:
		r.Method = flipBit(r.Method, bit)
	default:
		r.Host = flipBit(r.Host, bit)
	}
	return r
}

// flipBit changes one bit of a string, but not the one that tells upper case from lower.
func flipBit(s string, bit uint16) string {
	b := []byte(s)
	b[int(bit/8)%len(b)] ^= 1 << (bit % 5)
	return string(b)
}

// fuzzedRequest is a request that the SDK can sign and net/http can send, or no test at all.
func fuzzedRequest(t *testing.T, path string, query url.Values, header, value string, body []byte) *http.Request {
	t.Helper()
	path = "/" + strings.TrimPrefix(path, "/")
	skip := strings.HasPrefix(strings.ToLower(header), "x-amz-") || !httpguts.ValidHeaderFieldName(header) || !httpguts.ValidHeaderFieldValue(value) ||
		strings.Contains(path, "//") || strings.Contains(path, "/.") || // which the SDK signs as they are
		len(path)+len(value) > 1<<12
	for name := range query {
		skip = skip || strings.HasPrefix(name, "X-Amz-")
	}
	switch http.CanonicalHeaderKey(header) { // what net/http or the signer gives a meaning of its own
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Authorization", "User-Agent", "Expect", "Upgrade", "Te", "Date":
		skip = true
	}
	if skip {
		t.Skip()
	}
	u := url.URL{Scheme: "https", Host: "service.us-east-1.amazonaws.com", Path: path, RawQuery: query.Encode()}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		t.Skip(err)
	}
	r.Header.Set(header, value)
	return r
}
