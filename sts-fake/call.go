package stsfake

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// Call is what an observer sees of one AWS API call. It has no secret key, session token, web identity token, MFA code
// or signature in it. Texts are cut, with "…" at the end, where a client could make them long: Message, Reason,
// CanonicalRequest and StringToSign at 4 KiB, all others at 1 KiB.
type Call struct {
	Time        time.Time // when the call came in
	Service     string    // "sts"
	Operation   string    // "GetCallerIdentity"; "" if it could not be told
	Host        string    // that the client believed to talk to
	Region      string    // that the host stands for; on the direct endpoint that the request was signed for
	Method      string
	AccessKeyID string // as the request claims; see Principal
	// Principal is the caller's ARN: "" unless the signature was proved. For AssumeRoleWithWebIdentity, which nobody
	// signs, it is the session that was given; "" if it was refused.
	Principal   string
	UserAgent   string
	RequestID   string
	Fingerprint string // of the signature: see [sigv4.Fingerprint]
	Status      int    // of the answer
	Code        string // AWS error code of a refusal
	Message     string // AWS's words for it
	Reason      string // what decided a refusal that AWS does not explain to its callers
	// CanonicalRequest and StringToSign are what the verifier computed for a signature that did not match, without
	// the session token.
	CanonicalRequest, StringToSign string
	Duration                       time.Duration
	// Request is the request itself, for its context. Its headers and URL do hold what the other fields leave out.
	Request *http.Request
}

// Begin starts the record of a call to a service of this gate.
func (g *Gate) Begin(r *http.Request, service string) *Call {
	return g.begin(r, service, g.Endpoint(r, service))
}

func (g *Gate) begin(r *http.Request, service string, endpoint Endpoint) *Call {
	return &Call{
		Time: g.Now(), Service: service, Host: endpoint.Host, Region: endpoint.Region, Method: r.Method,
		UserAgent: r.UserAgent(), RequestID: g.requestID(), Request: r,
	}
}

// Identify notes what [Gate.Authenticate] found.
func (c *Call) Identify(caller iam.Caller, signed *sigv4.Signed, err error) {
	c.Principal = caller.ARN
	if signed != nil {
		c.AccessKeyID, c.Fingerprint = signed.AccessKeyID, signed.Fingerprint()
		if c.Region == "" {
			c.Region = signed.Region
		}
	} else {
		var signature string
		c.AccessKeyID, signature = claims(c.Request)
		c.Fingerprint = sigv4.Fingerprint(signature)
	}
	var refusal *sigv4.Refusal
	if errors.As(err, &refusal) {
		c.Code, c.Message = refusal.Code, refusal.Message
		c.CanonicalRequest, c.StringToSign = refusal.CanonicalRequest, refusal.StringToSign
		if refusal.Check == CheckPartition {
			c.Reason = "the host is of another partition of AWS than the identities"
		}
	}
}

// Refuse notes the answer to a caller who is refused, and what decided it. Without a reason, one that is noted already
// stays.
func (c *Call) Refuse(code, message, reason string) {
	c.Code, c.Message, c.Reason = code, message, cmp.Or(reason, c.Reason)
}

// End finishes the record with the answer's status and hands it to the observer.
func (g *Gate) End(c *Call, status int) {
	c.Status = status
	c.bound()
	c.Duration = g.Now().Sub(c.Time)
	if g.Observe != nil {
		g.Observe(*c)
	}
}

// Bounds on the texts of a record, in bytes. A record outlives its request, often with thousands of others.
const (
	maxField = 1 << 10
	maxText  = 4 << 10
)

// bound cuts the texts that a client may have made long.
func (c *Call) bound() {
	for _, field := range []*string{
		&c.Operation, &c.Host, &c.Region, &c.Method, &c.AccessKeyID, &c.UserAgent,
	} {
		*field = clip(*field, maxField)
	}
	for _, text := range []*string{&c.Message, &c.Reason, &c.CanonicalRequest, &c.StringToSign} {
		*text = clip(*text, maxText)
	}
}

// clip cuts a text to a number of bytes, "…" included, and not within a character. The result is a copy, so that it
// does not keep the text alive that it is a part of.
func clip(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return strings.Clone(text)
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// claims reads access key ID and signature of a request that is refused for its form (an expired one, say), so
// that the record can still say whose it claims to be. Nothing is decided by it.
func claims(r *http.Request) (accessKeyID, signature string) {
	credential := ""
	for field := range strings.FieldsFuncSeq(r.Header.Get("Authorization"), func(c rune) bool { return c == ',' || c == ' ' }) {
		if value, ok := strings.CutPrefix(field, "Credential="); ok {
			credential = value
		}
		if value, ok := strings.CutPrefix(field, "Signature="); ok {
			signature = value
		}
	}
	if params, err := awsquery.Decode(r.URL.RawQuery); err == nil && credential == "" {
		credential, signature = params.Get("X-Amz-Credential"), params.Get("X-Amz-Signature")
	}
	accessKeyID, _, _ = strings.Cut(credential, "/")
	return accessKeyID, signature
}
