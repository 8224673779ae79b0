package access

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// adminRules are those of AmazonEKSAdminPolicy [D], whose table has every row of AmazonEKSEditPolicy. It has neither bind
// nor escalate: RBAC refuses its holder a RoleBinding to a role that has more than RBAC gives the holder.
func adminRules() []rbacv1.PolicyRule {
	return append(editRules(),
		row("authorization.k8s.io", []string{"create"}, "localsubjectaccessreviews"),
		row("rbac.authorization.k8s.io", slices.Concat(write(), read()), "rolebindings", "roles"),
	)
}

// adminViewRules are those of AmazonEKSAdminViewPolicy [D]: every object, secrets and custom resources too. It is silent
// about paths that are no objects, such as /metrics.
func adminViewRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{row(all, read(), all)}
}

// clusterAdminRules are those of AmazonEKSClusterAdminPolicy [D]: what the ClusterRole cluster-admin has.
func clusterAdminRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		row(all, []string{rbacv1.VerbAll}, all),
		{NonResourceURLs: []string{all}, Verbs: []string{rbacv1.VerbAll}},
	}
}
