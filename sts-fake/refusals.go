package stsfake

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
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

// explained is an answer in AWS's words with what decided it, which AWS does not say.
type explained struct {
	answer *awsquery.Error
	reason string
}

func (e *explained) Error() string { return e.answer.Error() + " (" + e.reason + ")" }

// recordedMessage is the message of an answer without what no record may have.
func recordedMessage(err error, answer *awsquery.Error) string {
	var secret *awsmodel.SecretError
	if errors.As(err, &secret) {
		return secret.Recorded
	}
	return answer.Message
}

// asAnswer is STS's [Query].Answer.
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
