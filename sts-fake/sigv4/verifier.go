package sigv4

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Verifier is an endpoint of one AWS service. It holds no secrets and is safe for concurrent use.
type Verifier struct {
	// Service is the signing name that a credential scope must have: "sts", "eks".
	Service string
	// ValidRegion says whether a credential may be scoped to a region here: sts.us-west-2.amazonaws.com takes us-west-2,
	// the global sts.amazonaws.com us-east-1. Nil takes every region.
	ValidRegion func(region string) bool
	// AcceptV4A takes SigV4A signatures as well, as STS has since April 2026 (spec/sts.md §1.6). Without it they are
	// refused as an algorithm that is not supported, as services do that only know SigV4.
	AcceptV4A bool
	// Region is the region of the endpoint, which the region set of a SigV4A signature must cover. Empty is an endpoint
	// of no region, which takes every set.
	Region string
	// Keys saves deriving the same keys again for every request; verifiers may share one. Nil derives them anew.
	Keys *KeyCache
	// Now is the verifier's clock. Required. The Date header of the answers must come from the same clock, because
	// clients that see the two differ correct their own and try again (spec/sts.md §1.5).
	Now func() time.Time
	// QueryProtocol is for the services of the AWS query protocol (STS, IAM, EC2): it makes checks 2 and 3, that the
	// method is GET or POST and that what is posted is a form. Before them it refuses every path that is not "/" once
	// it is normalised, with 404: those services have no other (what they answer there is not AWS's word). Their answers have no error document; to the 302 of a
	// wrong method the caller adds the Location of the service's page.
	QueryProtocol bool
}

// Parse reads a request's signature and makes checks 1 to 13 of spec/sts.md §1.7, everything that takes no secret.
// The error is a [*Refusal].
func (v Verifier) Parse(r Request) (*Signed, error) {
	if err := r.checkSize(); err != nil {
		return nil, err
	}
	rawPath, rawQuery, _ := strings.Cut(cmp.Or(r.Target, "/"), "?")
	path, err := canonicalPath(rawPath)
	if err != nil {
		return nil, err
	}
	if err := v.checkProtocol(r, path); err != nil {
		return nil, err
	}
	q, err := parseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	p, err := v.authenticationParameters(r, q)
	if err != nil {
		return nil, err
	}
	s := &Signed{
		Form: p.form, Algorithm: p.algorithm, SessionToken: p.sessionToken,
		request: r, path: path, query: q, signature: p.signature, signedHeaders: p.signedHeaders, regionSet: p.regionSet, keys: v.Keys,
	}
	if err := v.judge(s, p); err != nil {
		return nil, err
	}
	q.sort()
	return s, nil
}

// judge makes checks 8 to 13 and fills in what they find.
func (v Verifier) judge(s *Signed, p parameters) (err error) {
	if s.SignedHeaders, err = signedHeaderNames(p.signedHeaders); err != nil {
		return err
	}
	if err := s.checkRegionSetSigned(); err != nil {
		return err
	}
	if s.Time, err = parseDate(p.date, p.form); err != nil {
		return err
	}
	if err := v.checkClock(s.Time); err != nil {
		return err
	}
	if s.AccessKeyID, s.Scope, err = parseCredential(p.credential, s.Algorithm); err != nil {
		return err
	}
	s.Date = p.date
	if len(s.Date) != len(basicFormat) {
		s.Date = s.Time.Format(basicFormat)
	}
	if s.Region = s.Scope.Region; s.Scope.regionless {
		s.Region = cmp.Or(v.Region, firstRegion(s.regionSet))
	}
	return v.checkScope(s)
}

// checkProtocol makes checks 2 and 3. Which methods and content types fit is not AWS's word beyond PUT and DELETE.
func (v Verifier) checkProtocol(r Request, path string) error {
	if !v.QueryProtocol {
		return nil
	}
	if path != "/" {
		return withoutDocument(CheckRoot, http.StatusNotFound, "the query protocol has no path but /")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return withoutDocument(CheckMethod, http.StatusFound, "the query protocol takes GET and POST, not "+strconv.Quote(r.Method))
	}
	contentType, ok := r.header("Content-Type")
	if !ok || r.Method != http.MethodPost {
		return nil
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
		return withoutDocument(CheckContentType, http.StatusForbidden,
			"the query protocol takes application/x-www-form-urlencoded, not "+strconv.Quote(contentType))
	}
	return nil
}

// signedHeaderNames splits SignedHeaders and makes check 8. No other header has to be signed: that AWS refuses an
// unsigned x-amz-* header at STS is not evidenced. Naming a header twice is refused as a matter of size: it would let a
// small request make a large canonical request.
func signedHeaderNames(signedHeaders string) ([]string, error) {
	if strings.Count(signedHeaders, ";") >= maxSignedHeaders {
		return nil, withoutDocument(CheckSize, http.StatusBadRequest, "more than "+strconv.Itoa(maxSignedHeaders)+" headers are signed")
	}
	names := strings.Split(signedHeaders, ";")
	host := false
	for i, name := range names {
		if slices.ContainsFunc(names[:i], func(earlier string) bool { return sameHeader(earlier, name) }) {
			return nil, withoutDocument(CheckSize, http.StatusBadRequest, "the header "+strconv.Quote(name)+" is signed twice")
		}
		host = host || isHost(name)
	}
	if !host {
		return nil, signatureDoesNotMatch(CheckHost, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return names, nil
}
