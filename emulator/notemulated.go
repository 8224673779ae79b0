package emulator

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// notEmulatedCode is the error code of calls to AWS APIs that are not emulated. Neither it nor its status is AWS's:
// nobody shall take it for an answer of theirs. AWS clients do not repeat a call that was answered with status 501.
const notEmulatedCode = "NotEmulated"

// notEmulated is the handler for a host under AWS's domains that is not emulated; nil for every other host. Which
// names those are ([stsfake.IsAWSName]) is our rule.
func (a *awsSide) notEmulated(host string) http.Handler {
	if !stsfake.IsAWSName(host) {
		return nil
	}
	message := fmt.Sprintf("%s is not emulated: eksemu answers for %s. Start it with --fallback URL to have another emulator answer for the rest of AWS.",
		host, strings.Join(a.emulatedServices(), ", "))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuseAWS(w, r, notEmulatedCode, message)
	})
}

// refuseAWS answers 501 with an error in the form that the client of an AWS API can read: XML for the query protocol
// and for S3, else JSON (https://smithy.io/2.0/aws/protocols/index.html).
func refuseAWS(w http.ResponseWriter, r *http.Request, code, message string) {
	var body []byte
	var err error
	switch {
	case strings.Contains(r.Host, "s3"): // S3 has its errors at the top
		w.Header().Set("Content-Type", "application/xml")
		body, err = xml.Marshal(s3Error{Code: code, Message: message})
	case isQuery(r):
		w.Header().Set("Content-Type", "text/xml")
		body, err = xml.Marshal(queryError{Error: s3Error{Type: "Sender", Code: code, Message: message}})
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("x-amzn-ErrorType", code)
		body, err = json.Marshal(jsonError{Type: code, Message: message})
	}
	if err != nil {
		http.Error(w, message, http.StatusNotImplemented)
		return
	}
	w.WriteHeader(http.StatusNotImplemented)
	_, _ = w.Write(body) // a client that went away needs no answer
}

// isQuery tells whether a request is of the query protocol, whose parameters come as a form or in the URL.
func isQuery(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.URL.Query().Has("Action")
}

type jsonError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

type s3Error struct {
	XMLName xml.Name `xml:"Error"`
	Type    string   `xml:",omitempty"`
	Code    string
	Message string
}

type queryError struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Error   s3Error
}
