package eks

import (
	"net/http"

	"github.com/gorilla/mux"
)

// route is one operation of the EKS API: how requests name it and what answers it.
type route struct {
	operation string // AWS's name
	method    string
	path      string // pattern over the path as it stands on the wire, still percent-encoded
	run       func(request) (any, *exception)
}

// routes are the operations that this package answers. Paths are the API reference's.
func (s *Server) routes() []route {
	return []route{
		{"ListClusters", http.MethodGet, "/clusters", s.listClusters},
		{"DescribeCluster", http.MethodGet, "/clusters/{name}", s.describeCluster},
	}
}

// newRouter matches the raw path, because an ARN in a path arrives percent-encoded (%3A, %2F) and must stay
// one segment, and because the path is part of what the caller signed.
func (s *Server) newRouter() *mux.Router {
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	for _, route := range s.routes() {
		router.Path(route.path).Methods(route.method).Handler(s.handler(route))
	}
	unknown := s.handler(route{run: s.unknownOperation})
	router.NotFoundHandler = unknown
	router.MethodNotAllowedHandler = unknown
	return router
}
