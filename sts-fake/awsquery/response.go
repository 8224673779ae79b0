package awsquery

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal in AWS's words.
type Error struct {
	Status  int    // HTTP status
	Code    string // "AccessDenied"
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// fault is the Type of an error document: Sender for what the caller did wrong, Receiver for what the service
// did (spec/sts.md section 2.2 has Sender for every 4xx; Receiver is the query protocol's word for the rest).
func (e *Error) fault() string {
	if e.Status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// Response is an encoded answer.
type Response struct {
	Status      int
	ContentType string // "" sends no Content-Type
	Location    string // of a redirect; "" sends none
	RequestID   string
	Body        []byte
}

// Send sends the answer with exactly the headers of STS (spec/sts.md section 2.1): x-amzn-RequestId spelled
// like that, Content-Type, Content-Length and Date. now must come from the clock that verified the request's
// signature: clients correct their own clock by the Date header (spec/sts.md section 1.5).
func (r Response) Send(w http.ResponseWriter, now time.Time) error {
	h := w.Header()
	values := [...]string{r.RequestID, r.ContentType, strconv.Itoa(len(r.Body)), now.UTC().Format(http.TimeFormat), r.Location}
	h["x-amzn-RequestId"] = values[0:1:1] // Header.Set would change the spelling
	h["Content-Type"] = nil               // keeps net/http from guessing one
	if r.ContentType != "" {
		h["Content-Type"] = values[1:2:2]
	}
	h["Content-Length"] = values[2:3:3]
	h["Date"] = values[3:4:4]
	if r.Location != "" {
		h["Location"] = values[4:5:5]
	}
	w.WriteHeader(r.Status)
	if _, err := w.Write(r.Body); err != nil {
		return fmt.Errorf("send the answer to request %s: %w", r.RequestID, err)
	}
	return nil
}

// Format is how an answer is encoded.
type Format int

// The formats of the query protocol's answers.
const (
	XML  Format = iota // unless the client asks for another
	JSON               // for Accept: application/json
)

// FormatFor chooses the format by the values of a request's Accept headers: JSON if and only if one of the
// media ranges is application/json. What AWS does with other values is not known (spec/sts.md section 2.1).
func FormatFor(accept []string) Format {
	for _, value := range accept {
		if value == "application/json" { // as aws-iam-authenticator sends it
			return JSON
		}
		for mediaRange := range strings.SplitSeq(value, ",") {
			if mediaType, _, err := mime.ParseMediaType(mediaRange); err == nil && mediaType == "application/json" {
				return JSON
			}
		}
	}
	return XML
}

func (f Format) contentType() string {
	if f == JSON {
		return "application/json"
	}
	return "text/xml"
}
