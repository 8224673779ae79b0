package access

import rbacv1 "k8s.io/api/rbac/v1"

// viewRules are those of AmazonEKSViewPolicy [D]. Kubernetes' own ClusterRole view has more: what add-ons aggregate to it.
func viewRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		row("apps", read(), "controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale",
			"deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets",
			"statefulsets/scale", "statefulsets/status"),
		row("autoscaling", read(), "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
		row("batch", read(), "cronjobs", "cronjobs/status", "jobs", "jobs/status"),
		row("discovery.k8s.io", read(), "endpointslices"),
		row("extensions", read(), "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status",
			"ingresses", "ingresses/status", "networkpolicies", "replicasets", "replicasets/scale", "replicasets/status",
			"replicationcontrollers/scale"),
		row("networking.k8s.io", read(), "ingresses", "ingresses/status", "networkpolicies"),
		row("policy", read(), "poddisruptionbudgets", "poddisruptionbudgets/status"),
		row(core, read(), "configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods",
			"replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services", "services/status"),
		row(core, read(), "bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status",
			"replicationcontrollers/status", "resourcequotas", "resourcequotas/status"),
		row(core, read(), "namespaces"),
	}
}
