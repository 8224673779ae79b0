package access

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

func TestLeast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ verb, group, resource, want string }{
		{"get", "", "pods", "AmazonEKSViewPolicy"},
		{"get", "", "secrets", "AmazonEKSSecretReaderPolicy"},
		{"delete", "", "pods", "AmazonEKSEditPolicy"},
		{"create", "rbac.authorization.k8s.io", "rolebindings", "AmazonEKSAdminPolicy"},
		{"list", "", "nodes", "AmazonEKSAdminViewPolicy"},
		{"delete", "", "nodes", "AmazonEKSClusterAdminPolicy"},
		{"create", "example.com", "widgets", "AmazonEKSClusterAdminPolicy"},
	} {
		spec := authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: "default", Verb: test.verb, Group: test.group, Resource: test.resource,
		}}
		if got := Least(spec); got != test.want {
			t.Errorf("%s %s.%s: %s, want %s", test.verb, test.resource, test.group, got, test.want)
		}
	}
	spec := authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: "get", Path: "/metrics"}}
	if got := Least(spec); got == "" {
		t.Errorf("a path: no policy")
	}
}
