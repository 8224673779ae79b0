package sigv4

import (
	"strings"
	"time"
)

// maxSkew is how far a request's date may be from the verifier's clock, both ways. It is that of STS; some other
// services allow 5 minutes.
const maxSkew = 15 * time.Minute

const (
	terminator     = "aws4_request"
	basicFormat    = "20060102T150405Z"
	extendedFormat = "2006-01-02T15:04:05Z"
	scopeDateSize  = len("20060102")
)

// CredentialScope is what a signing key is good for; of SigV4A, what a signature is.
type CredentialScope struct {
	Date       string // YYYYMMDD
	Region     string // "" for SigV4A: see [Signed.Region]
	Service    string
	Terminator string // "aws4_request"

	regionless bool // of SigV4A: it has no region, not an empty one
}

// String is the scope as it stands in the string to sign.
func (c CredentialScope) String() string { return string(c.appendTo(nil)) }

func (c CredentialScope) appendTo(buf []byte) []byte {
	buf = append(append(buf, c.Date...), '/')
	if !c.regionless {
		buf = append(append(buf, c.Region...), '/')
	}
	buf = append(append(buf, c.Service...), '/')
	return append(buf, c.Terminator...)
}

// parseCredential makes check 12: access key ID and scope, exactly five elements; for SigV4A four, which have no
// region. That AWS's text counts to four then is not its word.
func parseCredential(credential, algorithm string) (accessKeyID string, scope CredentialScope, err error) {
	form, slashes := "5 slash-delimited elements, e.g. keyid/date/region/service/term", 4
	if algorithm == AlgorithmV4A {
		scope.regionless = true
		form, slashes = "4 slash-delimited elements, e.g. keyid/date/service/term", 3
	}
	if strings.Count(credential, "/") != slashes {
		return "", CredentialScope{}, incompleteSignature(CheckCredential,
			"Credential must have exactly "+form+", got '"+credential+"'")
	}
	accessKeyID, rest, _ := strings.Cut(credential, "/")
	scope.Date, rest, _ = strings.Cut(rest, "/")
	if !scope.regionless {
		scope.Region, rest, _ = strings.Cut(rest, "/")
	}
	scope.Service, scope.Terminator, _ = strings.Cut(rest, "/")
	return accessKeyID, scope, nil
}

// parseDate makes check 9. The basic ISO-8601 format counts everywhere; the extended one in the header form only, and
// the string to sign has the basic one all the same. The refusal's text is from AWS's documentation and from who probed
// AWS, not recorded at STS (spec/sts.md §2.2).
func parseDate(date string, form Form) (time.Time, error) {
	layout := basicFormat
	if form == FormHeader && len(date) == len(extendedFormat) {
		layout = extendedFormat
	}
	if len(date) == len(layout) { // time.Parse alone would let fractions of a second pass
		if at, err := time.Parse(layout, date); err == nil {
			return at, nil
		}
	}
	return time.Time{}, incompleteSignature(CheckDate,
		"Date must be in ISO-8601 'basic format'. Got '"+date+"'. See http://en.wikipedia.org/wiki/ISO_8601")
}

// checkClock makes checks 10 and 11. A request of exactly 15 minutes ago is in time; that one of exactly 15 minutes
// ahead is too is not AWS's word.
func (v Verifier) checkClock(at time.Time) error {
	now := v.Now().UTC().Truncate(time.Second) // the precision of a request's date
	if oldest := now.Add(-maxSkew); at.Before(oldest) {
		return signatureDoesNotMatch(CheckExpired, "Signature expired: "+at.Format(basicFormat)+" is now earlier than "+
			oldest.Format(basicFormat)+" ("+now.Format(basicFormat)+" - 15 min.)")
	}
	if newest := now.Add(maxSkew); at.After(newest) {
		return signatureDoesNotMatch(CheckNotYetCurrent, "Signature not yet current: "+at.Format(basicFormat)+" is still later than "+
			newest.Format(basicFormat)+" ("+now.Format(basicFormat)+" + 15 min.)")
	}
	return nil
}

// checkScope makes check 13: all that is wrong, in AWS's order, in one message. Its sentences end with a space where
// AWS's do.
func (v Verifier) checkScope(s *Signed) error {
	scope, date := s.Scope, s.Date
	var wrong strings.Builder
	if !v.validRegion(s) {
		wrong.WriteString("Credential should be scoped to a valid region. ")
	}
	if scope.Service != v.Service {
		wrong.WriteString("Credential should be scoped to correct service: '" + v.Service + "'. ")
	}
	if scope.Terminator != terminator {
		// From who probed AWS, not recorded. The space at the end is not AWS's word: it follows its neighbours.
		wrong.WriteString("Credential should be scoped with a valid terminator: '" + terminator + "', not '" + scope.Terminator + "'. ")
	}
	if day := date[:scopeDateSize]; scope.Date != day {
		wrong.WriteString("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			scope.Date + "' != '" + day + "', from '" + date + "'.")
	}
	if wrong.Len() == 0 {
		return nil
	}
	return signatureDoesNotMatch(CheckScope, wrong.String())
}

// validRegion says whether a request may be signed for the region that its scope or its region set names. That a region
// set which does not cover the endpoint's region is answered like a wrong region is not AWS's word.
func (v Verifier) validRegion(s *Signed) bool {
	if s.Scope.regionless {
		return coversRegion(s.regionSet, v.Region)
	}
	return v.ValidRegion == nil || v.ValidRegion(s.Scope.Region)
}
