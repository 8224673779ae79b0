package stsfake

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// Gate authenticates requests to AWS APIs. All services of one fake AWS share one. Set its fields before the
// first use; it is safe for concurrent use after that.
type Gate struct {
	// Store knows the identities; needed.
	Store *iam.Store
	// Now is the clock that signatures are judged by; needed. Answers carry the same clock in their Date header.
	Now func() time.Time
	// Region is the only region that the direct endpoint takes. "" means any.
	Region string
	// Observe sees every call before its answer is sent; nil for nobody. It must be quick and safe for
	// concurrent use.
	Observe func(Call)
	// NewRequestID makes the ID of a request. nil means a random UUID.
	NewRequestID func() string

	keys sigv4.KeyCache
}

// Names of the checks beside those of package sigv4. CheckEndpoint comes first of all; the others come between the
// signature's form and its value (spec/sts.md section 1.7, steps 14 and 15).
const (
	CheckEndpoint     = "endpoint"      // the host names an endpoint of this service; not a check of AWS
	CheckPartition    = "partition"     // 14, 15: the endpoint's partition has the caller's keys
	CheckSessionToken = "session-token" // 14
	CheckAccessKey    = "access-key"    // 15
)

// Authenticate finds out who sent a request to a service, by its signature. service is the service's signing name;
// for those of the query protocol (sts, iam, ec2) method and content type are checked as well. body is the whole
// body of the request.
//
// The error is a *[sigv4.Refusal] with AWS's status, code and text; other protocols than the query protocol have
// codes of their own for some. The signed request is there as soon as it could be read, even if it was then refused.
//
// STS, alone of the emulated services, takes SigV4A signatures (spec/sts.md section 1.6).
func (g *Gate) Authenticate(r *http.Request, body []byte, service string) (iam.Caller, *sigv4.Signed, error) {
	return g.authenticate(r, body, service, g.Endpoint(r, service))
}

func (g *Gate) authenticate(r *http.Request, body []byte, service string, endpoint Endpoint) (iam.Caller, *sigv4.Signed, error) {
	if endpoint.Service != service {
		return iam.Caller{}, nil, misdirected(endpoint, service)
	}
	region := endpoint.Region
	verifier := sigv4.Verifier{
		Service:       service,
		ValidRegion:   func(scoped string) bool { return scoped != "" && (region == "" || scoped == region) },
		AcceptV4A:     service == serviceName,
		Region:        region,
		Keys:          &g.keys,
		Now:           g.Now,
		QueryProtocol: service == "sts" || service == "iam" || service == "ec2",
	}
	signed, err := verifier.Parse(sigv4.FromHTTP(r, body))
	if err != nil {
		return iam.Caller{}, nil, err
	}
	if !endpoint.Direct && endpoint.Partition != g.Store.Partition() {
		return iam.Caller{}, signed, refusePartition(signed)
	}
	secret, caller, err := g.Store.Credential(signed.AccessKeyID, signed.SessionToken)
	if err != nil {
		return iam.Caller{}, signed, refuseCredential(err)
	}
	if err := signed.Verify(secret); err != nil {
		return iam.Caller{}, signed, err
	}
	return caller, signed, nil
}

// Endpoint is the endpoint that a request came to: the AWS endpoint that its host names, or the direct one of the
// service if its host is not named like one of AWS. A host under AWS's domains that is no endpoint (such as a
// bucket's) has an Endpoint without a service.
//
// The Host header is believed. Who serves several AWS host names at once must see to it that a request's Host header
// is the name that its client connected to, as package gateway does.
func (g *Gate) Endpoint(r *http.Request, service string) Endpoint {
	if endpoint, ok := ParseEndpoint(r.Host); ok {
		return endpoint
	}
	if IsAWSName(r.Host) {
		return Endpoint{Host: r.Host}
	}
	return Endpoint{Service: service, Region: g.Region, Host: r.Host, Direct: true}
}

// misdirected refuses a request that came to the wrong service: 421 (RFC 9110 section 15.5.20), without an error
// document. AWS never gets into this place, so neither is its word.
func misdirected(endpoint Endpoint, service string) *sigv4.Refusal {
	return &sigv4.Refusal{
		Check: CheckEndpoint, Status: http.StatusMisdirectedRequest,
		Message: fmt.Sprintf("the host %q is no endpoint of %s", clip(endpoint.Host, maxField), service),
	}
}

// refusePartition is the answer to keys of another partition than the endpoint's. That they are unknown there, like
// keys that never were, is inferred: partitions share no accounts.
func refusePartition(signed *sigv4.Signed) *sigv4.Refusal {
	err := iam.ErrUnknownAccessKey
	if signed.SessionToken != "" {
		err = iam.ErrInvalidToken
	}
	refusal := refuseCredential(err)
	refusal.Check = CheckPartition
	return refusal
}

// refuseCredential puts the store's refusals into AWS's words (spec/sts.md section 2.2): the same text with and
// without a final period. That an inactive key and a deleted role's session read like an unknown key is inferred. A third
// text of that section, "The AWS access key provided does not exist in our records.", is never sent: one source has it
// for keys that were deleted, and this store does not remember which keys there were.
func refuseCredential(err error) *sigv4.Refusal {
	refusal := &sigv4.Refusal{
		Check: CheckAccessKey, Status: http.StatusForbidden,
		Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.",
	}
	switch {
	case errors.Is(err, iam.ErrInvalidToken):
		refusal.Check, refusal.Message = CheckSessionToken, "The security token included in the request is invalid"
	case errors.Is(err, iam.ErrExpiredToken):
		refusal.Check, refusal.Code = CheckSessionToken, "ExpiredToken"
		refusal.Message = "The security token included in the request is expired"
	}
	return refusal
}

// requestID is a random UUID unless the gate has another way.
func (g *Gate) requestID() string {
	if g.NewRequestID != nil {
		return g.NewRequestID()
	}
	var b [16]byte
	rand.Read(b[:]) // crypto/rand.Read never returns an error
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	digits := hex.EncodeToString(b[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
