package access

import rbacv1 "k8s.io/api/rbac/v1"

// hybridRules are those of AmazonEKSHybridPolicy [D], which EKS itself uses for hybrid nodes.
func hybridRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{row(all, []string{"list"}, "nodes")}
}
