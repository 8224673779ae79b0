package stsfake

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	serviceName = "sts"
	apiVersion  = "2011-06-15"
	namespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	// faultNamespace is that of InvalidAction alone (spec/sts.md section 2.2).
	faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"
	// documentationURL is where STS sends who asks for nothing, or by the wrong method (same).
	documentationURL = "https://aws.amazon.com/iam"
)

// Options are what a [Server] needs.
type Options struct {
	Gate   *Gate   // needed
	Faults *Faults // that calls shall meet; nil for none
}

// Server is the STS API as an [http.Handler]. Make one with [New].
//
// No router may clean or decode the path of a request on its way here: the signature covers it.
type Server struct {
	gate   *Gate
	faults *Faults
}

// New makes an STS server.
func New(o Options) *Server { return &Server{gate: o.Gate, faults: o.Faults} }

// ServeHTTP answers one request. It shows the call to the observer before the client can act on the answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := s.gate.Begin(r, serviceName)
	response := s.answer(w, r, call)
	response.RequestID = call.RequestID
	s.gate.End(call, response.Status)
	if response.Status == 0 { // a fault that closes the connection
		panic(http.ErrAbortHandler)
	}
	_ = response.Send(w, s.gate.Now()) // the client is gone: nobody is left to tell
}

// answer authenticates a request and answers it. A refusal for the signature comes before one for the operation;
// that order is inferred, as is the place of the redirect for a request without Action and Version: behind the
// checks of its form, before everything about who sent it (spec/sts.md section 1.7).
func (s *Server) answer(w http.ResponseWriter, r *http.Request, call *Call) awsquery.Response {
	body, err := ReadBody(w, r)
	if err != nil {
		return s.refuseBody(r, call, err)
	}
	form := ""
	if r.Method == http.MethodPost {
		form = string(body)
	}
	params, syntax := awsquery.Decode(r.URL.RawQuery, form)
	call.Operation = params.Get("Action")
	if response, done := s.inject(r, call); done {
		return response
	}
	caller, signed, err := s.gate.Authenticate(r, body, serviceName)
	call.Identify(caller, signed, err)
	asksNothing := syntax == nil && !params.Has("Action") && !params.Has("Version")
	switch {
	case asksNothing && !aboutForm(err):
		call.Refuse("", "", "the request has no Action")
		return redirect()
	case err != nil:
		return s.refuseSignature(r, call, err)
	case syntax != nil:
		return s.fail(r, call, &awsquery.Error{Status: http.StatusBadRequest, Code: "MalformedQueryString", Message: syntax.Error()})
	}
	return s.operate(r, call, caller, params, signed.Scope.Region)
}

// operate runs the operation that an authenticated caller asks for.
func (s *Server) operate(r *http.Request, call *Call, caller iam.Caller, params awsquery.Params, region string) awsquery.Response {
	action, version := params.Get("Action"), params.Get("Version")
	run, ok := operationNamed(action, version)
	if !ok {
		message := fmt.Sprintf("Could not find operation %s for version %s",
			cmp.Or(action, "NO_ACTION_SPECIFIED"), cmp.Or(version, "NO_VERSION_SPECIFIED"))
		return s.fail(r, call, &awsquery.Error{Status: http.StatusBadRequest, Code: invalidAction, Message: message})
	}
	result, err := run(s, caller, params, region)
	if err != nil {
		return s.fail(r, call, err)
	}
	response, err := awsquery.Success(awsquery.FormatFor(r.Header.Values("Accept")), namespace, action, call.RequestID, result)
	if err != nil {
		return s.fail(r, call, err)
	}
	return response
}
