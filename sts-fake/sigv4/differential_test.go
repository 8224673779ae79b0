package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	differentialSeed  = 20150830
	differentialCases = 400
)

// TestDifferential lets the signer of the AWS SDK for Go sign random requests, sends them through net/http's wire format, and
// verifies them; then it changes one bit at a time in everything that is signed, and none may verify.
func TestDifferential(t *testing.T) {
	t.Parallel()
	for n := range differentialCases {
		t.Run(fmt.Sprintf("seed %d case %d", differentialSeed, n), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(differentialSeed, uint64(n))
			r := g.signedBySDK(t)
			if err := g.verify(r); err != nil {
				t.Fatalf("%v\nrequest: %+v\n%s", err, r, canonicalOf(err))
			}
			if shuffled := g.shuffleQuery(r); g.verify(shuffled) != nil {
				t.Errorf("not verified after its query was shuffled: %q", shuffled.Target)
			}
			for _, change := range g.oneBitChanges(r) {
				if g.verify(change.request) == nil {
					t.Errorf("verified although one bit of the %s changed: %+v", change.part, change.request)
				}
			}
		})
	}
}

type generator struct {
	*rand.Rand
	verifier Verifier
}

func newGenerator(seed, n uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, n)), suiteVerifier()}
}

func (g generator) verify(r Request) error {
	signed, err := g.verifier.Parse(r)
	if err != nil {
		return err
	}
	return signed.Verify(suiteSecret)
}

func canonicalOf(err error) string {
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return refusal.CanonicalRequest
	}
	return ""
}

// text is a random string over an alphabet, min to max runes long.
func (g generator) text(alphabet string, shortest, longest int) string {
	runes := []rune(alphabet)
	s := make([]rune, shortest+g.IntN(longest-shortest+1))
	for i := range s {
		s[i] = runes[g.IntN(len(runes))]
	}
	return string(s)
}

const (
	letters   = "abcXYZ019-_~"
	anyText   = letters + " .,;:/?&=+%@!$'()*[]{}|\\^`\"<>#é\u1234\U0001F512"
	tokenText = "ABCabc019+/="
)

// signedBySDK makes a random request and has it signed in either form.
func (g generator) signedBySDK(t *testing.T) Request {
	t.Helper()
	body := []byte(g.text(anyText, 0, 40))
	r := g.unsigned(t, body)
	by := aws.Credentials{AccessKeyID: suiteKey, SecretAccessKey: suiteSecret}
	if g.IntN(2) == 0 {
		by.SessionToken = g.text(tokenText, 1, 300)
	}
	return signBySDK(t, r, body, by, g.IntN(2) == 0)
}

// signBySDK signs a request, in the query or in a header, and reads it back from its wire format.
func signBySDK(t *testing.T, r *http.Request, body []byte, by aws.Credentials, presign bool) Request {
	t.Helper()
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if !presign {
		if err := v4.NewSigner().SignHTTP(t.Context(), by, r, hash, "service", "us-east-1", suiteNow()); err != nil {
			t.Fatal(err)
		}
		return readBack(t, r)
	}
	signedURL, headers, err := v4.NewSigner().PresignHTTP(t.Context(), by, r, hash, "service", "us-east-1", suiteNow())
	if err != nil {
		t.Fatal(err)
	}
	presigned, err := http.NewRequestWithContext(t.Context(), r.Method, signedURL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	headers.Del("Host")
	presigned.Header, presigned.Host = headers, r.Host
	return readBack(t, presigned)
}

func (g generator) unsigned(t *testing.T, body []byte) *http.Request {
	t.Helper()
	path := ""
	for range g.IntN(4) {
		path += "/x" + strings.ReplaceAll(g.text(anyText, 0, 6), "/", "") // the SDK would sign "//" and "/./" as they are
	}
	if path == "" || g.IntN(3) == 0 {
		path += "/"
	}
	query := url.Values{}
	for range g.IntN(6) {
		query.Add(g.text(anyText, 1, 5), g.text(anyText, 0, 8))
	}
	u := url.URL{Scheme: "https", Host: g.text("abc", 1, 5) + ".amazonaws.com", Path: path, RawQuery: query.Encode()}
	if g.IntN(3) == 0 {
		u.Host += ":8443"
	}
	method := []string{"GET", "POST", "PUT", "DELETE", "PATCH"}[g.IntN(5)]
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for range g.IntN(5) {
		r.Header.Add("X-"+g.text("abc", 1, 2), g.text(letters+"   ,;\"é", 0, 12))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Amz-Sdk-Request", "attempt=1;  max=3")
	return r
}

// readBack writes a client's request to the wire and reads it as a server does.
func readBack(t *testing.T, r *http.Request) Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	received, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(received.Body)
	if err != nil {
		t.Fatal(err)
	}
	return FromHTTP(received, body)
}

// shuffleQuery changes what a query may have changed on its way: the order, "+" for a space, lower-case hex.
func (g generator) shuffleQuery(r Request) Request {
	path, rawQuery, ok := strings.Cut(r.Target, "?")
	if !ok {
		return r
	}
	pairs := strings.Split(rawQuery, "&")
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	r.Target = path + "?" + strings.NewReplacer("%20", "+", "%2F", "%2f").Replace(strings.Join(pairs, "&"))
	return r
}

type change struct {
	part    string
	request Request
}

// oneBitChanges changes one random bit of every part that is signed, a few times each.
func (g generator) oneBitChanges(r Request) []change {
	signed, err := g.verifier.Parse(r)
	if err != nil {
		return nil
	}
	var changes []change
	add := func(part string, value string, set func(*Request, string)) {
		for range 3 {
			flipped, ok := g.flip(value, part == "target")
			if !ok {
				continue
			}
			c := change{part, r}
			c.request.Headers = slices.Clone(r.Headers)
			set(&c.request, flipped)
			changes = append(changes, c)
		}
	}
	add("method", r.Method, func(r *Request, s string) { r.Method = s })
	add("target", r.Target, func(r *Request, s string) { r.Target = s })
	add("host", r.Host, func(r *Request, s string) { r.Host = s })
	add("body", string(r.Body), func(r *Request, s string) { r.Body = []byte(s) })
	for _, part := range []string{signed.Date, signed.Scope.String(), signed.signature} {
		if i := strings.Index(r.Target, part); i >= 0 && signed.Form == FormQuery {
			add("signature parameter", part, func(r *Request, s string) { r.Target = r.Target[:i] + s + r.Target[i+len(part):] })
		}
	}
	for i, h := range r.Headers {
		isSigned := slices.ContainsFunc(signed.SignedHeaders, func(name string) bool { return strings.EqualFold(name, h.Name) })
		switch {
		case isSigned:
			add("header "+h.Name, h.Value, func(r *Request, s string) { r.Headers[i].Value = s })
		case h.Name == headerAuthorization:
			_, covered, _ := strings.Cut(h.Value, "/") // the access key ID chooses the secret; it is not signed
			kept := strings.TrimSuffix(h.Value, covered)
			add("scope, SignedHeaders or signature", covered, func(r *Request, s string) { r.Headers[i].Value = kept + s })
		}
	}
	return changes
}

// flip changes one bit. In the query, the case of a hex digit is not signed.
func (g generator) flip(s string, target bool) (string, bool) {
	if s == "" {
		return "", false
	}
	i, bit := g.IntN(len(s)), byte(1)<<g.IntN(8)
	if target && bit == 0x20 && s[i] > '9' && (i > 0 && s[i-1] == '%' || i > 1 && s[i-2] == '%') {
		return "", false
	}
	b := []byte(s)
	b[i] ^= bit
	return string(b), true
}
