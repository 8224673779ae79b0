package eks

import "strings"

// The refusals of operations on access entries. Those that are "measured" are answers of AWS in us-east-1, 2026-09-24
// and 25 (spec/eks.md section 3.5), and tests pin them.

// checkPrincipalARN takes the ARN of an entry's principal apart. The text is recorded for a session's ARN
// (github.com/aws-samples/appmod-blueprints issue 319).
func checkPrincipalARN(arn string) (principalRef, error) {
	p, ok := parsePrincipal(arn)
	if !ok {
		return principalRef{}, invalidParameter("The principalArn parameter format is not valid")
	}
	return p, nil
}

// checkOwned refuses changes of entries of service-linked roles, which are EKS's own (measured for CreateAccessEntry; that
// the other operations that change something refuse them alike is inferred from the text).
func checkOwned(p principalRef) error {
	if p.serviceLinked() {
		return invalidParameter("The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role")
	}
	return nil
}

// checkType refuses what is no type, and principals that cannot be nodes. The text about types is that of 2024
// (github.com/aws/aws-cdk issue 31146) with the types of today. The other two are measured, and do not list HYPERPOD_LINUX,
// for which the user guide has the same rules.
func checkType(kind AccessEntryType, p principalRef, clusterAccount string) error {
	const measured = "[EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]"
	switch {
	case !kind.valid():
		return invalidParameter("AccessEntry type must be one of [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2, HYPERPOD_LINUX, STANDARD]")
	case kind == TypeStandard:
		return nil
	case p.kind != kindRole:
		return invalidParameter("AccessEntry principalArn must be IAM role when using types " + measured)
	case p.accountID != clusterAccount:
		return invalidParameter("AccessEntry principalArn must be from the same account as the cluster when using types " + measured)
	}
	return nil
}

// reservedPrefixes are what names of users and groups may not begin with (measured to be all).
func reservedPrefixes() []string { return []string{"system:", "eks:", "aws:", "amazon:", "iam:"} }

func reservedPrefix(name string) (string, bool) {
	for _, prefix := range reservedPrefixes() {
		if strings.HasPrefix(name, prefix) {
			return prefix, true
		}
	}
	return "", false
}

// checkUsername refuses names that are EKS's own (measured), and those in which a session could choose what its name
// begins with (user guide, "Create access entries"; the text is ours).
func checkUsername(username *string) error {
	if username == nil {
		return nil
	}
	if prefix, ok := reservedPrefix(*username); ok {
		return invalidParameter("The username must not begin with %s", prefix)
	}
	for _, template := range []string{"{{SessionName}}", "{{SessionNameRaw}}"} {
		if before, _, ok := strings.Cut(*username, template); ok && !strings.Contains(before, ":") {
			return invalidParameter("The username must have a colon before %s", template)
		}
	}
	return nil
}

// checkGroups refuses names that are EKS's own (measured) and, in words of ours, empty ones.
func checkGroups(groups []string) error {
	for _, group := range groups {
		if prefix, ok := reservedPrefix(group); ok {
			return invalidParameter("The kubernetes group name %s is invalid, it cannot start with %s", group, prefix)
		}
		if group == "" {
			return invalidParameter("The kubernetes group name is invalid, it cannot be empty")
		}
	}
	return nil
}

// checkNodeSettings refuses groups and usernames of entries for nodes (measured for EC2_LINUX, each; which one wins is
// not).
func checkNodeSettings(kind AccessEntryType, groups []string, username *string) error {
	if kind == TypeStandard {
		return nil
	}
	if len(groups) > 0 {
		return invalidParameter(`The specified kubernetesGroups is invalid: setting kubernetesGroups is not allowed when the type is "%s"`, kind)
	}
	if username != nil {
		return invalidParameter(`The specified username is invalid: setting username is not allowed when the type is "%s"`, kind)
	}
	return nil
}

// checkHasEntries refuses to work on the entries of a cluster that has none because of its authentication mode
// (measured).
func checkHasEntries(c *SavedCluster) error {
	if c.Cluster.AccessConfig.AuthenticationMode == ModeConfigMap {
		return refuse("InvalidRequestException", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
	}
	return nil
}

// entryInUse is the answer where a principal has an entry already (measured). That this goes for a user who was renamed
// and has one under the old name is inferred: EKS tells principals by their IDs, and each is in one entry at most (user
// guide, "Create access entries").
func entryInUse() *exception {
	return refuse("ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
}

// entryNotFound is the answer where a principal has no entry (github.com/terraform-aws-modules/terraform-aws-eks issue
// 3024, of AssociateAccessPolicy).
func entryNotFound() *exception {
	return refuse("ResourceNotFoundException", "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.")
}

// standardOnly is the answer to changes of an entry for nodes (measured).
func standardOnly() *exception {
	return invalidParameter(`This operation can only be performed on Access Entries with a type of "STANDARD".`)
}
