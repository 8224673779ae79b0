package stsfake

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// routes leads requests to the one path that STS has. Path cleaning and decoding are off, as both would change
// what was signed. What STS answers on other paths is not known: here it is 404 without a body.
func (s *Server) routes() http.Handler {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	router.Path("/").HandlerFunc(s.serve)
	router.NotFoundHandler = http.HandlerFunc(s.notFound)
	return router
}

// operation answers a request of an authenticated caller. The result is for [awsquery.Success]; the error is an
// *[awsquery.Error] or an *[iam.AccessDeniedError].
type operation func(s *Server, caller iam.Caller, params awsquery.Params, region string) (any, error)

// operationNamed finds an operation of this version of STS.
func operationNamed(name, version string) (operation, bool) {
	if version != apiVersion {
		return nil, false
	}
	switch name {
	case "GetCallerIdentity":
		return (*Server).getCallerIdentity, true
	case "AssumeRole":
		return (*Server).assumeRole, true
	}
	return nil, false
}
