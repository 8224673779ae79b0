package stsfake_test

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	forgerySeed = 20260102
	forgeries   = 10_000 // of each kind, and at least
)

// forger makes variants of texts, the same ones every time.
type forger struct{ *rand.Rand }

func newForger() forger { return forger{rand.New(rand.NewPCG(forgerySeed, 0))} }

// everyByte yields a text with each of its bytes changed by one bit (as many different ones as bits says), left out,
// doubled, and put behind another one.
func (f forger) everyByte(text string, bits int, yield func(string)) {
	for i := range len(text) {
		before, c, after := text[:i], text[i], text[i+1:]
		for _, bit := range f.Perm(8)[:bits] {
			yield(before + string([]byte{c ^ 1<<bit}) + after)
		}
		yield(before + after)
		yield(before + string([]byte{c, c}) + after)
		yield(before + string([]byte{"&=%+;/?#, \r\n0aA\x00"[f.IntN(16)]}) + text[i:])
	}
}

// somewhere changes a text in one to three places.
func (f forger) somewhere(text string) string {
	b := []byte(text)
	for range 1 + f.IntN(3) {
		i := f.IntN(len(b))
		switch f.IntN(4) {
		case 0:
			b = slices.Delete(b, i, i+1)
		case 1:
			b = slices.Insert(b, i, byte(f.IntN(256)))
		case 2:
			j := f.IntN(len(b))
			b[i], b[j] = b[j], b[i]
		default:
			b[i] ^= 1 << f.IntN(8)
		}
	}
	return string(b)
}

// everyField yields a list of fields with each one left out, emptied, doubled at either end, written in another case, moved to
// either end, and with the value of each field of another list; then lists that take every field from either one.
func (f forger) everyField(fields, others []string, separator string, yield func([]string)) {
	for i, field := range fields {
		name, value, _ := strings.Cut(field, separator)
		rest := slices.Delete(slices.Clone(fields), i, i+1)
		with := func(changed string) []string { return slices.Insert(slices.Clone(rest), i, changed) }
		yield(rest)
		yield(append(slices.Clone(rest), field))
		yield(append([]string{field}, rest...))
		for _, changed := range []string{
			name, name + separator, separator + value, name + separator + separator + value, name + separator + " " + value + " ",
			strings.ToLower(name) + separator + value, strings.ToUpper(name) + separator + value, name + separator + strings.ToUpper(value),
			name + separator + strings.ToLower(value), name + separator + value + "0", name + separator + "0" + value, name + separator + url.QueryEscape(value),
			name + "%00" + separator + value, name + separator + value + "," + value, name + separator + strings.ReplaceAll(value, "%2F", "/"), name + separator + strings.ReplaceAll(value, "%2F", "%2f"),
		} {
			yield(with(changed))
			yield(append([]string{changed}, fields...))
			yield(append(slices.Clone(fields), changed))
		}
		for _, other := range others {
			_, otherValue, _ := strings.Cut(other, separator)
			yield(with(other))
			yield(with(name + separator + otherValue))
			yield(append([]string{name + separator + otherValue}, fields...))
			yield(append(slices.Clone(fields), name+separator+otherValue))
		}
	}
	for range 1000 {
		mixed := slices.Clone(fields)
		for i := range mixed {
			name, _, _ := strings.Cut(mixed[i], separator)
			for _, other := range others {
				if f.IntN(2) == 0 && strings.HasPrefix(other, name+separator) {
					mixed[i] = other
				}
			}
		}
		yield(mixed)
	}
}

// trial is a run over many variants of two requests that are signed rightly.
type trial struct {
	forger
	w           *world
	principal   string // of the last call; "" if it was not authenticated
	forged      int
	equivalents int // variants that are the same request, however they are written
}

func newTrial(w *world) *trial {
	tr := &trial{forger: newForger(), w: w}
	w.gate.Observe = func(c stsfake.Call) { tr.principal = c.Principal }
	return tr
}

// serve says as whom a request is authenticated; "" as nobody.
func (tr *trial) serve(r *http.Request) string {
	tr.principal = ""
	tr.w.server.ServeHTTP(httptest.NewRecorder(), r)
	return tr.principal
}

// serveText is serve for a request as it is on the wire, which nobody has to be able to read.
func (tr *trial) serveText(text string) string {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return ""
	}
	return tr.serve(r)
}

func (tr *trial) count(genuine bool) {
	if genuine {
		tr.equivalents++
	} else {
		tr.forged++
	}
}

// tokenTrial is about presigned URLs.
type tokenTrial struct {
	*trial
	genuine  []*url.URL // what the SDK signed
	by       []aws.Credentials
	arns     []string
	verifier token.Verifier
}

// TestForgedTokens: of 10,000 variants of valid EKS tokens none authenticates its bearer, neither through the upstream
// verifier nor by itself, and the two agree about each. Some variants are not forged: they are another way to write
// what was signed. Which, is decided by reading them with net/url and comparing with what the SDK signed, and held to
// the SDK's signer, which makes the same signature for them again.
func TestForgedTokens(t *testing.T) {
	upstream(t, func(t *testing.T, w *world) {
		tr := &tokenTrial{trial: newTrial(w), verifier: token.NewVerifier(cluster, "aws", "us-west-2")}
		tr.by = []aws.Credentials{trurl(t), w.session(t, devARN, iam.SessionOptions{})}
		tr.arns = []string{trurlARN, "arn:aws:sts::111122223333:assumed-role/dev/session"}
		var minted, urls []string
		for _, by := range tr.by {
			tokenText := mint(t, cluster, by)
			text, _ := urlOf(tokenText)
			u, err := url.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			minted, urls, tr.genuine = append(minted, tokenText), append(urls, text), append(tr.genuine, u)
			tr.try(t, tokenText)
		}
		if tr.equivalents != 2 {
			t.Fatal("the tokens themselves are refused")
		}
		tryURL := func(text string) { tr.try(t, "k8s-aws-v1."+base64.RawURLEncoding.EncodeToString([]byte(text))) }
		tr.everyByte(minted[0], 1, func(text string) { tr.try(t, text) })
		tr.everyByte(urls[0], 8, tryURL)
		tr.everyByte(urls[1], 1, tryURL)
		for i, text := range urls {
			endpoint, fields, _ := strings.Cut(text, "?")
			_, others, _ := strings.Cut(urls[1-i], "?")
			tr.everyField(strings.Split(fields, "&"), strings.Split(others, "&"), "=", func(mixed []string) {
				tryURL(endpoint + "?" + strings.Join(mixed, "&"))
			})
			for _, other := range []string{
				"http://sts.us-west-2.amazonaws.com/", "https://sts.amazonaws.com/", "https://sts.us-east-1.amazonaws.com/", "https://sts-fips.us-west-2.amazonaws.com/",
				"https://sts.us-west-2.amazonaws.com:443/", "https://STS.us-west-2.amazonaws.com/", "https://sts.us-west-2.amazonaws.com//", "https://sts.us-west-2.amazonaws.com/./",
				"https://sts.us-west-2.amazonaws.com", "https://sts.us-west-2.amazonaws.com/%2e/", "https://a@sts.us-west-2.amazonaws.com/", "https://sts.us-west-2.amazonaws.com./",
				"https://eks.us-west-2.amazonaws.com/", "https://127.0.0.1/", "https://sts.us-west-2.api.aws/", "https://sts.cn-north-1.amazonaws.com.cn/",
			} {
				tryURL(other + "?" + fields)
			}
		}
		for tr.forged < forgeries {
			tryURL(tr.somewhere(urls[tr.IntN(2)]))
		}
		t.Logf("%d forged tokens, all refused; %d tokens in other words, all as good as those that they repeat", tr.forged, tr.equivalents)
	})
}

// urlOf is what is in a token.
func urlOf(tokenText string) (string, bool) {
	encoded, ok := strings.CutPrefix(tokenText, "k8s-aws-v1.")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	return string(text), ok && err == nil
}

// try presents a token to the upstream verifier, and what is in it to our server: as an HTTP client sends it, and raw.
func (tr *tokenTrial) try(t *testing.T, tokenText string) {
	t.Helper()
	text, ok := urlOf(tokenText)
	signer := -1
	if ok {
		signer = tr.signerOf(text)
	}
	tr.count(signer >= 0)
	want := ""
	if signer >= 0 {
		want = tr.arns[signer]
		if again := tr.signAgain(t, text, tr.by[signer]); again != tr.genuine[signer].Query().Get("X-Amz-Signature") {
			t.Errorf("the SDK signs %q otherwise: the test's own rule is wrong", text)
		}
	}
	if ok {
		if got := tr.replay(t, text); got != want {
			t.Errorf("replayed as %q, want %q: %s", got, want, text)
		}
		tr.tryRaw(t, text)
	}
	identity, err := tr.verifier.Verify(tokenText)
	switch {
	case err == nil && identity.ARN != want:
		t.Errorf("the upstream verifier makes %q of it, want %q: %s", identity.ARN, want, text)
	case err != nil && want != "" && strings.Contains(err.Error(), "expected 200"):
		t.Errorf("the upstream verifier is refused by STS: %v", err)
	}
}

// signerOf is the one of the genuine requests that a URL is another way to write, or -1: same host, the root as its path, the
// same first signature, and the same other parameters. What has a space in it nobody can send.
func (tr *tokenTrial) signerOf(text string) int {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || path.Clean(cmp.Or(u.EscapedPath(), "/")) != "/" || strings.Contains(text, " ") {
		return -1
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return -1
	}
	for i, genuine := range tr.genuine {
		want := genuine.Query()
		same := u.Host == genuine.Host && query.Get("X-Amz-Signature") == want.Get("X-Amz-Signature")
		want["X-Amz-Signature"] = query["X-Amz-Signature"] // of which only the first counts
		if same && maps.EqualFunc(query, want, slices.Equal[[]string]) {
			return i
		}
	}
	return -1
}

// signAgain is the signature that the SDK makes for a URL's request.
func (tr *tokenTrial) signAgain(t *testing.T, text string, by aws.Credentials) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	at, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature"} {
		query.Del(name)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+u.Host+"/?"+query.Encode(), nil)
	r.Header.Set("X-K8s-Aws-Id", cluster)
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), by, r, hexHash(""), "sts", "us-west-2", at)
	if err != nil {
		t.Fatal(err)
	}
	if u, err = url.Parse(signed); err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("X-Amz-Signature")
}

func hexHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// replay sends a URL as the upstream verifier does, and says as whom it was authenticated.
func (tr *tokenTrial) replay(t *testing.T, text string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, text, nil)
	if err != nil || r.URL.Host == "" {
		return ""
	}
	r.Header.Set("X-K8s-Aws-Id", cluster)
	r.Header.Set("Accept", "application/json")
	tr.principal = ""
	answer, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		return ""
	}
	answer.Body.Close()
	return tr.principal
}

// tryRaw sends a URL byte for byte.
func (tr *tokenTrial) tryRaw(t *testing.T, text string) {
	t.Helper()
	_, rest, _ := strings.Cut(text, "://")
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		return
	}
	host, target := strings.TrimSpace(rest[:i]), rest[i:]
	got := tr.serveText("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nx-k8s-aws-id: " + cluster + "\r\naccept: application/json\r\n\r\n")
	signer := tr.signerOf("https://" + host + target)
	if got != "" && (signer < 0 || got != tr.arns[signer]) {
		t.Errorf("sent raw it is authenticated as %q: %s", got, text)
	}
}

// postTrial is about POST requests that are signed in a header.
type postTrial struct {
	*trial
	genuine []*http.Request // what the SDK signed
	bodies  []string
	by      []aws.Credentials
	arns    []string
}

// TestForgedPosts: of 10,000 variants of signed POST requests none authenticates, but for those that are another way to write
// what was signed. Which, is decided by reading them with net/http and comparing with what the SDK signed, and held to
// the SDK's signer.
func TestForgedPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := &postTrial{trial: newTrial(w)}
	tr.by = []aws.Credentials{trurl(t), w.session(t, devARN, iam.SessionOptions{})}
	tr.arns = []string{trurlARN, "arn:aws:sts::111122223333:assumed-role/dev/session"}
	tr.bodies = []string{identityForm, assume("RoleArn", "arn:aws:iam::111122223333:role/chained")}
	var heads [][]string
	for i, body := range tr.bodies {
		r := w.request(t, try{form: body, by: &tr.by[i], before: func(r *http.Request) {
			r.Header.Set("User-Agent", "forger/1.0")
			r.Header.Set("X-Amz-Content-Sha256", hexHash(body))
		}})
		var text strings.Builder
		if err := r.Write(&text); err != nil {
			t.Fatal(err)
		}
		tr.genuine = append(tr.genuine, r)
		head, _, _ := strings.Cut(text.String(), "\r\n\r\n")
		heads = append(heads, strings.Split(head, "\r\n"))
		tr.try(t, text.String())
	}
	if tr.equivalents != 2 {
		t.Fatal("the requests themselves are refused")
	}
	for i, head := range heads {
		text := strings.Join(head, "\r\n") + "\r\n\r\n" + tr.bodies[i]
		tr.everyByte(text, 4-2*i, func(text string) { tr.try(t, text) })
		tr.everyField(head[1:], heads[1-i][1:], ": ", func(mixed []string) {
			for _, body := range tr.bodies {
				tr.try(t, strings.Join(append([]string{head[0]}, mixed...), "\r\n")+"\r\n\r\n"+body)
			}
		})
	}
	for tr.forged < forgeries {
		i := tr.IntN(2)
		tr.try(t, tr.somewhere(strings.Join(heads[i], "\r\n")+"\r\n\r\n"+tr.bodies[i]))
	}
	t.Logf("%d forged requests, all refused; %d requests in other words, all as good as those that they repeat", tr.forged, tr.equivalents)
}

func (tr *postTrial) try(t *testing.T, text string) {
	t.Helper()
	signer, r := tr.signerOf(text)
	tr.count(signer >= 0)
	want := ""
	if signer >= 0 {
		want = tr.arns[signer]
		tr.signAgain(t, r, signer)
	}
	if got := tr.serveText(text); got != want {
		t.Errorf("authenticated as %q, want %q:\n%q", got, want, text)
	}
}

// signerOf is the one of the genuine requests that a text is another way to write, or -1.
func (tr *postTrial) signerOf(text string) (int, *http.Request) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil || path.Clean(r.URL.EscapedPath()) != "/" || strings.Trim(r.URL.RawQuery, "&") != "" {
		return -1, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return -1, nil
	}
	for i, genuine := range tr.genuine {
		same := r.Method == genuine.Method && r.Host == genuine.Host && string(body) == tr.bodies[i] &&
			maps.Equal(authorizationOf(r), authorizationOf(genuine))
		for _, name := range strings.Split(authorizationOf(genuine)["SignedHeaders"]+";x-amz-security-token", ";") {
			same = same && (name == "host" || name == "content-length" || valuesOf(r, name) == valuesOf(genuine, name))
		}
		if same && r.Header.Get("Content-Length") == fmt.Sprint(len(body)) {
			return i, r
		}
	}
	return -1, nil
}

// valuesOf are the values of a header as they are signed: in their order, and without spaces that mean nothing.
func valuesOf(r *http.Request, name string) string {
	values := slices.Clone(r.Header[textproto.CanonicalMIMEHeaderKey(name)])
	for i, value := range values {
		words := strings.FieldsFunc(strings.Trim(value, " \t"), func(c rune) bool { return c == ' ' })
		values[i] = strings.Join(words, " ")
	}
	return strings.Join(values, ",")
}

// authorizationOf are algorithm and parameters of the first Authorization header: separated by commas and spaces, the last
// of one name counts.
func authorizationOf(r *http.Request) map[string]string {
	header := r.Header.Get("Authorization")
	end := strings.IndexAny(header+" ", ", ")
	parameters := map[string]string{"": header[:end]}
	for _, pair := range strings.FieldsFunc(header[end:], func(c rune) bool { return c == ',' || c == ' ' }) {
		switch name, value, ok := strings.Cut(pair, "="); {
		case !ok:
			parameters["malformed"] = pair
		case name == "Credential", name == "SignedHeaders", name == "Signature":
			parameters[name] = value
		}
	}
	return parameters
}

// signAgain lets the SDK sign what a variant has of the signed headers, and compares the signatures.
func (tr *postTrial) signAgain(t *testing.T, variant *http.Request, signer int) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), variant.Method, "https://"+variant.Host+"/", strings.NewReader(tr.bodies[signer]))
	want := authorizationOf(tr.genuine[signer])
	for _, name := range strings.Split(want["SignedHeaders"], ";") {
		if values := variant.Header.Values(name); len(values) > 0 {
			r.Header[textproto.CanonicalMIMEHeaderKey(name)] = values
		}
	}
	err := v4.NewSigner().SignHTTP(t.Context(), tr.by[signer], r, hexHash(tr.bodies[signer]), "sts", "us-west-2", tr.w.clock())
	if err != nil {
		t.Fatal(err)
	}
	if got := authorizationOf(r); !maps.Equal(got, want) {
		t.Errorf("the SDK signs it otherwise: the test's own rule is wrong: %v, %v", got, want)
	}
}
