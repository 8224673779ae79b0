package iamapi

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	serviceName = "iam"
	apiVersion  = "2010-05-08"
	namespace   = "https://iam.amazonaws.com/doc/2010-05-08/"
)

// Options are what a [Server] needs.
type Options struct {
	// Gate finds out who is calling, and has the identities: its store is what is changed. Needed.
	Gate *stsfake.Gate
	// Enforce says that a caller needs a policy for each operation: iam:CreateUser and so on. Otherwise every
	// authenticated identity may call, within its account, but for sessions that may call nothing of IAM whatever
	// policies say ([iam.CheckSession]).
	Enforce bool
	// Rand makes access keys. Nil means crypto/rand; only tests should have another.
	Rand io.Reader
}

// Server is the IAM API as an [http.Handler], for the host names of IAM and for its direct endpoint. Make one with
// [New]. It is safe for concurrent use.
type Server struct {
	query      stsfake.Query
	store      *iam.Store
	enforce    bool
	random     io.Reader
	operations map[string]operation
}

// New makes an IAM server.
func New(o Options) (*Server, error) {
	if o.Gate == nil || o.Gate.Store == nil {
		return nil, errors.New("make an IAM server: Options.Gate is nil, or has no store: pass the gate of the other services")
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return &Server{
		query: stsfake.Query{Gate: o.Gate, Service: serviceName, Namespace: namespace, Answer: asAnswer},
		store: o.Gate.Store, enforce: o.Enforce, random: o.Rand, operations: operations(),
	}, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.query.Serve(w, r, s.known, s.run)
}

func (s *Server) known(action, version string) bool {
	_, ok := s.operations[action]
	return ok && version == apiVersion
}

// operation is an operation of IAM's API.
type operation struct {
	// model is what the request is held against before anything else.
	model []awsmodel.Member
	// target is what the request is about, as policies see it.
	target func(*request) target
	// run answers the request. The result is for [awsquery.Success]; nil gives an answer without one.
	run func(*request) (any, error)
}

// request is a request for an operation.
type request struct {
	*stsfake.QueryRequest
	server *Server
	store  *iam.Store
}

// account is the account that a request is about: the caller's own.
func (r *request) account() string { return r.Caller.AccountID }

// run checks a request and runs its operation. That permissions come after the model and before anything is looked up
// is recorded in so far as callers without permission are refused for what does not exist (aws-cdk#27067); the place
// of the model is inferred.
func (s *Server) run(q *stsfake.QueryRequest) (any, error) {
	r := &request{QueryRequest: q, server: s, store: s.store}
	op := s.operations[q.Call.Operation]
	if err := (awsmodel.Style{IAM: true}).Check(q.Params, op.model); err != nil {
		return nil, err
	}
	if err := r.authorizeAll(op.target(r)); err != nil {
		return nil, err
	}
	result, err := op.run(r)
	if err != nil {
		return nil, r.word(err)
	}
	return result, nil
}
