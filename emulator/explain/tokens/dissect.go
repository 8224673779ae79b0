package tokens

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/eksemu/eksemu/emulator/explain"
)

// Options are what a token is held against.
type Options struct {
	Now       time.Time // needed
	Cluster   string    // name of the cluster that the token is meant for; "" if unknown
	Partition string    // of the cluster; "" stands for that of the token's own endpoint
	Region    string    // of the cluster; "" if unknown
}

// lifetime is how long a token lives from X-Amz-Date (presignedURLExpiration of upstream).
const lifetime = 15 * time.Minute

// Dissect takes a token apart. Any text is welcome.
func Dissect(token string, o Options) Report {
	e := &exam{Options: o, token: token, checks: []Check{}}
	e.Report.Token.Bytes = len(token)
	e.header()
	if isJWT(strings.TrimSpace(token)) {
		e.webToken()
		return e.conclude()
	}
	e.form()
	e.address()
	e.query()
	e.time()
	e.askSTS()
	return e.conclude()
}

// exam is a token while it is being taken apart.
type exam struct {
	Options
	Report

	token  string
	checks []Check
	url    *url.URL   // that the authenticator finds in it; nil if there is none
	inside *url.URL   // that is in it behind whatever hides it
	params url.Values // by names in lower case, as upstream has them

	// code and message are STS's refusal, if it is what decides.
	status        int
	code, message string
}

// check adds a check of the authenticator: says is how it refuses, "" if it does not.
func (e *exam) check(name, detail, says string) {
	e.add(Check{Hop: explain.HopToken, Name: name, Detail: detail, Says: says})
}

func (e *exam) add(c Check) {
	c.Detail, c.Says = explain.Clean(c.Detail), explain.Clean(c.Says)
	if c.State == "" {
		c.State = explain.StatePassed
		if c.Says != "" {
			c.State = explain.StateRefused
		}
	}
	e.checks = append(e.checks, c)
}

// refusedIf is the authenticator's words for a token that is not well-formed, if it is so.
func refusedIf(bad bool, format string, args ...any) string {
	if !bad {
		return ""
	}
	return formatError + fmt.Sprintf(format, args...)
}

// header checks that a client can send the token: net/http refuses header values with control characters in them
// ((*Transport).roundTrip, by httpguts).
func (e *exam) header() {
	c := Check{Hop: explain.HopClient, Name: "header", Detail: "one line, as an HTTP header can carry it"}
	if !httpguts.ValidHeaderFieldValue(e.token) {
		c.Says = `net/http: invalid header field value for "Authorization"`
	}
	e.add(c)
}

// webToken says whose matter a JSON Web Token is, as service accounts and OpenID Connect issuers have them
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/). That the webhook is asked last, and refuses it,
// follows from the order of the API server's authenticators (pkg/kubeapiserver/authenticator/config.go).
func (e *exam) webToken() {
	e.Report.Token.JWT = true
	for _, name := range []string{"length", "prefix", "base64", "url", "scheme", "host", "path"} {
		e.unreached(name)
	}
	e.remark("the API server verifies it itself, by the keys of its service accounts or of an associated OpenID Connect provider")
	e.remark(`if it accepts none of it (expired, of another cluster, of another audience), it asks the authenticator, which knows EKS's tokens alone: token is missing expected "` + prefix + `" prefix`)
}

// form checks what a token looks like, and finds the URL in it. What cannot be read as the authenticator reads it is put
// right as far as possible, so that the later checks have something to look at.
func (e *exam) form() {
	e.check("length", fmt.Sprintf("%d bytes, of at most %d", len(e.token), maxBytes), refusedIf(len(e.token) > maxBytes, "token is too large"))
	encoded, found := strings.CutPrefix(e.token, prefix)
	e.check("prefix", "begins with "+prefix, refusedIf(!found, "token is missing expected %q prefix", prefix))
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if found {
		e.check("base64", "URL-safe, without padding", refusedIf(err != nil, "%v", err))
	} else {
		e.unreached("base64")
	}
	inside := decode(e.token)
	for _, repair := range inside.repairs {
		e.remark("about the token's form: " + repair)
	}
	if found && err == nil {
		e.parse(string(raw))
	} else {
		e.unreached("url")
	}
	e.inside, _ = url.Parse(inside.url) // nil if it is none
	if inside.url == "" {
		e.inside = nil
	}
}

// parse checks that what a token encodes is a URL. net/url's errors quote it, so the quote is left out.
func (e *exam) parse(text string) {
	parsed, err := url.Parse(text)
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e.check("url", "", refusedIf(err != nil, `parse "[redacted]": %v`, err))
	e.url = parsed
}

func (e *exam) unreached(names ...string) {
	for _, name := range names {
		e.add(Check{Hop: explain.HopToken, Name: name, State: explain.StateNotReached})
	}
}

func (e *exam) remark(text string) { e.Remarks = append(e.Remarks, explain.Clean(text)) }

// address checks scheme, host and path of the URL.
func (e *exam) address() {
	first := e.url
	if e.url == nil || e.url.Scheme == "" && e.inside != nil { // hidden, or encoded twice: the rest is about what is innermost
		e.url = e.inside
	}
	if first == nil {
		first = e.url
	}
	if e.url == nil {
		e.unreached("scheme", "host", "path")
		return
	}
	t := &e.Report.Token
	t.Scheme, t.Host = explain.Clean(e.url.Scheme), explain.Clean(e.url.Host)
	e.check("scheme", first.Scheme, refusedIf(first.Scheme != "https", "unexpected scheme %q in pre-signed URL", first.Scheme))
	if e.Partition == "" {
		e.Partition = likelyPartition(e.url.Host)
	}
	e.endpoint()
	e.check("host", t.endpoint(), refuseHost(e.url.Host, e.Partition, e.Region))
	e.check("path", "/", refusedIf(e.url.Path != "/", "unexpected path in pre-signed URL"))
}

// request is what the authenticator would send to STS.
func (e *exam) request() (*http.Request, error) {
	r, err := http.NewRequest(http.MethodGet, e.url.String(), http.NoBody) //nolint:noctx // it is never sent
	if err != nil {
		return nil, err
	}
	r.Header.Set(clusterHeader, e.Cluster)
	r.Header.Set("Accept", "application/json")
	if user := e.url.User; user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password) // as net/http does when it sends it
	}
	return r, nil
}
