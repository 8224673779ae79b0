package access

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// rules that no policy has but RBAC has a meaning for.
func ruleWith(verbs, groups, resources, names, urls string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		Verbs: list(verbs), APIGroups: list(groups), Resources: list(resources), ResourceNames: list(names), NonResourceURLs: list(urls),
	}
}

// list splits words; "core" is the group without a name.
func list(words string) []string {
	var out []string
	for _, word := range strings.Fields(words) {
		out = append(out, strings.TrimPrefix(word, "core"))
	}
	return out
}

// TestAllows has the cases of k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go, which decides for RBAC.
func TestAllows(t *testing.T) {
	t.Parallel()
	resource := func(words, name string) *authorizationv1.SubjectAccessReviewSpec {
		spec := ask(t, words, "dev")
		if spec.ResourceAttributes != nil {
			spec.ResourceAttributes.Name = name
		}
		return &spec
	}
	for _, test := range []struct {
		rule    rbacv1.PolicyRule
		yes, no []*authorizationv1.SubjectAccessReviewSpec
	}{
		{ruleWith("get list", "core", "pods", "", ""),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get pods", ""), resource("list pods", "web")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("watch pods", ""), resource("get pods.apps", ""), resource("get pods/log", ""), resource("get /pods", "")}},
		{ruleWith("*", "*", "*", "", ""),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("invented pods.apps/log", "x"), resource("get ", "")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get /version", "")}},
		{ruleWith("get", "apps", "*/scale", "", ""),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get deployments.apps/scale", ""), resource("get widgets.apps/scale", "")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get deployments.apps", ""), resource("get deployments.apps/status", ""), resource("get deployments/scale", ""), resource("get deployments.apps/rescale", "")}},
		{ruleWith("get", "core", "pods/log", "", ""),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get pods/log", "")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get pods", ""), resource("get log", ""), resource("get x/log", "")}},
		{ruleWith("get", "core", "pods/*", "", ""), nil,
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get pods/log", ""), resource("get pods", "")}},
		{ruleWith("get", "core", "secrets", "one two", ""),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get secrets", "one"), resource("get secrets", "two")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get secrets", ""), resource("get secrets", "three"), resource("get secrets", "*")}},
		{ruleWith("get", "", "", "", "/version /healthz/* /api*"),
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get /version", ""), resource("get /healthz/etcd", ""), resource("get /healthz/", ""), resource("get /api", ""), resource("get /apis/apps", "")},
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get /version/x", ""), resource("get /healthz", ""), resource("post /version", ""), resource("get version", "")}},
		{ruleWith("", "*", "*", "", "*"), nil,
			[]*authorizationv1.SubjectAccessReviewSpec{resource("get pods", ""), resource("get /version", "")}},
		{ruleWith("*", "", "*", "", ""), nil, []*authorizationv1.SubjectAccessReviewSpec{resource("get pods", "")}},
		{ruleWith("*", "*", "*", "", "*"), nil, []*authorizationv1.SubjectAccessReviewSpec{{}}},
	} {
		for _, spec := range test.yes {
			if !allows(&test.rule, spec) {
				t.Errorf("%+v does not allow %+v %+v", test.rule, spec.ResourceAttributes, spec.NonResourceAttributes)
			}
		}
		for _, spec := range test.no {
			if allows(&test.rule, spec) {
				t.Errorf("%+v allows %+v %+v", test.rule, spec.ResourceAttributes, spec.NonResourceAttributes)
			}
		}
	}
}

// TestSelectorsCountForNothing, as to RBAC.
func TestSelectorsCountForNothing(t *testing.T) {
	t.Parallel()
	spec := ask(t, "list pods", "dev")
	spec.ResourceAttributes.FieldSelector = &authorizationv1.FieldSelectorAttributes{
		Requirements: []metav1.FieldSelectorRequirement{{Key: "spec.nodeName", Operator: metav1.FieldSelectorOpIn, Values: []string{"node-1"}}},
	}
	spec.ResourceAttributes.LabelSelector = &authorizationv1.LabelSelectorAttributes{RawSelector: "a=b"}
	check(t, "View", withGrants(grant("View", "dev")), spec, "list some pods", true)
	spec.ResourceAttributes.Resource = "secrets"
	check(t, "View", withGrants(grant("View", "dev")), spec, "list some secrets", false)
}

// FuzzAllows holds the matcher to what Kubernetes publishes of RBAC without its servers: whether a rule covers the rule that
// would allow a question and nothing else.
func FuzzAllows(f *testing.F) {
	for _, seed := range [][]string{
		{"get list", "core", "pods pods/log", "", "", "get", "", "pods", "log", "", ""},
		{"*", "*", "*", "", "", "get", "apps", "deployments", "scale", "web", ""},
		{"get", "apps", "*/scale", "a b", "", "get", "apps", "deployments", "scale", "a", ""},
		{"get", "", "", "", "/healthz/* /version", "get", "", "", "", "", "/healthz/etcd"},
		{"*", "*", "*", "", "*", "get", "", "", "", "", "/"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7], seed[8], seed[9], seed[10])
	}
	f.Fuzz(func(t *testing.T, verbs, groups, resources, names, urls, verb, group, resource, subresource, name, path string) {
		if strings.ContainsRune(resource, '/') {
			t.Skip("the API server cuts resources at the first slash")
		}
		rule := ruleWith(verbs, groups, resources, names, urls)
		combined := resource
		if subresource != "" {
			combined += "/" + subresource
		}
		asked := rbacv1.PolicyRule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{combined}}
		if len(names) > 0 {
			asked.ResourceNames = []string{name} // without names in the rule, that of the question does not matter
		}
		spec := authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: group, Resource: resource, Subresource: subresource, Name: name,
		}}
		if want, _ := validation.Covers([]rbacv1.PolicyRule{rule}, []rbacv1.PolicyRule{asked}); allows(&rule, &spec) != want {
			t.Errorf("%+v allows %+v: %t, but RBAC: %t", rule, spec.ResourceAttributes, !want, want)
		}
		asked = rbacv1.PolicyRule{Verbs: []string{verb}, NonResourceURLs: []string{path}}
		rule.ResourceNames = nil // mean nothing for paths
		spec = authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: verb, Path: path}}
		if want, _ := validation.Covers([]rbacv1.PolicyRule{rule}, []rbacv1.PolicyRule{asked}); allows(&rule, &spec) != want {
			t.Errorf("%+v allows %+v: %t, but RBAC: %t", rule, spec.NonResourceAttributes, !want, want)
		}
	})
}
