package access

import (
	"cmp"
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// principal is what the grants of one principal come to.
type principal struct {
	bindings []binding // those for the cluster first, each kind in the order of the policies' ARNs
	policies []string  // see Decision.Policies
	unknown  []string  // see Decision.Unknown
}

// binding is a grant with the rules of its policy.
type binding struct {
	grant Grant
	name  string // of the binding in EKS's reason
	rules []rbacv1.PolicyRule
}

// compile sorts grants by the ID of their principal. One without an ID is nobody's.
func compile(grants []Grant, rules map[string][]rbacv1.PolicyRule) map[string]principal {
	out := map[string]principal{}
	for _, g := range grants {
		if g.PrincipalID == "" {
			continue
		}
		p := out[g.PrincipalID]
		p.policies = append(p.policies, nameOf(g.PolicyARN)+g.Scope.suffix())
		if known := rules[nameOf(g.PolicyARN)]; known == nil {
			p.unknown = append(p.unknown, nameOf(g.PolicyARN))
		} else {
			g.Scope.Namespaces = slices.Clone(g.Scope.Namespaces)
			p.bindings = append(p.bindings, binding{g, g.PrincipalARN + "+" + g.PolicyARN, known})
		}
		out[g.PrincipalID] = p
	}
	for id, p := range out {
		// Cluster before namespace, also by the alphabet. It is the order in which RBAC visits its bindings, and which of
		// several policies EKS names is not known [X].
		slices.SortStableFunc(p.bindings, func(a, b binding) int {
			return cmp.Or(cmp.Compare(a.grant.Scope.Type, b.grant.Scope.Type), cmp.Compare(a.grant.PolicyARN, b.grant.PolicyARN))
		})
		slices.Sort(p.policies)
		slices.Sort(p.unknown)
		p.unknown = slices.Compact(p.unknown)
		out[id] = p
	}
	return out
}

// allows says whether the binding allows what a review asks for, within its scope.
func (b *binding) allows(spec *authorizationv1.SubjectAccessReviewSpec) bool {
	if !b.grant.Scope.covers(namespaceOf(spec)) {
		return false
	}
	for i := range b.rules {
		if allows(&b.rules[i], spec) {
			return true
		}
	}
	return false
}

// reason is what EKS gives as the reason for a yes: the sentence of RBAC about a ClusterRoleBinding, for a binding that no
// cluster has. It is named PRINCIPAL-ARN+POLICY-ARN and is to the principal's ID (an audit event of August 2024). For a scope
// of namespaces EKS's text is not known: ours is what RBAC says of a RoleBinding [X].
func (b *binding) reason(spec *authorizationv1.SubjectAccessReviewSpec) string {
	kind, name := "ClusterRoleBinding", b.name
	if b.grant.Scope.Type == ScopeNamespace {
		kind, name = "RoleBinding", b.name+"/"+namespaceOf(spec)
	}
	return fmt.Sprintf("EKS Access Policy: allowed by %s %q of ClusterRole %q to User %q", kind, name, b.grant.PolicyARN, b.grant.PrincipalID)
}

// namespaceOf is the namespace that a review is about, "" where there is none.
func namespaceOf(spec *authorizationv1.SubjectAccessReviewSpec) string {
	if spec.ResourceAttributes == nil {
		return ""
	}
	return spec.ResourceAttributes.Namespace
}
