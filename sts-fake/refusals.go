package stsfake

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

const invalidAction = "InvalidAction"

// redirect is the answer to who asks for nothing (spec/sts.md section 2.2).
func redirect() awsquery.Response {
	return awsquery.Response{Status: http.StatusFound, Location: documentationURL}
}

// aboutForm says whether a refusal is one of steps 1 to 4 or for the wrong endpoint, which come before a missing
// Action.
func aboutForm(err error) bool {
	var refusal *sigv4.Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Check {
	case CheckEndpoint, sigv4.CheckSize, sigv4.CheckPath, sigv4.CheckRoot, sigv4.CheckMethod, sigv4.CheckContentType, sigv4.CheckQuery:
		return true
	}
	return false
}

// refuseSignature is the answer to a request that is not authenticated. Without a code there is no error document:
// a redirect for the wrong method; HTML for the wrong content type, whose text is not known and is left out.
func (s *Server) refuseSignature(r *http.Request, call *Call, err error) awsquery.Response {
	var refusal *sigv4.Refusal
	switch {
	case !errors.As(err, &refusal):
		return s.fail(r, call, err)
	case refusal.Code != "":
		return s.fail(r, call, &awsquery.Error{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message})
	case refusal.Status == http.StatusFound:
		return redirect()
	case refusal.Check == sigv4.CheckContentType:
		return awsquery.Response{Status: refusal.Status, ContentType: "text/html"}
	}
	return awsquery.Response{Status: refusal.Status}
}

// refuseBody is the answer to a body that is too large or did not arrive. AWS's answer is not known.
func (s *Server) refuseBody(r *http.Request, call *Call, err error) awsquery.Response {
	if errors.Is(err, ErrBodyTooLarge) {
		return s.fail(r, call, &awsquery.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: err.Error()})
	}
	call.Refuse("", "", err.Error())
	return awsquery.Response{Status: http.StatusBadRequest}
}

// fail encodes a refusal and notes it in the call's record.
func (s *Server) fail(r *http.Request, call *Call, err error) awsquery.Response {
	answer, reason := asAnswer(err)
	call.Refuse(answer.Code, recordedMessage(err, answer), reason)
	ns := namespace
	if answer.Code == invalidAction {
		ns = faultNamespace
	}
	response, err := awsquery.Failure(awsquery.FormatFor(r.Header.Values("Accept")), ns, call.RequestID, answer)
	if err != nil { // an error document is three strings, which always encode
		return awsquery.Response{Status: http.StatusInternalServerError}
	}
	return response
}

// explained is an answer in AWS's words with what decided it, which AWS does not say.
type explained struct {
	answer *awsquery.Error
	reason string
}

func (e *explained) Error() string { return e.answer.Error() + " (" + e.reason + ")" }

// repeating is an answer that repeats a secret to the client who sent it, with the message that the record has instead.
type repeating struct {
	answer   *awsquery.Error
	recorded string
}

func (e *repeating) Error() string { return e.recorded }

func (e *repeating) Unwrap() error { return e.answer }

// recordedMessage is the message of an answer without what no record may have.
func recordedMessage(err error, answer *awsquery.Error) string {
	var secret *repeating
	if errors.As(err, &secret) {
		return secret.recorded
	}
	return answer.Message
}

// asAnswer puts an operation's error into AWS's words. The reason is for the record, not for the client.
func asAnswer(err error) (answer *awsquery.Error, reason string) {
	var denied *iam.AccessDeniedError
	var because *explained
	switch {
	case errors.As(err, &because):
		return because.answer, because.reason
	case errors.As(err, &answer):
		return answer, ""
	case errors.As(err, &denied):
		return &awsquery.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: deniedMessage(denied)}, denied.Reason
	case errors.Is(err, iam.ErrNotFound): // the caller was deleted since its signature was proved; the answer is inferred
		refusal := refuseCredential(iam.ErrUnknownAccessKey)
		return &awsquery.Error{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message}, err.Error()
	}
	return &awsquery.Error{
		Status: http.StatusInternalServerError, Code: "InternalFailure",
		Message: "The request processing has failed because of an unknown error, exception or failure.",
	}, err.Error()
}

// deniedMessage is AWS's text, which is the same whatever the reason (spec/sts.md section 2.2).
func deniedMessage(e *iam.AccessDeniedError) string {
	if e.Root {
		return "Roles may not be assumed by root accounts."
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", e.Principal, e.Action, e.Resource)
}

func validationError(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "ValidationError", Message: message}
}
