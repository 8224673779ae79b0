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

// nameOf is the name in a policy's ARN, of whatever partition. What is no such ARN is returned as it is.
func nameOf(arn string) string {
	partition, _, _ := strings.Cut(strings.TrimPrefix(arn, "arn:"), ":")
	return strings.TrimPrefix(arn, Policy{}.ARN(partition))
}
