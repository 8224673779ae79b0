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
	run       func(*request) (any, error)
}

// Beginnings of paths.
const (
	onCluster = "/clusters/{name}"
	onEntry   = onCluster + "/access-entries/{principalArn}"
	onTags    = "/tags/{resourceArn}"
)

// routes are the operations that this package answers. Paths are the API reference's.
func (s *Server) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{"ListClusters", get, "/clusters", s.listClusters},
		{"CreateCluster", post, "/clusters", s.createCluster},
		{"DescribeCluster", get, onCluster, s.describeCluster},
		{"DeleteCluster", del, onCluster, s.deleteCluster},
		{"UpdateClusterConfig", post, onCluster + "/update-config", s.updateClusterConfig},
		{"UpdateClusterVersion", post, onCluster + "/updates", s.updateClusterVersion},
		{"ListUpdates", get, onCluster + "/updates", s.listUpdates},
		{"DescribeUpdate", get, onCluster + "/updates/{updateId}", s.describeUpdate},
		{"DescribeClusterVersions", get, "/cluster-versions", s.describeClusterVersions},

		{"CreateAccessEntry", post, onCluster + "/access-entries", s.createAccessEntry},
		{"ListAccessEntries", get, onCluster + "/access-entries", s.listAccessEntries},
		{"DescribeAccessEntry", get, onEntry, s.describeAccessEntry},
		{"UpdateAccessEntry", post, onEntry, s.updateAccessEntry},
		{"DeleteAccessEntry", del, onEntry, s.deleteAccessEntry},
		{"ListAccessPolicies", get, "/access-policies", s.listAccessPolicies},
		{"AssociateAccessPolicy", post, onEntry + "/access-policies", s.associateAccessPolicy},
		{"ListAssociatedAccessPolicies", get, onEntry + "/access-policies", s.listAssociatedAccessPolicies},
		{"DisassociateAccessPolicy", del, onEntry + "/access-policies/{policyArn}", s.disassociateAccessPolicy},

		{"ListTagsForResource", get, onTags, s.listTagsForResource},
		{"TagResource", post, onTags, s.tagResource},
		{"UntagResource", del, onTags, s.untagResource},

		{"ListNodegroups", get, onCluster + "/node-groups", s.emptyList("nodegroups")},
		{"ListFargateProfiles", get, onCluster + "/fargate-profiles", s.emptyList("fargateProfileNames")},
		{"ListAddons", get, onCluster + "/addons", s.emptyList("addons")},
		{"ListPodIdentityAssociations", get, onCluster + "/pod-identity-associations", s.emptyList("associations")},
		{"ListCapabilities", get, onCluster + "/capabilities", s.emptyList("capabilities")},
		{"ListInsights", post, onCluster + "/insights", s.emptyList("insights")},
		{"ListIdentityProviderConfigs", get, onCluster + "/identity-provider-configs", s.emptyList("identityProviderConfigs")},
		{"DescribeIdentityProviderConfig", post, onCluster + "/identity-provider-configs/describe", s.describeIdentityProviderConfig},
		{"DescribeAddonVersions", get, "/addons/supported-versions", s.noClusterList("addons")},
		{"ListEksAnywhereSubscriptions", get, "/eks-anywhere-subscriptions", s.noClusterList("subscriptions")},
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
