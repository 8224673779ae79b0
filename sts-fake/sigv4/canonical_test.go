package sigv4

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonicalPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, want string }{
		{"root", "/", "/"},
		{"dot [V] get-slash-dot-slash", "/./", "/"},
		{"slashes [V] get-slashes", "//example//", "/example/"},
		{"pointless dot [V]", "/./example", "/example"},
		{"relative [V] get-relative", "/example/..", "/"},
		{"no slash after a removed segment", "/a/b/..", "/a"},
		{"trailing slash stays", "/a/b/../", "/a/"},
		{"dots inside a segment stay", "/..a/.b/c..", "/..a/.b/c.."},
		{"raw space is encoded once [V] get-space", "/example space/", "/example%20space/"},
		{"escape is encoded twice [V] double encode", "/example%20space/", "/example%2520space/"},
		{"escape in lower case stays so", "/%e1%88%b4", "/%25e1%2588%25b4"},
		{"encoded dots are no dot segment", "/a/%2e%2e/b", "/a/%252e%252e/b"},
		{"raw UTF-8 [V] get-utf8", "/\u1234", "/%E1%88%B4"},
		{"reserved characters", "/a:b@c!$&'()*+,;=", "/a%3Ab%40c%21%24%26%27%28%29%2A%2B%2C%3B%3D"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := canonicalPath(tt.raw)
			if err != nil || got != tt.want {
				t.Errorf("canonicalPath(%q) = %q, %v; want %q", tt.raw, got, err, tt.want)
			}
		})
	}
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, want string }{
		{"empty", "", ""},
		{"missing value gets an equal-sign [V]", "a&b=", "a=&b="},
		{"first equal-sign splits [V]", "a=b=c", "a=b%3Dc"},
		{"empty name", "=x", "=x"},
		{"nothing between two ampersands", "&a=1&&b=2&", "a=1&b=2"},
		{"plus is a space [V]", "a+b=c+d", "a%20b=c%20d"},
		{"escaped plus stays one", "a=%2B", "a=%2B"},
		{"upper-case hex [V]", "a=%2f%c3%a9", "a=%2F%C3%A9"},
		{"unreserved bytes lose their escape [V]", "%61=%7e%2D%5f%2E", "a=~-_."},
		{"raw UTF-8 [V] get-vanilla-utf8-query", "\u1234=bar", "%E1%88%B4=bar"},
		{"semicolon does not separate [V] net/url refuses it", "a=1;b=2", "a=1%3Bb%3D2"},
		{"sorted by name [V]", "b=1&a=2&A=3", "A=3&a=2&b=1"},
		{"equal names sorted by value [V]", "a=2&a=1&a=10", "a=1&a=10&a=2"},
		{"sorted as pair, not as string [V] get-vanilla-query-order-encoded", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "%E1%88%B4=Value1&Param=Value2&Param-3=Value3"},
		{"sorted after encoding [V] query_order_test.go", "k=a-b&k=a/b", "k=a%2Fb&k=a-b"},
		{"names sorted after encoding [V] query_order_test.go", "a=1&\u00e9=2", "%C3%A9=2&a=1"},
		{"signature is dropped, wherever it is", "a=1&X-Amz-Signature=00&z=2&X-Amz-Signature=11", "a=1&z=2"},
		{"signature is dropped also when its name is escaped", "a=1&X%2DAmz-Signature=00", "a=1"},
		{"a signature in another case is a parameter", "x-amz-signature=00", "x-amz-signature=00"},
		{"the token stays [R] boto3#756", "X-Amz-SignedHeaders=host&X-Amz-Security-Token=a/b&X-Amz-Expires=60",
			"X-Amz-Expires=60&X-Amz-Security-Token=a%2Fb&X-Amz-SignedHeaders=host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q, err := parseQuery(tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			q.sort()
			if got := string(q.appendTo(nil, false)); got != tt.want {
				t.Errorf("canonical form of %q is %q, want %q", tt.raw, got, tt.want)
			}
		})
	}
}

func TestCanonicalHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []Header
		want    string
	}{
		{"trimmed [V]", []Header{{"A", "  x\t"}}, "x"},
		{"runs of spaces [V] get-header-value-trim", []Header{{"A", `"a   b   c"`}}, `"a b c"`},
		{"long and many runs", []Header{{"A", "a     b  c d"}}, "a b c d"},
		{"inner tab stays, as the Go signer leaves it", []Header{{"A", "a\tb"}}, "a\tb"},
		{"repeated, in received order [V] get-header-value-order", []Header{{"A", "4"}, {"B", "x"}, {"a", " 1"}, {"A", "4"}}, "4,1,4"},
		{"empty values keep their comma", []Header{{"A", ""}, {"A", "1"}}, ",1"},
		{"folded [V] get-header-value-multiline", []Header{{"A", "v1\r\n  v2\r\n\t v3"}}, "v1 v2 v3"},
		{"folded with blank line", []Header{{"A", "v1\n \n v2\n"}}, "v1 v2"},
		{"absent", []Header{{"B", "1"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(Request{Headers: tt.headers}.appendHeaderValues(nil, "a")); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHostIsAsReceived(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1:8443", "sts.amazonaws.com:443", "STS.amazonaws.com", "[::1]:80"} {
		r := Request{Host: host, Headers: []Header{{"Host", "elsewhere"}}}
		for _, name := range []string{"host", "Host", ":authority"} {
			if got := string(r.appendHeaderValues(nil, name)); got != host {
				t.Errorf("%s is %q, want %q", name, got, host)
			}
		}
	}
}

// Inputs over the bounds are refused before they cost anything.
func TestBounds(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"headers":        {Target: "/", Headers: make([]Header, maxHeaders+1)},
		"bytes":          {Target: "/", Headers: []Header{{"A", strings.Repeat("x", maxHead)}}},
		"target":         {Target: "/" + strings.Repeat("x", maxHead)},
		"parameters":     {Target: "/?" + strings.Repeat("a&", maxParameters)},
		"signed headers": signedRequest(strings.Repeat("host;", maxSignedHeaders)),
		"signed twice":   signedRequest("host;x-amz-date;Host"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := suiteVerifier().Parse(r)
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Check != CheckSize || refusal.Status != 400 || refusal.Code != "" {
				t.Errorf("got %v, want a refusal at check %q without error document", err, CheckSize)
			}
		})
	}
}

// signedRequest passes every check but that of the signature, and perhaps of its SignedHeaders.
func signedRequest(signedHeaders string) Request {
	return Request{Method: "GET", Target: "/", Host: "example.amazonaws.com", Headers: []Header{
		{"X-Amz-Date", suiteDate},
		{"Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
			signedHeaders + ", Signature=00"},
	}}
}

// hostileRequests stay just within the bounds.
func hostileRequests() map[string]Request {
	many := signedRequest("host;x")
	many.Headers = append(many.Headers, Header{"X", strings.Repeat("x  ", maxHead/4)})
	query := signedRequest("host")
	query.Target = "/?" + strings.TrimSuffix(strings.Repeat("b=%ff%ff&a&", maxParameters/2), "&")
	path := signedRequest("host")
	path.Target = strings.Repeat("/a/./..//%ff", maxHead/16)
	commas := signedRequest("host")
	commas.Headers[1].Value += strings.Repeat(",", maxHead/2)
	return map[string]Request{"header": many, "query": query, "path": path, "commas": commas}
}

// Within the bounds, no request makes the canonical form much larger than itself.
func TestCanonicalFormIsBounded(t *testing.T) {
	t.Parallel()
	for name, r := range hostileRequests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := suiteVerifier().Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, most := len(signed.appendCanonicalRequest(nil, false)), 3*r.headSize()+1024; got > most {
				t.Errorf("canonical request has %d bytes, want at most %d", got, most)
			}
		})
	}
}

// TestUnreserved goes through all bytes (RFC 3986 §2.3).
func TestUnreserved(t *testing.T) {
	t.Parallel()
	const want = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	for c := range 256 {
		if got := unreserved(byte(c)); got != (strings.IndexByte(want, byte(c)) >= 0) {
			t.Errorf("%q: got %v", byte(c), got)
		}
	}
}
