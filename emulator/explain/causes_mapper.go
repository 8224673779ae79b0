package explain

import "strings"

// fixEditAWSAuth opens the ConfigMap that aws-iam-authenticator's EKSConfigMap backend watches.
const fixEditAWSAuth = "kubectl edit -n kube-system configmap/aws-auth\n"

// fixAccessEntry is the other way to map a principal, by the EKS API.
const (
	createEntry    = "aws eks create-access-entry --cluster-name {cluster:sh} --principal-arn {principal:sh}"
	fixAccessEntry = "# or, if the cluster's authentication mode includes API, with an access entry:\n" + createEntry
)

// The authentication modes of the EKS API.
const (
	modeConfigMap       = "CONFIG_MAP"
	modeAPI             = "API"
	modeAPIAndConfigMap = "API_AND_CONFIG_MAP"
)

// inMode is the fix of a mapping in an authentication mode, if that is known.
func inMode(mode, fix string) string {
	byConfigMap, ok := strings.CutSuffix(fix, fixAccessEntry)
	switch {
	case ok && mode == modeConfigMap:
		return strings.TrimSuffix(byConfigMap, "\n")
	case ok && mode == modeAPIAndConfigMap:
		_, edit, _ := strings.Cut(strings.TrimSuffix(byConfigMap, "\n"), "\n")
		return fixGrantEntry + "\n# or map it in aws-auth:\n" + edit
	}
	return fix
}

// fixGrantEntry is an access entry with an access policy.
const fixGrantEntry = "Give it an access entry, and an access policy or groups that RBAC knows:\n" + createEntry + "\n" +
	"aws eks associate-access-policy --cluster-name {cluster:sh} --principal-arn {principal:sh} --access-scope type=cluster --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

// mappingCauses are the reasons for "identity is not mapped" (aws-iam-authenticator v0.7.18, pkg/errutil).
// The words are always the same; the principal and the events before tell them apart.
func mappingCauses() []Cause {
	const fixRole = "Map the role in aws-auth by its ARN without a path, not by the session's ARN:\n" + fixEditAWSAuth +
		"  mapRoles: |\n    - rolearn: {canonical:yaml}\n      username: {mapped:yaml}\n      groups: [GROUP]\n" + fixAccessEntry
	const fixUser = "Map the user in aws-auth:\n" + fixEditAWSAuth +
		"  mapUsers: |\n    - userarn: {canonical:yaml}\n      username: {mapped:yaml}\n      groups: [GROUP]\n" + fixAccessEntry
	return []Cause{
		mapper("not-mapped-user", "AWS knows the caller as {arn}, but nothing maps that user to a Kubernetes user: neither aws-auth nor an access entry, and being an IAM administrator counts for nothing here", fixUser),
		mapper("not-mapped-role", "AWS knows the caller as {arn}, but nothing maps the role {canonical} to a Kubernetes user (aws-auth must name the role without its path, and never the session)", fixRole),
		mapper("not-mapped-sso", "AWS knows the caller as {arn}, a role of IAM Identity Center, but nothing maps {canonical}: the path aws-reserved/sso.amazonaws.com/ must be left out of aws-auth", fixRole),
		mapper("not-mapped", "AWS knows the caller as {arn}, but nothing maps it to a Kubernetes user", fixUser),
		mapper("no-access-entry", "AWS knows the caller as {arn}, but {canonical} has no access entry, and in the authentication mode API nothing else counts: aws-auth is not read", fixGrantEntry),
		mapper("aws-auth-deleted", "nothing maps {arn}: the ConfigMap aws-auth was deleted, and all of its mappings with it",
			"Create it again, with the node roles too:\nkubectl apply -f aws-auth.yaml"),
		mapper("aws-auth-malformed", "nothing maps {arn}: the authenticator could not parse all of aws-auth, and whoever is in the broken section is not mapped",
			"Repair the YAML inside mapRoles, mapUsers or mapAccounts:\n"+fixEditAWSAuth+"kubectl get -n kube-system configmap/aws-auth -o jsonpath='{.data.mapRoles}'"),
		mapper("principal-recreated", "{canonical} was deleted and made again: the access entry that let it in before names the old ID {oldid}, and the caller's is {principalid}",
			"Make the access entry again, too. That loses its groups, its username and its access policies: note them first, and give them again.\n"+
				"aws eks describe-access-entry --cluster-name {cluster:sh} --principal-arn {principal:sh}\n"+
				"aws eks list-associated-access-policies --cluster-name {cluster:sh} --principal-arn {principal:sh}\n"+
				"aws eks delete-access-entry --cluster-name {cluster:sh} --principal-arn {principal:sh}\n"+
				"aws eks create-access-entry --cluster-name {cluster:sh} --principal-arn {principal:sh} # and what was noted: --kubernetes-groups, --username\n"+
				"# then aws eks associate-access-policy for each policy that was noted"),
	}
}

// mapperCauses are the other refusals by doMapping and its helpers in aws-iam-authenticator v0.7.18,
// pkg/server/server.go, and of the mappers and pkg/ec2provider that they call.
func mapperCauses() []Cause {
	const fixNodeRole = "Use {{EC2PrivateDNSName}} only in the mapping of a role that EC2 instances assume; map people to names like {{SessionName}}:\n" + fixEditAWSAuth
	return []Cause{
		mapper("not-an-instance", "the mapping's username needs {{EC2PrivateDNSName}}, and the session name {session} is not an EC2 instance ID", fixNodeRole, "SessionName did not contain an instance id"),
		mapper("instance-lookup-failed", "the authenticator could not ask EC2 for the private DNS name of {instance}",
			"Allow ec2:DescribeInstances to the role of the cluster, and check that its network reaches EC2.", "failed querying private DNS from EC2 API for node {instance}: {error}"),
		mapper("instance-not-found", "EC2 knows no instance {instance} in this account and region, so the node has no name", "Assume the node role from an EC2 instance of the cluster's account and region.",
			"failed to find node {instance} in PrivateDNSNameCache", "failed to find node {instance} "),
		mapper("template-failed", "the mapping's template {template} could not be filled in", "Use only the templates that the authenticator knows: {{EC2PrivateDNSName}}, {{AccountID}}, {{SessionName}}, {{SessionNameRaw}}, {{AccessKeyID}}.",
			"error rendering username template {template}: {error}", "error rendering group template {template}: {error}"),
		mapper("reserved-prefix", "{arn} is mapped to the username {mappedto}, and mappings of {mapper} must not use its prefix",
			"Map it to a username that begins with none of {prefixes}.",
			"invalid username '{mappedto}' for mapper {mapper}: username must not begin with with the following prefixes: {prefixes}"),
		mapper("id-and-arn-mismatch", "the access entry with the caller's principal ID {principalid} names another ARN than {canonical}",
			"Make the access entry again for the ARN that the principal has now:\n"+
				"aws eks list-access-entries --cluster-name {cluster:sh}\n"+
				"aws eks create-access-entry --cluster-name {cluster:sh} --principal-arn {principal:sh}", "ARN does not match User ID"),
		mapper("mapper-error", "a mapper of the authenticator failed on {arn}", "Look at the authenticator's log:\neksemu logs aws-iam-authenticator", "mapper {mapper} Map error: {error}", "mapper {mapper} renderTemplates error: {error}"),
	}
}

// notMapped is errutil.ErrNotMapped of aws-iam-authenticator.
const notMapped = "identity is not mapped"

// mapper makes a cause of the hop that maps an ARN to a Kubernetes user.
func mapper(id, sentence, fix string, says ...string) Cause {
	return Cause{ID: id, Outcome: Unauthorized, Hop: HopMapper, Says: says, Sentence: sentence, Fix: fix}
}
