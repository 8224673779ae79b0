package eks

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// serviceName is what the credential scope of a request for this API names.
const serviceName = "eks"

// Options is what a [Server] needs. Gate and Clusters are required.
type Options struct {
	Gate     *stsfake.Gate // finds out who is calling, observes every call, owns the identities, the clock and the request IDs
	Clusters *Registry     // the clusters to show and to change
	// Version is the Kubernetes minor version of all clusters, "1.37". Without one, CreateCluster supports none.
	Version string
	// Authorize decides whether a caller may do something: the action ("eks:DescribeCluster", and "iam:PassRole" where
	// AWS asks for it), the ARN of what it is done to, and the condition keys that are the EKS API's own. A refusal is an
	// *[iam.AccessDeniedError]. nil lets every caller of the account do everything.
	Authorize func(c iam.Caller, action, resource string, req iam.RequestContext, keys map[string][]string) error
}

// Server answers the EKS API. It is an http.Handler for the EKS host names of every region, and safe for
// concurrent use. Use [New].
type Server struct {
	gate     *stsfake.Gate
	clusters *Registry
	version  string
	policies func(c iam.Caller, action, resource string, req iam.RequestContext, keys map[string][]string) error
	router   *mux.Router
}

// New returns a Server.
func New(o Options) *Server {
	s := &Server{gate: o.Gate, clusters: o.Clusters, version: o.Version, policies: o.Authorize}
	s.router = s.newRouter()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// handler answers the requests of one route.
func (s *Server) handler(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := s.gate.Begin(r, serviceName)
		call.Operation = route.operation
		status := http.StatusOK
		answer, err := s.run(w, r, route, call)
		if err != nil {
			refusal := asException(err)
			call.Refuse(refusal.Type, refusal.message(), refusal.Reason)
			w.Header()["x-amzn-ErrorType"] = []string{refusal.Type} // Header.Set would change AWS's spelling
			status, answer = refusal.Status, refusal.Body
		}
		s.gate.End(call, status)
		s.respond(w, call.RequestID, status, answer)
	})
}

// run authenticates a request and runs its operation. Authentication comes first: who has no credentials does
// not learn which operations there are.
func (s *Server) run(w http.ResponseWriter, r *http.Request, route route, call *stsfake.Call) (any, error) {
	body, err := stsfake.ReadBody(w, r)
	if err != nil {
		return nil, unreadable(err)
	}
	caller, signed, err := s.gate.Authenticate(r, body, serviceName)
	call.Identify(caller, signed, err)
	if err != nil {
		return nil, unauthenticated(err)
	}
	return route.run(&request{
		Request: r, operation: route.operation, caller: caller, body: body, call: call,
		scope: Scope{AccountID: caller.AccountID, Region: signed.Scope.Region},
		now:   timestamp(s.gate.Now()),
	})
}

// respond sends an answer with the headers of a REST-JSON service.
func (s *Server) respond(w http.ResponseWriter, requestID string, status int, answer any) {
	body, err := encode(answer)
	if err != nil { // answers consist of strings, numbers and lists of them, which always encode
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["x-amzn-RequestId"] = []string{requestID} // same
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Date", s.gate.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails if the client has gone: nobody is left to tell
}
