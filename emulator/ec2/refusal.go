package ec2

import (
	"errors"
	"net/http"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// refuse encodes a refusal in EC2's shape and notes it in the call's record, with the reason that EC2 keeps to
// itself.
func refuse(err error, call *stsfake.Call) awsquery.Response {
	answer := asAnswer(err)
	call.Refuse(answer.Code, answer.Message, reason(err))
	response, err := awsquery.EC2Failure(call.RequestID, answer)
	if err != nil { // an error document is three strings, which always encode
		return awsquery.Response{Status: http.StatusInternalServerError, RequestID: call.RequestID}
	}
	return response
}

// reason is what the Gate found wrong with a request: the name of the check, and what other services say about it.
func reason(err error) string {
	var refusal *sigv4.Refusal
	if !errors.As(err, &refusal) {
		return ""
	}
	return refusal.Check + ": " + refusal.Message
}

// asAnswer puts an error into EC2's words.
func asAnswer(err error) *awsquery.Error {
	var answer *awsquery.Error
	var refusal *sigv4.Refusal
	switch {
	case errors.As(err, &answer):
		return answer
	case errors.As(err, &refusal):
		return unauthenticated(refusal)
	}
	return &awsquery.Error{ // code and text are those of EC2's list of common errors
		Status: http.StatusInternalServerError, Code: "InternalError",
		Message: "An internal error has occurred",
	}
}

// unauthenticated is EC2's answer to a request that the Gate refused. EC2 does not say what is wrong with a
// signature, a key or a clock: it is one and the same AuthFailure (recorded with its status 401 and its headers
// at github.com/aws/aws-sdk-java-v2 issue 2981, for a wrong clock at github.com/FoxxMD/laravel-elasticbeanstalk-cron
// issue 15). RequestExpired for a session that is over is inferred.
func unauthenticated(refusal *sigv4.Refusal) *awsquery.Error {
	switch refusal.Code {
	case "": // not the form of a query request, such as PUT; the answer is ours
		return badRequest("InvalidRequest", "The request is malformed: "+refusal.Message+".")
	case "ExpiredToken":
		return badRequest("RequestExpired", "Request has expired.")
	}
	return &awsquery.Error{
		Status: http.StatusUnauthorized, Code: "AuthFailure",
		Message: "AWS was not able to validate the provided access credentials",
	}
}
