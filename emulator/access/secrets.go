package access

import rbacv1 "k8s.io/api/rbac/v1"

// secretReaderRules are those of AmazonEKSSecretReaderPolicy [D], which exists since November 2025.
func secretReaderRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{row(core, read(), "secrets")}
}

// secretAdminRules are those of AmazonEKSSecretAdminPolicy at second hand: notes of August 2026 on detecting misuse of EKS
// give secrets with the verb *. [D] does not have the policy yet, and the group is [X] from the resource.
func secretAdminRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{row(core, []string{rbacv1.VerbAll}, "secrets")}
}
