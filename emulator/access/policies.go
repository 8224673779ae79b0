package access

// Policies are all access policies, in the order of their names: those that a ListAccessPolicies of April 2026 returned, and
// three that it did not but AWS names elsewhere. Those without rules here are documented in prose or not at all, which
// leaves open on which resources they allow which verbs.
//
// ServiceLinked has those of which [D] says that customers' roles cannot use them.
func Policies() []Policy {
	return []Policy{
		{Name: "AIDevOpsAgentAccessPolicy"},
		{Name: "AWSBackupFullAccessPolicyForBackup"},  // not listed in April 2026
		{Name: "AWSBackupFullAccessPolicyForRestore"}, // not listed in April 2026
		{Name: "AmazonAIOpsAssistantPolicy"},
		{Name: "AmazonARCRegionSwitchScalingPolicy"},
		{Name: "AmazonEKSACKPolicy"},
		{Name: "AmazonEKSAdminPolicy", Rules: adminRules()},
		{Name: "AmazonEKSAdminViewPolicy", Rules: adminViewRules()},
		{Name: "AmazonEKSArgoCDClusterPolicy"},
		{Name: "AmazonEKSArgoCDPolicy"},
		{Name: "AmazonEKSAutoNodePolicy"},
		{Name: "AmazonEKSBlockStorageClusterPolicy", ServiceLinked: true},
		{Name: "AmazonEKSBlockStoragePolicy", ServiceLinked: true},
		{Name: "AmazonEKSClusterAdminPolicy", Rules: clusterAdminRules()},
		{Name: "AmazonEKSClusterInsightsPolicy", ServiceLinked: true}, // in [D], not listed in April 2026
		{Name: "AmazonEKSComputeClusterPolicy", ServiceLinked: true},
		{Name: "AmazonEKSComputePolicy", ServiceLinked: true},
		{Name: "AmazonEKSEditPolicy", Rules: editRules()},
		{Name: "AmazonEKSEventPolicy"},
		{Name: "AmazonEKSHybridPolicy", Rules: hybridRules(), ServiceLinked: true},
		{Name: "AmazonEKSKROPolicy"},
		{Name: "AmazonEKSLoadBalancingClusterPolicy"},
		{Name: "AmazonEKSLoadBalancingPolicy"},
		{Name: "AmazonEKSNetworkingClusterPolicy"},
		{Name: "AmazonEKSNetworkingPolicy"},
		{Name: "AmazonEKSPodIdentityPolicy"},
		{Name: "AmazonEKSSecretAdminPolicy", Rules: secretAdminRules()},
		{Name: "AmazonEKSSecretReaderPolicy", Rules: secretReaderRules()},
		{Name: "AmazonEKSViewPolicy", Rules: viewRules()},
		{Name: "AmazonEMRJobPolicy"},
		{Name: "AmazonSagemakerHyperpodClusterPolicy"},
		{Name: "AmazonSagemakerHyperpodControllerPolicy"},
		{Name: "AmazonSagemakerHyperpodSpacePolicy"},
		{Name: "AmazonSagemakerHyperpodSpaceTemplatePolicy"},
		{Name: "AmazonSagemakerHyperpodSystemNamespacePolicy"},
		{Name: "AmazonSagemakerHyperpodUserClusterPolicy"},
	}
}
