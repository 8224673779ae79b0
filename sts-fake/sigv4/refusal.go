package sigv4

import (
	"fmt"
	"net/http"
	"strings"
)

// The checks, by name, in the order in which they are made (spec/sts.md §1.7 gives them the numbers in the comments).
// Checks 14 and 15, session token and access key, are the caller's, between [Verifier.Parse] and [Signed.Verify].
const (
	CheckSize           = "size"                // our bounds on a request; not a check of AWS
	CheckPath           = "path"                // 1: escapes, absolute, inside the root
	CheckRoot           = "root"                // between 1 and 2: the path is "/"; its place is not AWS's word
	CheckMethod         = "method"              // 2
	CheckContentType    = "content-type"        // 3
	CheckQuery          = "query"               // 4: escapes
	CheckAuthentication = "authentication"      // 5: either in the header or in the query
	CheckAlgorithm      = "algorithm"           // 6, 7
	CheckAuthorization  = "authorization"       // 6: Authorization consists of key=value pairs
	CheckParameters     = "required-parameters" // 6, 7
	CheckHost           = "host-signed"         // 8
	CheckRegionSet      = "region-set-signed"   // after 8, SigV4A only; its place is not AWS's word
	CheckDate           = "date"                // 9
	CheckExpired        = "expired"             // 10
	CheckNotYetCurrent  = "not-yet-current"     // 11
	CheckCredential     = "credential"          // 12: five elements, of SigV4A four
	CheckScope          = "credential-scope"    // 13
	CheckSignature      = "signature"           // 16
)

// Error codes of AWS (spec/sts.md §2.2).
const (
	codeIncompleteSignature        = "IncompleteSignature"
	codeMalformedQueryString       = "MalformedQueryString"
	codeMissingAuthenticationToken = "MissingAuthenticationToken"
	codeSignatureDoesNotMatch      = "SignatureDoesNotMatch"
)

// Refusal is AWS's answer to a request that it does not authenticate.
type Refusal struct {
	Check  string // the check that failed: one of the Check constants
	Status int    // HTTP status
	Code   string // AWS error code; empty: AWS answers without an error document
	// Message is AWS's text as spec/sts.md §2.2 has it, trailing spaces included: for most refusals recorded from a real
	// answer, for some only from AWS's documentation, from who probed AWS, or inferred, which is said where the text
	// is. Where Code is empty it is ours, for the log.
	Message string

	// CanonicalRequest and StringToSign are what the verifier computed, for CheckSignature only. The value of a session
	// token is replaced by REDACTED, so the hash in StringToSign is not always that of CanonicalRequest.
	// STS does not send them to the client (spec/sts.md §2.2).
	CanonicalRequest, StringToSign string
}

// Error names the check and what AWS answers.
func (r *Refusal) Error() string {
	if r.Code == "" {
		return fmt.Sprintf("request refused at check %q with HTTP status %d: %s", r.Check, r.Status, r.Message)
	}
	return fmt.Sprintf("request refused at check %q: %s: %s", r.Check, r.Code, r.Message)
}

func refuse(check string, status int, code, message string) *Refusal {
	return &Refusal{Check: check, Status: status, Code: code, Message: strings.ToValidUTF8(message, "\uFFFD")}
}

func withoutDocument(check string, status int, message string) *Refusal {
	return refuse(check, status, "", message)
}

func incompleteSignature(check, message string) *Refusal {
	return refuse(check, http.StatusBadRequest, codeIncompleteSignature, message)
}

func signatureDoesNotMatch(check, message string) *Refusal {
	return refuse(check, http.StatusForbidden, codeSignatureDoesNotMatch, message)
}

func missingAuthenticationToken(check string) *Refusal {
	return refuse(check, http.StatusForbidden, codeMissingAuthenticationToken, "Request is missing Authentication Token")
}
