package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Form says where a request carries its signature.
type Form string

// The two places for a signature.
const (
	FormHeader Form = "header" // the Authorization header
	FormQuery  Form = "query"  // the query of a presigned URL
)

// The values of [Signed.Algorithm].
const (
	AlgorithmV4  = "AWS4-HMAC-SHA256"
	AlgorithmV4A = "AWS4-ECDSA-P256-SHA256"
)

const (
	paramAlgorithm     = "X-Amz-Algorithm"
	paramCredential    = "X-Amz-Credential"
	paramDate          = "X-Amz-Date"
	paramSecurityToken = "X-Amz-Security-Token"
	paramSignature     = "X-Amz-Signature"
	paramSignedHeaders = "X-Amz-SignedHeaders"

	headerAuthorization = "Authorization"
	headerDate          = "Date"
)

// parameters are what a request says about its signature, decoded but not judged.
type parameters struct {
	form                                       Form
	algorithm                                  string
	credential, signature, signedHeaders, date string
	sessionToken                               string
	regionSet                                  string // SigV4A only
}

// authenticationParameters makes checks 5 to 7.
func (v Verifier) authenticationParameters(r Request, q query) (parameters, error) {
	authorization, inHeader := r.header(headerAuthorization)
	queryAlgorithm, inQuery := q.first(paramAlgorithm)
	switch {
	case inHeader && inQuery:
		// Not AWS's word for STS: the text is DynamoDB's of 2013.
		return parameters{}, signatureDoesNotMatch(CheckAuthentication,
			"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case inHeader:
		return v.headerParameters(r, authorization)
	case inQuery:
		return v.queryParameters(q, queryAlgorithm)
	}
	return parameters{}, missingAuthenticationToken(CheckAuthentication)
}

// headerParameters makes check 6. X-Amz-Date wins over Date.
func (v Verifier) headerParameters(r Request, header string) (parameters, error) {
	a, err := parseAuthorization(header, v.AcceptV4A)
	if err != nil {
		return parameters{}, err
	}
	date, dated := r.header(paramDate)
	if !dated {
		date, dated = r.header(headerDate)
	}
	var missing strings.Builder
	for _, required := range [...]struct {
		present bool
		name    string
	}{{a.credential.present, "Credential"}, {a.signature.present, "Signature"}, {a.signedHeaders.present, "SignedHeaders"}} {
		if !required.present {
			missing.WriteString("Authorization header requires '" + required.name + "' parameter. ")
		}
	}
	if !dated {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	regionSet, regional := r.header(paramRegionSet)
	if !regional && a.algorithm == AlgorithmV4A {
		// Not AWS's word: after the sentence about the date.
		missing.WriteString("Authorization header requires existence of a '" + paramRegionSet + "' header. ")
	}
	if missing.Len() > 0 {
		// Recorded like this, with the algorithm behind "Authorization=" (aws/chalice#828). That the newer form, hashed as
		// in notKeyValue, is not what STS sends here today is not AWS's word: versitygw has it for other services.
		return parameters{}, incompleteSignature(CheckParameters, missing.String()+"Authorization="+a.algorithm)
	}
	token, _ := r.header(paramSecurityToken)
	return parameters{
		form: FormHeader, algorithm: a.algorithm, credential: a.credential.value, signature: a.signature.value,
		signedHeaders: a.signedHeaders.value, date: date, sessionToken: token, regionSet: regionSet,
	}, nil
}

// queryParameters makes check 7. X-Amz-Expires is not read: STS ignores it, and a presigned request lives 15 minutes
// from its date.
func (v Verifier) queryParameters(q query, algorithm string) (parameters, error) {
	if !accepts(algorithm, v.AcceptV4A) {
		return parameters{}, missingAuthenticationToken(CheckAlgorithm)
	}
	p := parameters{form: FormQuery, algorithm: algorithm}
	var missing strings.Builder
	for _, required := range [...]struct {
		value *string
		name  string
	}{{&p.credential, paramCredential}, {&p.signature, paramSignature}, {&p.signedHeaders, paramSignedHeaders}, {&p.date, paramDate}} {
		var present bool
		if *required.value, present = q.first(required.name); !present {
			missing.WriteString("AWS query-string parameters must include '" + required.name + "'. ")
		}
	}
	var regional bool
	if p.regionSet, regional = q.first(paramRegionSet); !regional && algorithm == AlgorithmV4A {
		// Not AWS's word: the sentence of the other parameters.
		missing.WriteString("AWS query-string parameters must include '" + paramRegionSet + "'. ")
	}
	if missing.Len() > 0 {
		// From who probed AWS, not recorded at STS (spec/sts.md §2.2, [S]).
		return parameters{}, incompleteSignature(CheckParameters, missing.String()+"Re-examine the query-string parameters.")
	}
	p.sessionToken, _ = q.first(paramSecurityToken)
	return p, nil
}

// authorization is the parsed Authorization header.
type authorization struct {
	algorithm                            string
	credential, signature, signedHeaders field
}

type field struct {
	value   string
	present bool
}

// maxAlgorithm is how much of an unknown algorithm is repeated. The cut is not AWS's word: it keeps a bearer token that
// somebody sent without "Bearer" out of the error.
const maxAlgorithm = 32

// accepts says whether a request may be signed by an algorithm.
func accepts(algorithm string, v4a bool) bool {
	return algorithm == AlgorithmV4 || v4a && algorithm == AlgorithmV4A
}

// parseAuthorization reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…". Commas and spaces both
// separate; of a repeated parameter the last counts; unknown ones are passed over.
func parseAuthorization(header string, v4a bool) (authorization, error) {
	name, rest := cutSeparator(header)
	a := authorization{algorithm: name}
	if strings.Contains(name, "=") { // recorded at other services (spec/sts.md §2.2)
		return a, incompleteSignature(CheckAlgorithm, "Authorization header must begin with the algorithm name, which cannot include an equal-sign")
	}
	if !accepts(name, v4a) { // from who probed AWS ([S] there)
		return a, incompleteSignature(CheckAlgorithm, "Unsupported AWS 'algorithm': '"+name[:min(len(name), maxAlgorithm)]+"'.")
	}
	for rest != "" {
		var pair string
		if pair, rest = cutSeparator(rest); pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return a, notKeyValue(header)
		}
		switch key {
		case "Credential":
			a.credential = field{value, true}
		case "Signature":
			a.signature = field{value, true}
		case "SignedHeaders":
			a.signedHeaders = field{value, true}
		}
	}
	return a, nil
}

// cutSeparator splits at the first comma or space.
func cutSeparator(s string) (before, after string) {
	if i := strings.IndexAny(s, ", "); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// notKeyValue answers with the text of 2024 and later, which names the header by its hash. That STS says so too is
// not AWS's word: it was recorded at API Gateway. What STS said until 2022 repeats the whole header, signature
// included, and a signature does not belong into an error.
func notKeyValue(header string) error {
	sum := sha256.Sum256([]byte(header))
	return incompleteSignature(CheckAuthorization,
		"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"+
			base64.StdEncoding.EncodeToString(sum[:])+"'.")
}
