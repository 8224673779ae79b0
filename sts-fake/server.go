package stsfake

import (
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

const (
	serviceName = "sts"
	apiVersion  = "2011-06-15"
	namespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	// documentationURL is where STS sends who asks for nothing, or by the wrong method (same).
	documentationURL = "https://aws.amazon.com/iam"
)

// Options are what a [Server] needs.
type Options struct {
	Gate   *Gate   // needed
	Faults *Faults // that calls shall meet; nil for none
	// Issuers has the keys of OpenID Connect identity providers, for AssumeRoleWithWebIdentity. Nil has none: every
	// web identity token is refused then.
	Issuers webidentity.Keys
	// InactiveRegion says whether an account has STS switched off in a region: operations that would issue credentials
	// of that account are then refused there. Nil is never.
	InactiveRegion func(accountID, region string) bool
}

// Server is the STS API as an [http.Handler]. Make one with [New].
//
// No router may clean or decode the path of a request on its way here: the signature covers it.
type Server struct {
	gate           *Gate
	query          Query
	faults         *Faults
	issuers        webidentity.Keys
	inactiveRegion func(accountID, region string) bool
}

// New makes an STS server.
func New(o Options) *Server {
	issuers := o.Issuers
	if issuers == nil {
		issuers = webidentity.Static(nil)
	}
	return &Server{
		gate: o.Gate, query: Query{Gate: o.Gate, Service: serviceName, Namespace: namespace, Answer: asAnswer},
		faults: o.Faults, issuers: issuers, inactiveRegion: o.InactiveRegion,
	}
}

// ServeHTTP answers one request. It shows the call to the observer before the client can act on the answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := s.gate.Endpoint(r, serviceName)
	call := s.gate.begin(r, serviceName, endpoint)
	response := s.answer(w, &request{http: r, call: call, endpoint: endpoint})
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
func (s *Server) answer(w http.ResponseWriter, req *request) awsquery.Response {
	r, call := req.http, req.call
	body, params, syntax, err := readQuery(w, r)
	if err != nil {
		return s.query.refuseBody(r, call, err)
	}
	call.Operation = params.Get("Action")
	if response, done := s.inject(r, call); done {
		return response
	}
	op, known := operationNamed(call.Operation, params.Get("Version"))
	req.params = params
	err = s.identify(req, body, op)
	if response, refused := s.query.refuse(r, call, params, syntax, err, known); refused {
		return response
	}
	result, err := s.run(req, op)
	if err != nil {
		return s.query.fail(r, call, err)
	}
	return s.query.succeed(r, call, result)
}

// identify finds out who sent a request, and for which region. An operation that needs no signature looks at none: that
// a wrong one does not matter there is inferred (spec/sts.md section 4.4).
func (s *Server) identify(r *request, body []byte, op operation) error {
	caller, signed, err := s.gate.authenticate(r.http, body, serviceName, r.endpoint)
	if op.unsigned && !aboutForm(err) {
		r.region = r.call.Region
		return nil
	}
	r.call.Identify(caller, signed, err)
	if err != nil {
		return err
	}
	r.caller, r.region = caller, signed.Region
	return nil
}

// run runs the operation that a request asks for.
func (s *Server) run(r *request, op operation) (any, error) {
	if op.regional && r.endpoint.Global {
		return nil, invalidActionError("Unknown Operation")
	}
	if err := (awsmodel.Style{}).Check(r.params, op.model); err != nil {
		return nil, err
	}
	return op.run(s, r)
}
