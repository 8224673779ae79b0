package stsfake

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Fault is what happens to the next calls instead of, or before, their answer: so that a test can see what its
// program does when STS is throttled, down, slow or gone.
//
// Status and Code make an error document; each may be left out where the other one says enough, and so may Message
// (see [Faults.FailNext]). Delay alone makes an ordinary answer late; with a code, the error is late.
type Fault struct {
	Operation string        `json:"operation,omitempty"` // "GetCallerIdentity"; "" for the next calls of any
	Times     int           `json:"times"`               // how many calls; 0 means 1
	Status    int           `json:"status,omitempty"`    // HTTP status, 400 to 599
	Code      string        `json:"code,omitempty"`      // AWS error code
	Message   string        `json:"message,omitempty"`
	Delay     time.Duration `json:"delay,omitempty"` // nanoseconds in JSON; ends early when the client gives up
	Drop      bool          `json:"drop,omitempty"`  // close the connection without an answer, after Delay

	// ID is the caller's own name for the fault, which [Faults.Pending] tells and [Faults.Forget] takes.
	ID string `json:"id,omitempty"`
}

// FaultReason is the Reason in the record of a call that met a [Fault].
const FaultReason = "a fault that was asked for"

// Faults are the faults that wait for calls. A call takes the oldest one for its operation, once it could be read
// and before its signature is checked: what a throttled AWS checks first is not known. The zero value has none and
// is ready to use; it is safe for concurrent use.
type Faults struct {
	mu      sync.Mutex
	pending []Fault
}

// FailNext lets the next calls of an operation fail. What cannot be meant is refused, and nothing is queued then: an
// operation that STS does not have, a negative number, a status that is no error, a fault that does nothing.
//
// Codes that have a usual status and text get them: Throttling, ThrottlingException, ServiceUnavailable,
// InternalFailure, ExpiredToken, InvalidClientTokenId and IDPCommunicationError. Status 500 alone means
// InternalFailure, 503 alone ServiceUnavailable. Clients are told Type Receiver from 500 on, else Sender.
func (f *Faults) FailNext(fault Fault) error {
	if err := fault.Validate(); err != nil {
		return err
	}
	fault, _ = fault.complete() // which Validate has tried
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = append(f.pending, fault)
	return nil
}

// Pending are the faults that still wait, oldest first. Times is how many calls each still waits for.
func (f *Faults) Pending() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.pending)
}

// Clear forgets all pending faults and returns how many there were.
func (f *Faults) Clear() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.pending)
	f.pending = nil
	return n
}

// Forget forgets the pending faults of an ID that is not empty, and returns how many calls they still waited for.
func (f *Faults) Forget(id string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := 0
	f.pending = slices.DeleteFunc(f.pending, func(p Fault) bool {
		found := id != "" && p.ID == id
		if found {
			calls += p.Times
		}
		return found
	})
	return calls
}

// take uses up one call's worth of the oldest fault for an operation. f may be nil.
func (f *Faults) take(operation string) (Fault, bool) {
	if f == nil {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.pending, func(p Fault) bool { return p.Operation == "" || p.Operation == operation })
	if i < 0 {
		return Fault{}, false
	}
	fault := f.pending[i]
	if f.pending[i].Times--; f.pending[i].Times == 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
	}
	return fault, true
}

// Validate tells what [Faults.FailNext] has against a fault.
func (f Fault) Validate() error {
	if _, err := f.complete(); err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	return nil
}

// complete checks a fault and fills in what may be left out.
func (f Fault) complete() (Fault, error) {
	if f.Operation != "" && !slices.Contains(apiOperations(), f.Operation) {
		return f, fmt.Errorf("STS has no operation %q: %s", f.Operation, suggestOperation(f.Operation))
	}
	if f.Times < 0 {
		return f, fmt.Errorf("%d times: give a positive number of calls", f.Times)
	}
	if f.Delay < 0 {
		return f, fmt.Errorf("a delay of %s: give a positive one", f.Delay)
	}
	f.Times = cmp.Or(f.Times, 1)
	isError := f.Status != 0 || f.Code != "" || f.Message != ""
	switch {
	case f.Drop && isError:
		return f, fmt.Errorf("a dropped connection carries no answer: give either drop, or status, code and message")
	case isError:
		return f.completeError()
	case !f.Drop && f.Delay == 0:
		return f, fmt.Errorf("it does nothing: give it a code or status, a delay or drop")
	}
	return f, nil
}

// completeError fills in what the parts of an error that are given say about the others.
func (f Fault) completeError() (Fault, error) {
	if f.Status != 0 && (f.Status < http.StatusBadRequest || f.Status > 599) {
		return f, fmt.Errorf("status %d is no error: give one from 400 to 599", f.Status)
	}
	usual := usualErrors()
	if f.Code == "" {
		switch f.Status {
		case http.StatusInternalServerError:
			f.Code = "InternalFailure"
		case http.StatusServiceUnavailable:
			f.Code = "ServiceUnavailable"
		default:
			return f, fmt.Errorf("an error without a code: give one, such as Throttling")
		}
	}
	i := slices.IndexFunc(usual, func(e awsquery.Error) bool { return e.Code == f.Code })
	if i < 0 && f.Status == 0 {
		return f, fmt.Errorf("code %q has no usual status: give one, from 400 to 599", f.Code)
	}
	if i >= 0 {
		f.Status, f.Message = cmp.Or(f.Status, usual[i].Status), cmp.Or(f.Message, usual[i].Message)
	}
	return f, nil
}

// usualErrors are errors that tests ask for most. Throttling, ExpiredToken and InvalidClientTokenId are as recorded
// (spec/sts.md section 2.2). The others have the statuses and descriptions of the STS API Reference ("Common Error
// Types" and the errors of AssumeRoleWithWebIdentity); that STS sends the descriptions as messages is inferred.
func usualErrors() []awsquery.Error {
	return []awsquery.Error{
		{Status: http.StatusBadRequest, Code: "Throttling", Message: "Rate exceeded"},
		{Status: http.StatusBadRequest, Code: "ThrottlingException", Message: "The request was denied due to request throttling."},
		{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "The request has failed due to a temporary failure of the server."},
		{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure."},
		{Status: http.StatusForbidden, Code: "ExpiredToken", Message: "The security token included in the request is expired"},
		{Status: http.StatusForbidden, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."},
		{Status: http.StatusBadRequest, Code: "IDPCommunicationError", Message: "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached."},
	}
}

// apiOperations are the operations of STS's API model, whether this fake has them or not.
func apiOperations() []string {
	return []string{
		"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "DecodeAuthorizationMessage",
		"GetAccessKeyInfo", "GetCallerIdentity", "GetDelegatedAccessToken", "GetFederationToken", "GetSessionToken",
		"GetWebIdentityToken",
	}
}

// suggestOperation is the fix for an unknown operation: the nearest, which shares at least half of its letter pairs,
// or all of them.
func suggestOperation(word string) string {
	best, most := "", 0
	for _, name := range apiOperations() {
		shared := 0
		lower := strings.ToLower(word)
		for i := range len(name) - 1 {
			if strings.Contains(lower, strings.ToLower(name[i:i+2])) {
				shared++
			}
		}
		if score := 100 * shared / max(len(name)-1, len(word)-1); score >= 50 && score > most {
			best, most = name, score
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "it has " + strings.Join(apiOperations(), ", ")
}

// inject lets a call meet the fault that waits for it, if any. The answer counts if done is true; a zero one means
// that there is none and the connection is closed.
func (s *Server) inject(r *http.Request, call *Call) (response awsquery.Response, done bool) {
	fault, ok := s.faults.take(call.Operation)
	if !ok {
		return awsquery.Response{}, false
	}
	call.Identify(iam.Caller{}, nil, nil) // whose it claims to be
	call.Refuse("", "", FaultReason)
	if !wait(r, fault.Delay) || fault.Drop {
		return awsquery.Response{}, true
	}
	if fault.Code == "" {
		return awsquery.Response{}, false
	}
	return s.query.fail(r, call, &awsquery.Error{Status: fault.Status, Code: fault.Code, Message: fault.Message}), true
}

// wait waits, and is false if the client gave up first.
func wait(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
