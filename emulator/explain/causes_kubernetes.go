package explain

// apiServerCauses are the refusals of an identity by kube-apiserver, without or in spite of the authenticator.
// The first three have the words of getAuthMethods in k8s.io/apiserver, pkg/endpoints/filters/authn_audit.go.
func apiServerCauses() []Cause {
	return []Cause{
		apiserver("no-credentials", "the request carried no credentials, and this path is not open to everyone",
			"Use a kubeconfig with an exec plugin:\naws eks update-kubeconfig --name {cluster:sh}", "Authentication failed, no credentials provided"),
		apiserver("webhook-not-asked", "the API server refused the bearer token without asking the authenticator",
			"Check that the API server runs with --authentication-token-webhook-config-file and that its TokenReviews reach the authenticator.", "Authentication failed, attempted: {methods}bearer", "Authentication failed, attempted: {methods}access_token"),
		apiserver("credentials-refused", "the API server accepts neither the certificate nor the password that the client sent; IAM was not asked",
			"Use the kubeconfig of this cluster, or a token:\naws eks update-kubeconfig --name {cluster:sh}", "Authentication failed, attempted: {methods}"),
		apiserver("authenticator-unreachable", "the API server asked the authenticator about the token and got no answer",
			"See why the authenticator does not answer:\neksemu status\neksemu logs aws-iam-authenticator"),
		apiserver("authenticator-bad-request", "the authenticator could not read the API server's TokenReview, so nobody checked the token",
			"Run the API server with --authentication-token-webhook-version=v1beta1, the only one that the authenticator reads."),
		apiserver("answer-not-accepted", "the authenticator accepted the token, but the API server did not accept its answer, as when the audiences do not match",
			"Check --api-audiences and --authentication-token-webhook-version of the API server."),
		apiserver("backend-unauthorized", "the API server knew the caller as {username}; the 401 is of something behind it, such as an aggregated API",
			"Look at the log of the aggregated API server:\nkubectl get apiservices"),
	}
}

// allowedCauses are the authorizers that can allow a request.
func allowedCauses() []Cause {
	return []Cause{
		{ID: "allowed-masters", Outcome: Allowed, Hop: HopMasters,
			Sentence: "{who} is a member of system:masters, which the API server lets do everything before RBAC is asked"},
		{ID: "allowed-service-account", Outcome: Allowed, Hop: HopRBAC,
			Sentence: "{username} is a service account: the API server verified its token itself, IAM and aws-auth were not asked, and {binding} allows it"},
		{ID: "allowed-rbac", Outcome: Allowed, Hop: HopRBAC, Says: []string{"RBAC: allowed by {binding}"}, Sentence: "{binding} allows {who} to {question}"},
		// The wording is that of a real EKS audit event of 2024 (spec/eks.md §1.4); for namespaced scopes it is not public.
		{ID: "allowed-access-policy", Outcome: Allowed, Hop: HopAccessPolicy,
			Says: []string{
				`EKS Access Policy: allowed by {binding} "{holder}+arn:{partition}:cluster-access-policy/{policy}" of`,
				`EKS Access Policy: allowed by {policy}`,
			},
			Sentence: "the access policy {policy} of {principal} allows it, which no RBAC object in the cluster shows"},
		{ID: "allowed-node", Outcome: Allowed, Hop: HopNode, Sentence: "the Node authorizer allows {who} what a kubelet needs for its own node and pods"},
		{ID: "allowed-other", Outcome: Allowed, Hop: HopAPIServer, Sentence: "an authorizer of the API server allowed it: {reason}"},
	}
}

// deniedCauses are the reasons for a "no" after every authorizer was asked. Kubernetes has no rule that denies:
// the answer is no because nothing said yes.
func deniedCauses() []Cause {
	const fixGrant = "Grant it, as an administrator:\n{grant}"
	const fixAssociate = "Associate a policy that covers it:\n" +
		"aws eks associate-access-policy --cluster-name {cluster:sh} --principal-arn {principal:sh} --access-scope {scope} --policy-arn arn:aws:eks::aws:cluster-access-policy/{policy}\n" +
		"# or grant it by RBAC:\n{grant}"
	return []Cause{
		rbac("role-missing", "a binding for {who} names the role {role}, which does not exist, so it grants nothing", "Create the role, or point the binding at one that exists:\n{grant}",
			`role.rbac.authorization.k8s.io "{role}" not found`),
		rbac("no-rule-anonymous", "the request carried no credentials, and the public may not {question}", "Use a kubeconfig with an exec plugin:\naws eks update-kubeconfig --name {cluster:sh}"),
		rbac("no-rule-impersonated", "{impersonated} may not {question}, and under --as nothing else counts: neither the rights nor the access policies of {username}", fixGrant),
		rbac("no-rule-service-account", "no binding lets the service account {username} {question}; IAM has no say about service accounts", fixGrant),
		rbac("node-not-in-group", "{username} has the name of a node but is not in the group system:nodes, so the Node authorizer does not serve it",
			"Map the node role with both groups, one per line:\n"+fixEditAWSAuth+"      groups:\n        - system:bootstrappers\n        - system:nodes"),
		policy("policy-rules-unknown", "no binding lets {username} {question}. The principal has access policies ({policies}), but AWS does not publish what {unknown} allows: "+
			"it allows nothing here, and EKS may say yes", fixAssociate),
		policy("policy-does-not-cover", "no binding lets {username} {question}, and the access policies of the principal ({policies}) do not cover it", fixAssociate),
		policy("policy-no-longer-allows", "no binding lets {username} {question}, and the access policy that allowed this principal something before is no longer associated", fixAssociate),
		rbac("no-groups", "{username} is mapped, but to no group, and no binding names the user itself, so nothing lets it {question}", fixGrant),
		rbac("no-rule", "no binding lets {username} or a group of it ({groups}) {question}", fixGrant),
	}
}

// nodeCauses are the Node authorizer's own words for a "no", from kubernetes,
// plugin/pkg/auth/authorizer/node/node_authorizer.go.
func nodeCauses() []Cause {
	node := func(id, sentence, fix string, says ...string) Cause {
		return Cause{ID: id, Outcome: Denied, Hop: HopNode, Says: says, Sentence: sentence, Fix: fix}
	}
	return []Cause{
		node("node-unknown", "{who} is in system:nodes, but its name is not that of a node", "Map the node role to the username system:node:{{EC2PrivateDNSName}}:\n"+fixEditAWSAuth,
			`unknown node for user {user}`),
		node("node-not-permitted", "the Node authorizer lets {who} reach only what its own node and pods need, and RBAC has nothing more for it",
			"Ask as a person or a service account instead of a node.",
			"no relationship found between node", "can only ", "cannot read", "cannot get subresource", "cannot authorize", "nodes may not", "No Object name found", "only the following verbs are allowed",
			"not allowed to get service accounts"),
	}
}

// afterwardsCauses are refusals around authorization: impersonation before it, admission after it.
func afterwardsCauses() []Cause {
	return []Cause{
		rbac("impersonation-forbidden", "{username} may not act as somebody else, so nothing was asked about the request itself", "Ask without --as, or allow it, as an administrator:\n"+
			"kubectl create clusterrole impersonate --verb=impersonate --resource=users,groups,serviceaccounts\n"+
			"kubectl create clusterrolebinding impersonate --clusterrole=impersonate {subject}", `cannot impersonate resource`, "impersonating the ",
			"cannot impersonate-on:"), // constrained impersonation (k8s.io/apiserver pkg/endpoints/filters/impersonation), on since 1.36
		rbac("escalation", "{who} may write roles and bindings, but not hand out rights beyond its own RBAC rights; rights from an access policy do not count",
			"Have somebody with those rights by RBAC do it, or grant the verbs escalate and bind on roles.", "is attempting to grant RBAC permissions not currently held", "must have cluster-admin privileges to use the aggregationRule"),
		{ID: "admission-forbidden", Outcome: Denied, Hop: HopAdmission, Sentence: "{who} is permitted to {question}; an admission check refused what the request says",
			Fix: "Change the object as the message says; no mapping and no binding helps here."},
		{ID: "authorizer-denied", Outcome: Denied, Hop: HopAPIServer, Sentence: "an authorizer of the API server denied it outright, before the others were asked",
			Fix: "Look at the API server's authorization configuration."},
		{ID: "authorizer-error", Outcome: Denied, Hop: HopAPIServer, Sentence: "an authorizer of the API server failed, so nobody decided", Fix: "Look at the API server's log:\neksemu logs kube-apiserver",
			Says: []string{"internal error"}},
		{ID: "not-decided", Outcome: Denied, Hop: HopAPIServer, Sentence: "the API server answered {status} before any authorizer was asked", Fix: "Look at the API server's log:\neksemu logs kube-apiserver"},
	}
}

// apiserver makes a cause of the API server's own authentication.
func apiserver(id, sentence, fix string, says ...string) Cause {
	return Cause{ID: id, Outcome: Unauthorized, Hop: HopAPIServer, Says: says, Sentence: sentence, Fix: fix}
}

// policy makes a cause of a denial to a principal with access policies, which are asked last.
func policy(id, sentence, fix string) Cause {
	return Cause{ID: id, Outcome: Denied, Hop: HopAccessPolicy, Sentence: sentence, Fix: fix}
}

// rbac makes a cause of a denial that RBAC's silence explains.
func rbac(id, sentence, fix string, says ...string) Cause {
	return Cause{ID: id, Outcome: Denied, Hop: HopRBAC, Says: says, Sentence: sentence, Fix: fix}
}
