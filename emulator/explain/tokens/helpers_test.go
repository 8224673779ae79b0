package tokens

import (
	"encoding/base64"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// noon is when these tests take place, and dateText the same as X-Amz-Date.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The secrets of every token here, which no report may show.
const (
	testSession   = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLXdlc3QtMiJIMEYCIQDxyzSessionOfAlice0123456789AbCdEfGhIjKlMnOpQrStUvWxYz=="
	testSignature = "8d2a6f0e5b1c49d7a3e8f6b2c0d4e1957f3b8a6c2e0d9f4b1a7c5e3d8f6b2a09"
	testKey       = "AKIA2OAJTPGBWKTTJQNX"
)

// build says how a token differs from a good one.
type build struct {
	scheme, host, path string
	set                map[string]string // parameters; "-" leaves one out
	query              string            // added as it is
	signed             time.Time
	wrap               func(url string) string
	prefix             string
}

// token makes a token, signed a minute ago unless it says otherwise. Its signature is none: nothing here looks at it.
func (b build) token(now time.Time) string {
	signed := b.signed
	if signed.IsZero() {
		signed = now.Add(-time.Minute)
	}
	params := map[string]string{
		"Action": "GetCallerIdentity", "Version": "2011-06-15", "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
		"X-Amz-Credential": testKey + "/" + signed.UTC().Format("20060102") + "/us-west-2/sts/aws4_request",
		"X-Amz-Date":       signed.UTC().Format(dateForm), "X-Amz-Expires": "60", "X-Amz-SignedHeaders": "host;x-k8s-aws-id", "X-Amz-Signature": testSignature,
	}
	for name, value := range b.set {
		params[name] = value
		if value == "-" {
			delete(params, name)
		}
	}
	var query []string
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(params)), func(name string) bool { return name == "X-Amz-Signature" })
	if _, signed := params["X-Amz-Signature"]; signed {
		names = append(names, "X-Amz-Signature") // every signer has it last
	}
	for _, name := range names {
		query = append(query, name+"="+url.QueryEscape(params[name]))
	}
	address := or(b.scheme, "https") + "://" + or(b.host, "sts.us-west-2.amazonaws.com") + or(b.path, "/") + "?" + strings.Join(query, "&") + b.query
	if b.wrap != nil {
		return b.wrap(address)
	}
	return or(b.prefix, prefix) + base64.RawURLEncoding.EncodeToString([]byte(address))
}

func or(value, otherwise string) string {
	switch value {
	case "":
		return otherwise
	case "-":
		return ""
	}
	return value
}

// secretLooks is what must never be shown.
var secretLooks = regexp.MustCompile(`(?i)k8s-aws-v1\.[a-z0-9_-]|[0-9a-f]{64}|eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]|IQoJb3Jp|x-amz-(signature|security-token)=[a-z0-9%+/]`)
