package access

import (
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// allows says whether a rule allows what a review asks for. EKS's reason text shows that it evaluates RBAC rules, so this
// decides as RBAC's RuleAllows (k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac), which cannot be imported without the
// Kubernetes servers; the tests hold it to k8s.io/component-helpers/auth/rbac/validation. Like RBAC it takes no notice of
// field and label selectors: they only narrow what is asked for.
func allows(rule *rbacv1.PolicyRule, spec *authorizationv1.SubjectAccessReviewSpec) bool {
	if r := spec.ResourceAttributes; r != nil {
		return contains(rule.Verbs, rbacv1.VerbAll, r.Verb) &&
			contains(rule.APIGroups, rbacv1.APIGroupAll, r.Group) &&
			slices.ContainsFunc(rule.Resources, func(resource string) bool { return names(resource, r) }) &&
			(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, r.Name))
	}
	n := spec.NonResourceAttributes
	return n != nil && contains(rule.Verbs, rbacv1.VerbAll, n.Verb) &&
		slices.ContainsFunc(rule.NonResourceURLs, func(url string) bool { return leads(url, n.Path) })
}

// contains says whether a list has a value or the one that stands for all.
func contains(list []string, all, value string) bool {
	return slices.ContainsFunc(list, func(item string) bool { return item == all || item == value })
}

// names says whether a rule's resource stands for the one of a request: "*", "pods", "pods/log" or, for every resource that
// has the subresource, "*/scale".
func names(resource string, r *authorizationv1.ResourceAttributes) bool {
	if resource == rbacv1.ResourceAll {
		return true
	}
	if r.Subresource == "" {
		return resource == r.Resource
	}
	parent, ok := strings.CutSuffix(resource, r.Subresource)
	parent, slash := strings.CutSuffix(parent, "/")
	return ok && slash && (parent == r.Resource || parent == "*")
}

// leads says whether a rule's URL stands for a path: "*", "/version" or, for everything below, "/healthz/*".
func leads(url, path string) bool {
	return url == path || strings.HasSuffix(url, "*") && strings.HasPrefix(path, strings.TrimRight(url, "*"))
}
