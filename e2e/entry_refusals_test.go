package e2e

// viewPolicyARN is the access policy for those who look.
const viewPolicyARN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

// entryRefusals are about access entries, once the cluster is found. That of nodeRoleARN is for nodes, and creatorARN's is there.
func entryRefusals() []refusalRow {
	const (
		unknown  = "The specified principalArn is invalid: invalid principal."
		standard = `This operation can only be performed on Access Entries with a type of "STANDARD".`
		missing  = "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'."
	)
	rows := []refusalRow{
		{"for nobody", "CreateAccessEntry", entryInput("my-cluster", "arn:aws:iam::111122223333:role/nope", ""), invalid(unknown)},
		{"for nobody of another account", "CreateAccessEntry", entryInput("my-cluster", "arn:aws:iam::444455556666:role/nope", ""), invalid(unknown)},
		{"for a path that is another", "CreateAccessEntry", entryInput("my-cluster", "arn:aws:iam::111122223333:role/team/some-other-role", ""), invalid(unknown)},
		{"twice [M]", "CreateAccessEntry", entryInput("my-cluster", creatorARN, ""),
			refusal{409, "ResourceInUseException", "The specified access entry resource is already in use on this cluster."}},
		{"for nodes with groups [M]", "CreateAccessEntry", entryInput("my-cluster", masterRoleARN, `"type": "EC2_LINUX", "kubernetesGroups": ["viewers"]`),
			invalid(`The specified kubernetesGroups is invalid: setting kubernetesGroups is not allowed when the type is "EC2_LINUX"`)},
		{"for nodes with a username [M]", "CreateAccessEntry", entryInput("my-cluster", masterRoleARN, `"type": "EC2_LINUX", "username": "me"`),
			invalid(`The specified username is invalid: setting username is not allowed when the type is "EC2_LINUX"`)},
		{"of nodes [M]", "UpdateAccessEntry", entryInput("my-cluster", nodeRoleARN, `"kubernetesGroups": ["viewers"]`), invalid(standard)},
		{"with nodes [M]", "AssociateAccessPolicy", associateInput("my-cluster", nodeRoleARN, viewPolicyARN, `{"type": "cluster"}`), invalid(standard)},
		{"with a username", "UpdateAccessEntry", entryInput("my-cluster", creatorARN, `"username": "system:me"`), invalid("The username must not begin with system:")},
		{"with a group", "UpdateAccessEntry", entryInput("my-cluster", creatorARN, `"kubernetesGroups": ["system:masters"]`),
			invalid("The kubernetes group name system:masters is invalid, it cannot start with system:")},
		{"of nobody", "AssociateAccessPolicy", associateInput("my-cluster", strangerARN, viewPolicyARN, `{"type": "cluster"}`), notFound(missing)},
		{"of nobody", "DisassociateAccessPolicy", entryInput("my-cluster", strangerARN, `"policyArn": "`+viewPolicyARN+`"`), notFound(missing)},
	}
	for _, operation := range []string{"DescribeAccessEntry", "UpdateAccessEntry", "DeleteAccessEntry", "ListAssociatedAccessPolicies"} {
		rows = append(rows, refusalRow{"of nobody", operation, entryInput("my-cluster", strangerARN, ""), notFound(missing)})
	}
	return rows
}

// policyRefusals are about access policies.
func policyRefusals() []refusalRow {
	const (
		format  = "The policyArn parameter format is not valid"
		unknown = "The specified policyArn could not be found. You can view your available access policies with 'list-access-policies'"
		iamARN  = "arn:aws:iam::aws:policy/AmazonEKSViewPolicy"
		cluster = `{"type": "cluster"}`
	)
	associate := func(policy, scope string) string { return associateInput("my-cluster", creatorARN, policy, scope) }
	rows := []refusalRow{
		{"a policy of IAM [M]", "AssociateAccessPolicy", associate(iamARN, cluster), invalid(format)},
		{"a policy of IAM", "DisassociateAccessPolicy", entryInput("my-cluster", creatorARN, `"policyArn": "`+iamARN+`"`), invalid(format)},
		{"that it does not have", "DisassociateAccessPolicy", entryInput("my-cluster", creatorARN, `"policyArn": "`+viewPolicyARN+`"`), notFound(unknown)}, // inferred
		{"the cluster and namespaces [M]", "AssociateAccessPolicy", associate(viewPolicyARN, `{"type": "cluster", "namespaces": ["default"]}`),
			invalid("accessScope should not include namespaces if the type is not set as namespace")},
		{"no namespaces [M]", "AssociateAccessPolicy", associate(viewPolicyARN, `{"type": "namespace"}`),
			invalid("At least 1 namespace must be provided if the type is set as namespace")},
		{"no namespaces [M]", "AssociateAccessPolicy", associate(viewPolicyARN, `{"type": "namespace", "namespaces": []}`),
			invalid("At least 1 namespace must be provided if the type is set as namespace")},
	}
	for _, arn := range []string{
		"arn:aws:eks::aws:cluster-access-policy/AmazonEKSNoPolicy", "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
		"arn:aws:eks:aws:cluster-access-policy/AmazonEKSViewPolicy",
	} {
		rows = append(rows, refusalRow{"a policy that there is not [M]", "AssociateAccessPolicy", associate(arn, cluster), notFound(unknown)})
	}
	return rows
}
