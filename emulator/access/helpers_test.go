package access

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

const (
	aliceID  = "AROAALICEEXAMPLE00001"
	aliceARN = "arn:aws:iam::111122223333:role/people/alice"
)

// arn is the ARN of AmazonEKS…Policy: arn("View").
func arn(short string) string { return Policy{Name: "AmazonEKS" + short + "Policy"}.ARN("aws") }

// grant is a grant to alice; without namespaces it is for the cluster.
func grant(short string, namespaces ...string) Grant {
	scope := Scope{Type: ScopeCluster}
	if len(namespaces) > 0 {
		scope = Scope{Type: ScopeNamespace, Namespaces: namespaces}
	}
	return Grant{PrincipalARN: aliceARN, PrincipalID: aliceID, PolicyARN: arn(short), Scope: scope}
}

func withGrants(grants ...Grant) *Authorizer {
	a := NewAuthorizer(Options{})
	a.SetGrants(grants)
	return a
}

// ask is alice's question in the words of people: "get pods/log", "create deployments.apps", "get /version".
func ask(t *testing.T, words, namespace string) authorizationv1.SubjectAccessReviewSpec {
	t.Helper()
	spec := authorizationv1.SubjectAccessReviewSpec{
		User: "arn:aws:sts::111122223333:assumed-role/alice/laptop", Groups: []string{"system:authenticated"},
		Extra: map[string]authorizationv1.ExtraValue{PrincipalIDKey: {aliceID}},
	}
	verb, what, ok := strings.Cut(words, " ")
	if !ok {
		t.Fatalf("%q is not VERB RESOURCE", words)
	}
	if strings.HasPrefix(what, "/") {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: verb, Path: what}
		return spec
	}
	resource, subresource, _ := strings.Cut(what, "/")
	resource, group, _ := strings.Cut(resource, ".")
	spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
		Verb: verb, Group: group, Resource: resource, Subresource: subresource, Namespace: namespace,
	}
	return spec
}
