package stsfaketest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// Request is a call that the server has got: who made it, what was asked for, and what was answered and why.
//
// A signature that does not match has no Reason: the CanonicalRequest and StringToSign are what the server computed, to
// be compared with the client's.
type Request struct {
	stsfake.Call
	// Params are the parameters by their names in the query protocol, as the request has them: RoleArn,
	// DurationSeconds, Tags.member.1.Key. Session tokens, signatures, web identity tokens, SAML assertions, codes of
	// MFA devices and what else is a proof are [Redacted]. Of a body that is too large, Params has nothing.
	Params url.Values
}

// Redacted stands for the value of a parameter that is a secret.
const Redacted = "REDACTED"

// Requests are the calls so far, oldest first. They hold no secret: neither a session token nor the HTTP request itself,
// which is nil.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := slices.Clone(s.requests)
	for i := range copied {
		copied[i].Params = maps.Clone(copied[i].Params)
		for name, values := range copied[i].Params {
			copied[i].Params[name] = slices.Clone(values)
		}
	}
	return copied
}

func (s *Server) observe(c stsfake.Call) {
	params, _ := c.Request.Context().Value(paramsKey{}).(url.Values)
	c.Request = nil // it has the secrets
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{c, params})
}

// paramsKey is where a request's context has its parameters for [Server.observe].
type paramsKey struct{}

// withParams puts the parameters of each request into its context. The body is there again for next.
func withParams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := ""
		if r.Body != http.NoBody {
			// What is wrong with a body, next finds out by itself when it reads on.
			body, _ := io.ReadAll(io.LimitReader(r.Body, stsfake.MaxBody+1))
			r.Body = &readAgain{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
			if r.Method == http.MethodPost && len(body) <= stsfake.MaxBody {
				form = string(body)
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), paramsKey{}, params(r.URL.RawQuery, form))))
	})
}

// readAgain is a body of which the first bytes were read already.
type readAgain struct {
	io.Reader
	io.Closer
}

// params reads parameters in the order of [awsquery.Decode], without the secrets. What does not decode is left out: such
// a request is refused.
func params(lists ...string) url.Values {
	all := url.Values{}
	for _, list := range lists {
		decoded, _ := url.ParseQuery(list)
		for name, values := range decoded {
			if isSecret(name) {
				values = slices.Repeat([]string{Redacted}, len(values))
			}
			all[name] = append(all[name], values...)
		}
	}
	return all
}

// isSecret says whether a parameter is a proof of who somebody is. Of one within others the last part counts
// (ProvidedContexts.member.1.ContextAssertion).
func isSecret(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	return slices.ContainsFunc([]string{
		"X-Amz-Security-Token", "X-Amz-Signature",
		"WebIdentityToken", "SAMLAssertion", "TokenCode", "TradeInToken", "ContextAssertion",
	}, func(secret string) bool { return strings.EqualFold(name, secret) })
}

// line is a call as one line of a test's output, and what the server computed for a signature that did not match below
// it.
func line(r Request) string {
	who := r.Principal
	if who == "" {
		who = r.AccessKeyID
	}
	text := fmt.Sprintf("%s %s %q at %s by %q: %d", r.Time.UTC().Format(time.RFC3339), r.Method, r.Operation, r.Host, who, r.Status)
	if r.Code != "" {
		text += fmt.Sprintf(" %s: %q", r.Code, r.Message)
	}
	if r.Reason != "" {
		text += fmt.Sprintf(" (%s)", r.Reason)
	}
	if r.CanonicalRequest != "" {
		text += "\nif the client has the same canonical request and string to sign, its secret key is wrong; the server computed" +
			block("canonical request", r.CanonicalRequest) + block("string to sign", r.StringToSign)
	}
	return text
}

// block is a text of several lines under a title.
func block(title, text string) string {
	return "\n  " + title + ":\n    " + strings.ReplaceAll(text, "\n", "\n    ")
}
