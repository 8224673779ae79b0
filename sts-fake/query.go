package stsfake

import (
	"errors"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// faultNamespace is that of InvalidAction alone, at STS, IAM and others (spec/sts.md section 2.2).
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// Query is how a service of the query protocol answers: STS, and IAM, which is recorded to refuse in the same form
// (ansible#22832 and aws-cli#8918 have raw answers of IAM).
type Query struct {
	Gate      *Gate
	Service   string // signing name
	Namespace string // of its documents
	// Answer puts an operation's error into AWS's words. The reason is for the record, not for the client.
	Answer func(error) (answer *awsquery.Error, reason string)
}

// QueryRequest is an authenticated request of the query protocol.
type QueryRequest struct {
	HTTP   *http.Request
	Call   *Call
	Params awsquery.Params
	Caller iam.Caller
	Region string // that the request is signed for
}

// Context is the request as policies see it.
func (r *QueryRequest) Context() iam.RequestContext { return policyContext(r.HTTP, r.Region) }

// Serve authenticates a request and answers it with what run makes of it: a result, for [awsquery.Success], or an error.
// known says whether there is an operation of that name and version. The call is shown to the observer before the client
// can act on the answer.
func (q Query) Serve(w http.ResponseWriter, r *http.Request, known func(action, version string) bool, run func(*QueryRequest) (any, error)) {
	call := q.Gate.Begin(r, q.Service)
	response := q.answer(w, r, call, known, run)
	response.RequestID = call.RequestID
	q.Gate.End(call, response.Status)
	_ = response.Send(w, q.Gate.Now()) // the client is gone: nobody is left to tell
}

// answer is what STS does, without what only STS has: see [Server.answer] for the order of the checks.
func (q Query) answer(
	w http.ResponseWriter, r *http.Request, call *Call,
	known func(string, string) bool, run func(*QueryRequest) (any, error),
) awsquery.Response {
	body, params, syntax, err := readQuery(w, r)
	if err != nil {
		return q.refuseBody(r, call, err)
	}
	call.Operation = params.Get("Action")
	caller, signed, err := q.Gate.Authenticate(r, body, q.Service)
	call.Identify(caller, signed, err)
	if response, refused := q.refuse(r, call, params, syntax, err, known(call.Operation, params.Get("Version"))); refused {
		return response
	}
	result, err := run(&QueryRequest{HTTP: r, Call: call, Params: params, Caller: caller, Region: signed.Region})
	if err != nil {
		return q.fail(r, call, err)
	}
	return q.succeed(r, call, result)
}

// readQuery reads a request's parameters; syntax is what is wrong with them.
func readQuery(w http.ResponseWriter, r *http.Request) (body []byte, params awsquery.Params, syntax, err error) {
	if body, err = ReadBody(w, r); err != nil {
		return nil, awsquery.Params{}, nil, err
	}
	form := ""
	if r.Method == http.MethodPost {
		form = string(body)
	}
	params, syntax = awsquery.Decode(r.URL.RawQuery, form)
	return body, params, syntax, nil
}

// refuse is the answer to a request that comes to no operation: it asks for nothing, is not authenticated (err),
// does not decode (syntax), or asks for an operation that there is not.
func (q Query) refuse(r *http.Request, call *Call, params awsquery.Params, syntax, err error, known bool) (awsquery.Response, bool) {
	asksNothing := syntax == nil && !params.Has("Action") && !params.Has("Version")
	switch {
	case asksNothing && !aboutForm(err):
		call.Refuse("", "", "the request has no Action")
		return redirect(), true
	case err != nil:
		return q.refuseSignature(r, call, err), true
	case syntax != nil:
		return q.fail(r, call, &awsquery.Error{Status: http.StatusBadRequest, Code: "MalformedQueryString", Message: syntax.Error()}), true
	case !known:
		return q.fail(r, call, unknownOperation(call.Operation, params.Get("Version"))), true
	}
	return awsquery.Response{}, false
}

func (q Query) succeed(r *http.Request, call *Call, result any) awsquery.Response {
	response, err := awsquery.Success(awsquery.FormatFor(r.Header.Values("Accept")), q.Namespace, call.Operation, call.RequestID, result)
	if err != nil {
		return q.fail(r, call, err)
	}
	return response
}

// fail encodes a refusal and notes it in the call's record.
func (q Query) fail(r *http.Request, call *Call, err error) awsquery.Response {
	answer, reason := q.Answer(err)
	call.Refuse(answer.Code, recordedMessage(err, answer), reason)
	ns := q.Namespace
	if answer.Code == invalidAction {
		ns = faultNamespace
	}
	response, err := awsquery.Failure(awsquery.FormatFor(r.Header.Values("Accept")), ns, call.RequestID, answer)
	if err != nil { // an error document is three strings, which always encode
		return awsquery.Response{Status: http.StatusInternalServerError}
	}
	return response
}

// refuseSignature is the answer to a request that is not authenticated. Without a code there is no error document:
// a redirect for the wrong method; HTML for the wrong content type, whose text is not known and is left out.
func (q Query) refuseSignature(r *http.Request, call *Call, err error) awsquery.Response {
	var refusal *sigv4.Refusal
	switch {
	case !errors.As(err, &refusal):
		return q.fail(r, call, err)
	case refusal.Code != "":
		return q.fail(r, call, &awsquery.Error{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message})
	case refusal.Status == http.StatusFound:
		return redirect()
	case refusal.Check == sigv4.CheckContentType:
		return awsquery.Response{Status: refusal.Status, ContentType: "text/html"}
	}
	return awsquery.Response{Status: refusal.Status}
}

// refuseBody is the answer to a body that is too large or did not arrive. AWS's answer is not known.
func (q Query) refuseBody(r *http.Request, call *Call, err error) awsquery.Response {
	if errors.Is(err, ErrBodyTooLarge) {
		return q.fail(r, call, &awsquery.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: err.Error()})
	}
	call.Refuse("", "", err.Error())
	return awsquery.Response{Status: http.StatusBadRequest}
}
