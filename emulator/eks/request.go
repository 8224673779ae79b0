package eks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/gorilla/mux"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// request is an authenticated request.
type request struct {
	*http.Request
	operation string // AWS's name
	caller    iam.Caller
	scope     Scope // account of the caller, region of the request
	body      []byte
	now       Timestamp
	call      *stsfake.Call // its record
}

// variable returns a variable of the route's path, percent-decoded.
func (r *request) variable(name string) string {
	raw := mux.Vars(r.Request)[name]
	if value, err := url.PathUnescape(raw); err == nil {
		return value
	}
	return raw
}

// decode reads the body of a request. No body is like an empty object; members that the operation does not have are
// left alone, as AWS's services do. That the exception for what is no such JSON is SerializationException is inferred
// from other AWS services that speak JSON; the texts are ours.
func (r *request) decode(into any) error {
	if len(r.body) == 0 {
		return nil
	}
	err := json.Unmarshal(r.body, into)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return plain("SerializationException", "The member %s of the request cannot be a JSON %s.", kind.Field, kind.Value)
	case err != nil:
		return plain("SerializationException", "The body of the request is not a JSON object.")
	}
	return nil
}

// identity is what tells a request with a clientRequestToken from others: operation and body, however it is written.
func (r *request) identity(token string) ClientRequest {
	if token == "" {
		return ClientRequest{}
	}
	var body any
	canonical := r.body
	if json.Unmarshal(r.body, &body) == nil {
		canonical, _ = json.Marshal(body) // what was decoded can be encoded
	}
	sum := sha256.Sum256(append([]byte(r.operation+"\x00"), canonical...))
	return ClientRequest{Token: token, Digest: hex.EncodeToString(sum[:])}
}

// context is the request as policies see it. They see no more than a kilobyte of a user agent, so that nobody makes their
// patterns expensive; AWS's bound is not known.
func (r *request) context() iam.RequestContext {
	agent := r.UserAgent()
	c := iam.RequestContext{Region: r.scope.Region, UserAgent: agent[:min(len(agent), 1<<10)], Secure: r.TLS != nil}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.SourceIP = from.Addr().Unmap()
	}
	return c
}
