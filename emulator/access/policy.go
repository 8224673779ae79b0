// Package access knows the access policies of EKS: which there are and what their rules allow. They are no objects of a
// cluster: EKS asks them after RBAC, for the IAM principal behind a request.
package access

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Policy is an access policy of EKS.
type Policy struct {
	Name string // "AmazonEKSViewPolicy"
	// Rules is what the policy allows. It is nil for a policy that AWS documents in prose alone: that allows nothing here.
	Rules []rbacv1.PolicyRule
	// ServiceLinked says that AWS designates the policy for service-linked roles only.
	ServiceLinked bool
}

// ARN is the policy's ARN in a partition ("aws"): arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy.
func (p Policy) ARN(partition string) string {
	return "arn:" + partition + ":eks::aws:cluster-access-policy/" + p.Name
}

// Find returns the policy with an ARN of a partition, and whether there is one.
func Find(partition, arn string) (Policy, bool) {
	name, ok := strings.CutPrefix(arn, Policy{}.ARN(partition))
	policies := Policies()
	i := slices.IndexFunc(policies, func(p Policy) bool { return p.Name == name })
	if !ok || i < 0 {
		return Policy{}, false
	}
	return policies[i], true
}

// Policies are all access policies, in the order of their names.
func Policies() []Policy {
	return []Policy{{Name: "AmazonEKSAdminPolicy"}, {Name: "AmazonEKSAutoNodePolicy"}, {Name: "AmazonEKSClusterAdminPolicy"}, {Name: "AmazonEKSViewPolicy"}}
}

// ScopeType says where an associated policy counts.
type ScopeType string

// The scopes of the EKS API.
const (
	ScopeCluster   ScopeType = "cluster"
	ScopeNamespace ScopeType = "namespace"
)

// Scope is where an associated policy counts: in the whole cluster, or in namespaces, whose names may have wildcards.
type Scope struct {
	Type       ScopeType `json:"type"`
	Namespaces []string  `json:"namespaces"` // of ScopeNamespace
}

// Grant is a policy that an access entry is associated with.
type Grant struct {
	PrincipalARN string // of the entry, with the role's path
	PrincipalID  string // unique ID of the user or role: AIDA…, AROA…
	PolicyARN    string
	Scope        Scope
}
