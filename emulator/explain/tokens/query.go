package tokens

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	stsfake "github.com/eksemu/eksemu/sts-fake"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

const (
	clusterHeader = "x-k8s-aws-id"
	dateForm      = "20060102T150405Z"
)

// signatureForm is a SigV4 signature.
var signatureForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Kinds of access keys, by the prefixes that the IAM User Guide has ("IAM identifiers").
const (
	longTerm  = "long-term"
	temporary = "temporary"
)

// isKnown is parameterWhitelist of upstream.
func isKnown(parameter string) bool {
	switch strings.ToLower(parameter) {
	case "action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
		"x-amz-security-token", "x-amz-signature", "x-amz-signedheaders":
		return true
	}
	return false
}

// query checks the parameters of the URL.
func (e *exam) query() {
	if e.url == nil {
		e.unreached("query", "parameters", "action", "cluster header", "expires")
		return
	}
	params, err := url.ParseQuery(e.url.RawQuery)
	e.check("query", "", refusedIf(err != nil, "malformed query parameter"))
	e.check("parameters", fmt.Sprintf("%d, each known and given once", len(params)), refuseParameters(params))
	e.params = url.Values{}
	for _, name := range sortedNames(params) {
		if lower := strings.ToLower(name); e.params.Get(lower) == "" {
			e.params.Set(lower, params[name][0])
		}
	}
	e.describe()
	action := e.params.Get("action")
	e.check("action", action, refusedIf(action != "GetCallerIdentity", "unexpected action parameter in pre-signed URL"))
	e.clusterHeader()
	expires := e.params.Get("x-amz-expires")
	seconds, err := strconv.Atoi(expires)
	e.check("expires", expires+" seconds, which nobody heeds: a token lives 15 minutes",
		refusedIf(err != nil || seconds < 0 || seconds > 900, "invalid X-Amz-Expires parameter in pre-signed URL: %d", seconds))
}

// refuseParameters is what the authenticator says about names of parameters. Of several faults of the last two kinds,
// which it names is chance there, as it goes through a map; here it is the first by name.
func refuseParameters(params url.Values) string {
	names := sortedNames(params)
	seen := map[string]bool{}
	for _, name := range names {
		lower := strings.ToLower(name)
		if seen[lower] {
			return refusedIf(true, "duplicate query parameter found: %q", explain.Clean(name))
		}
		seen[lower] = true
	}
	for _, name := range names {
		switch {
		case !isKnown(name):
			return refusedIf(true, "non-whitelisted query parameter %q", explain.Clean(name))
		case len(params[name]) != 1:
			return refusedIf(true, "query parameter with multiple values not supported")
		}
	}
	return ""
}

func sortedNames(params url.Values) []string {
	var names []string
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// clusterHeader checks that the token is bound to a cluster. To which one, the signature alone tells.
func (e *exam) clusterHeader() {
	signed := strings.Split(e.params.Get("x-amz-signedheaders"), ";")
	bound := slices.ContainsFunc(signed, func(name string) bool { return strings.EqualFold(name, clusterHeader) })
	e.check("cluster header", clusterHeader+" is signed, so the token is for one cluster",
		refusedIf(!bound, "client did not sign the %s header in the pre-signed URL", clusterHeader))
}

// describe keeps what the parameters say of the token.
func (e *exam) describe() {
	t := &e.Report.Token
	clean := func(name string) string { return explain.Clean(e.params.Get(name)) }
	t.Algorithm, t.Action, t.Version, t.Expires = clean("x-amz-algorithm"), clean("action"), clean("version"), clean("x-amz-expires")
	t.AccessKeyID, t.Scope, _ = strings.Cut(clean("x-amz-credential"), "/")
	t.SessionToken, t.Signature = e.params.Get("x-amz-security-token") != "", e.params.Get("x-amz-signature") != ""
	if headers := clean("x-amz-signedheaders"); headers != "" {
		t.SignedHeaders = strings.Split(headers, ";")
	}
	if !signatureForm.MatchString(e.params.Get("x-amz-signature")) && t.Algorithm == sigv4.AlgorithmV4 {
		e.remark("the signature is not 64 hexadecimal digits: was the token cut off?")
	}
	t.Account, _ = stsfake.AccountOfAccessKey(t.AccessKeyID)
	switch {
	case strings.HasPrefix(t.AccessKeyID, "AKIA"):
		t.KeyKind = longTerm
	case strings.HasPrefix(t.AccessKeyID, "ASIA"):
		t.KeyKind = temporary
	}
}

// endpoint finds out which endpoint of STS the host is.
func (e *exam) endpoint() {
	endpoint, ok := stsfake.ParseEndpoint(e.url.Host)
	if !ok || endpoint.Service != "sts" {
		return
	}
	kind := "a regional endpoint"
	if endpoint.Global {
		kind = "the global endpoint"
	}
	if strings.HasPrefix(endpoint.Host, "sts-fips.") {
		kind += " (FIPS)"
	}
	if strings.Contains(endpoint.Host, ".api.") {
		kind += " (dual-stack)"
	}
	t := &e.Report.Token
	t.Endpoint, t.Region, t.Partition = kind, endpoint.Region, endpoint.Partition
}

// time checks when the token was signed.
func (e *exam) time() {
	if e.url == nil {
		e.unreached("date", "age")
		return
	}
	text := e.params.Get("x-amz-date")
	signed, err := time.Parse(dateForm, text)
	switch {
	case text == "":
		e.check("date", "", refusedIf(true, "X-Amz-Date parameter must be present in pre-signed URL"))
	case err != nil:
		if wrapped := (*time.ParseError)(nil); errors.As(err, &wrapped) {
			err = errors.New(explain.Clean(err.Error()))
		}
		e.check("date", "", refusedIf(true, "error parsing X-Amz-Date parameter %s into format %s: %v", explain.Clean(text), dateForm, err))
	default:
		e.check("date", text, "")
		e.age(signed)
		return
	}
	e.unreached("age")
}

// age checks whether the token is too old. The authenticator has nothing against one of the future; STS has.
func (e *exam) age(signed time.Time) {
	age := e.Now.Sub(signed)
	until, seconds := signed.Add(lifetime), int64(age/time.Second)
	t := &e.Report.Token
	t.SignedAt, t.ValidUntil, t.AgeSeconds = &signed, &until, &seconds
	detail := "signed " + explain.Span(age) + " ago, lives 15m0s"
	if age < 0 {
		detail = "signed " + explain.Span(age) + " in the future"
	}
	e.check("age", detail, refusedIf(age > lifetime, "X-Amz-Date parameter is expired (15 minute expiration) %s", signed))
}
