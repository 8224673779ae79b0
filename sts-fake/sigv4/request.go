package sigv4

import (
	"net/http"
	"strconv"
	"strings"
)

// Header is one header field as received: the name in any case, the value with whatever spaces it came with.
type Header struct{ Name, Value string }

// Request is a request as it was on the wire, which is what a signature covers.
type Request struct {
	Method string
	// Target is the raw request target in origin form: "/path?query", nothing decoded, nothing cleaned. Empty is "/".
	Target string
	// Host is the value of the Host header (HTTP/2: of :authority) as received, with its port if it has one.
	// A header of that name among Headers is not looked at.
	Host string
	// Headers are the header fields in received order; the order matters only between fields of one name.
	Headers []Header
	Body    []byte
}

// FromHTTP restores the wire form of a request that net/http parsed. Body is the body that the caller read from it.
//
// It makes up for what net/http takes away: the host comes from r.Host, a Content-Length that is not among the headers
// from r.ContentLength, and the target from r.RequestURI, which nobody decodes. An absolute-form target ("http://host/path",
// sent to a proxy) becomes its origin form, which is what clients sign. Headers of one name keep their order.
// Evidence: spec/sts.md §1.1, "Go server traps".
func FromHTTP(r *http.Request, body []byte) Request {
	target := r.RequestURI
	if target == "" && r.URL != nil { // made by http.NewRequest, not read by a server
		target = r.URL.RequestURI()
	}
	headers := make([]Header, 0, len(r.Header)+1)
	for name, values := range r.Header {
		for _, value := range values {
			headers = append(headers, Header{name, value})
		}
	}
	if _, ok := r.Header["Content-Length"]; !ok && r.ContentLength >= 0 {
		headers = append(headers, Header{"Content-Length", strconv.FormatInt(r.ContentLength, 10)})
	}
	return Request{Method: r.Method, Target: originForm(target), Host: r.Host, Headers: headers, Body: body}
}

// originForm cuts scheme and authority off an absolute-form target (RFC 9112 §3.2.2).
func originForm(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return target
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

// header returns the first value of a header, trimmed and unfolded. Of a repeated header that authenticates, the
// first value counts (Authorization, X-Amz-Date: spec/sts.md §1.2).
func (r Request) header(name string) (value string, ok bool) {
	for _, h := range r.Headers {
		if sameHeader(h.Name, name) {
			return unfold(h.Value), true
		}
	}
	return "", false
}

func sameHeader(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// Bounds on a request, so that a hostile one costs little: each is far above what any AWS client sends. AWS's own
// limits are not evidenced.
const (
	maxHead          = 64 << 10 // bytes of method, target, host and headers together
	maxHeaders       = 256
	maxParameters    = 1024 // parameters in the query; package awsquery has the same
	maxSignedHeaders = 64
)

// headSize counts the bytes of everything but the body.
func (r Request) headSize() int {
	size := len(r.Method) + len(r.Target) + len(r.Host)
	for _, h := range r.Headers {
		size += len(h.Name) + len(h.Value)
	}
	return size
}

// checkSize refuses what is over the bounds, before any work is done on it.
func (r Request) checkSize() error {
	if len(r.Headers) > maxHeaders {
		return withoutDocument(CheckSize, http.StatusBadRequest, "the request has more than "+strconv.Itoa(maxHeaders)+" headers")
	}
	if r.headSize() > maxHead {
		return withoutDocument(CheckSize, http.StatusBadRequest, "request line and headers have more than "+strconv.Itoa(maxHead)+" bytes")
	}
	return nil
}
