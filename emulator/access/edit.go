package access

import rbacv1 "k8s.io/api/rbac/v1"

// editRules are those of AmazonEKSEditPolicy [D], whose table has every row of AmazonEKSViewPolicy. Kubernetes' own
// ClusterRole edit has also leases, pods/eviction and serviceaccounts/token: with this policy alone, kubectl drain and
// kubectl create token are forbidden [X].
func editRules() []rbacv1.PolicyRule {
	return append(viewRules(),
		row("apps", write(), "daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets",
			"replicasets/scale", "statefulsets", "statefulsets/scale"),
		row("autoscaling", write(), "horizontalpodautoscalers"),
		row("batch", write(), "cronjobs", "jobs"),
		row("extensions", write(), "daemonsets", "deployments", "deployments/rollback", "deployments/scale", "ingresses",
			"networkpolicies", "replicasets", "replicasets/scale", "replicationcontrollers/scale"),
		row("networking.k8s.io", write(), "ingresses", "networkpolicies"),
		row("policy", write(), "poddisruptionbudgets"),
		row(core, read(), "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"),
		row(core, write(), "pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"),
		row(core, write(), "configmaps", "events", "persistentvolumeclaims", "replicationcontrollers",
			"replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"),
		row(core, []string{"impersonate"}, "serviceaccounts"),
	)
}
