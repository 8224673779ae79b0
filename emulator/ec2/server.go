package ec2

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// serviceName is what the credential scope of a request for this API names.
const serviceName = "ec2"

// Options is what a [Server] needs.
type Options struct {
	Gate      *stsfake.Gate // finds out who is calling, observes every call, owns the clock and the request IDs
	Instances []Instance
}

// Server answers the EC2 API. It is an http.Handler for the EC2 host names of every region, and safe for
// concurrent use. Use [New].
type Server struct {
	gate      *stsfake.Gate
	instances map[scope][]Instance // sorted by ID
}

// New returns a Server for the given instances. The error lists everything that is wrong with them.
func New(o Options) (*Server, error) {
	if err := checkInstances(o.Instances); err != nil {
		return nil, fmt.Errorf("serve EC2 instances: %w", err)
	}
	s := &Server{gate: o.Gate, instances: map[scope][]Instance{}}
	for _, i := range o.Instances {
		at := scope{i.AccountID, i.Region}
		s.instances[at] = append(s.instances[at], i)
	}
	for _, list := range s.instances {
		slices.SortFunc(list, func(a, b Instance) int { return cmp.Compare(a.InstanceID, b.InstanceID) })
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := s.gate.Begin(r, serviceName)
	answer, err := s.answer(w, r, call)
	if err != nil {
		answer = refuse(err, call)
	}
	s.gate.End(call, answer.Status)
	_ = answer.Send(w, s.gate.Now()) // fails if the client has gone: nobody is left to tell
}

// answer authenticates a request and runs its operation. Authentication comes first, as for STS.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, call *stsfake.Call) (awsquery.Response, error) {
	body, err := stsfake.ReadBody(w, r)
	if err != nil {
		return awsquery.Response{}, badRequest("InvalidRequest", err.Error()) // ours
	}
	form := ""
	if r.Method == http.MethodPost {
		form = string(body)
	}
	params, syntax := awsquery.Decode(r.URL.RawQuery, form)
	call.Operation = params.Get("Action")
	caller, signed, err := s.gate.Authenticate(r, body, serviceName)
	call.Identify(caller, signed, err)
	if err != nil {
		return awsquery.Response{}, err
	}
	if syntax != nil {
		return awsquery.Response{}, badRequest("MalformedQueryString", syntax.Error())
	}
	if err := checkAction(params); err != nil {
		return awsquery.Response{}, err
	}
	found, err := describeInstances(params, s.instances[scope{caller.AccountID, signed.Scope.Region}])
	if err != nil {
		return awsquery.Response{}, err
	}
	return encodePage(found, call.RequestID)
}

// checkAction refuses everything but DescribeInstances in the current API version. Codes and the texts about
// Action and Version are inferred, but for what says eksemu: that is ours.
func checkAction(params awsquery.Params) error {
	switch action := params.Get("Action"); action {
	case "DescribeInstances":
	case "":
		return badRequest("MissingParameter", "The request must contain the parameter Action")
	default:
		return badRequest("InvalidAction", fmt.Sprintf("eksemu does not emulate %s of the EC2 API. It answers DescribeInstances.", action))
	}
	if version := params.Get("Version"); version != apiVersion {
		return badRequest("NoSuchVersion", fmt.Sprintf("The requested version (%s) of service AmazonEC2 does not exist", version))
	}
	return nil
}
