package mutants

// eksMutants are broken in what eksemu does for EKS: access entries, access policies and authentication modes.
func eksMutants() []mutant {
	const authn, check = "emulator/authn/access.go", "emulator/eks/entry_check.go"
	return []mutant{
		{
			name: "aws-auth-first", breaks: "aws-auth is asked before the access entries",
			edits: []edit{{authn,
				`return []string{mapperDynamicFile, mapperEKSConfigMap}, nil`,
				`if MUTANT {
			return []string{mapperEKSConfigMap, mapperDynamicFile}, nil
		}
		return []string{mapperDynamicFile, mapperEKSConfigMap}, nil`}},
			red: []red{{"entry-beats-aws-auth", allows}},
		},
		{
			name: "api-reads-aws-auth", breaks: "the mode API reads aws-auth",
			edits: []edit{{authn,
				`return []string{mapperDynamicFile}, nil`,
				`if MUTANT {
			return []string{mapperDynamicFile, mapperEKSConfigMap}, nil
		}
		return []string{mapperDynamicFile}, nil`}},
			red: []red{{"api-mode-ignores-aws-auth", letsIn}},
		},
		{
			name: "entries-by-arn", breaks: "an access entry is for whoever has its ARN",
			edits: []edit{{"emulator/authn/files.go",
				`DynamicFileUserIDStrict: true,`,
				`DynamicFileUserIDStrict: !MUTANT,`}},
			red: []red{{"role-recreated", letsIn}},
		},
		{
			name: "creator-is-forgotten", breaks: "the creator of a CONFIG_MAP cluster has no hidden mapping",
			edits: []edit{{"emulator/eks/access.go",
				`a.Creator = found.Creator`,
				`if !MUTANT {
			a.Creator = found.Creator
		}`}},
			red: []red{{"hidden-creator", refuses}},
		},
		{
			name: "entries-in-any-mode", breaks: "a CONFIG_MAP cluster takes access entries",
			edits: []edit{{check,
				`if c.Cluster.AccessConfig.AuthenticationMode == ModeConfigMap {`,
				`if c.Cluster.AccessConfig.AuthenticationMode == ModeConfigMap && !MUTANT {`}},
			red: []red{{"entries-on-config-map-cluster", allows}},
		},
		{
			name: "nothing-is-reserved", breaks: "access entries may have groups and usernames that are EKS's own",
			edits: []edit{{check,
				`if strings.HasPrefix(name, prefix) {`,
				`if strings.HasPrefix(name, prefix) && !MUTANT {`}},
			red: []red{{"reserved-groups", allows}, {"reserved-username", allows}},
		},
		{
			name: "any-principal", breaks: "access entries may be for principals that IAM does not have",
			edits: []edit{{"emulator/eks/entry_create.go",
				`id := principalID(s.gate.Store, p)`,
				`id := principalID(s.gate.Store, p)
	if MUTANT && id == "" {
		id = "AROA0123456789EXAMPLE"
	}`}},
			red: []red{{"entry-without-path", allows}},
		},
		{
			name: "view-has-secrets", breaks: "AmazonEKSViewPolicy covers secrets",
			edits: []edit{{"emulator/access/view.go",
				`row(core, read(), "namespaces"),`,
				`row(core, read(), map[bool][]string{true: {"namespaces", "secrets"}, false: {"namespaces"}}[MUTANT]...),`}},
			red: []red{{"view-policy-and-secrets", allows}},
		},
		{
			name: "policies-by-username", breaks: "access policies are for whoever has the username",
			edits: []edit{{"emulator/cluster/flags.go",
				`"path"`,
				`"path"
	"strings"`}, {"emulator/cluster/flags.go",
				`fmt.Appendf(nil, authorizers, path.Join(dir, accessWebhookFile), principalIDExtra)`,
				`fmt.Appendf(nil, map[bool]string{true: strings.Replace(authorizers, "has(", "true || has(", 1), false: authorizers}[MUTANT],
			path.Join(dir, accessWebhookFile), principalIDExtra)`}, {"emulator/access/authorizer.go",
				`id := principalID(spec.Extra)`,
				`id := principalID(spec.Extra)
	if MUTANT {
		for other, p := range *a.principals.Load() {
			for _, b := range p.bindings {
				arn := b.grant.PrincipalARN
				if n := len(arn) - len(spec.User) - 1; n > 0 && arn[n:] == "/"+spec.User {
					id = other
				}
			}
		}
	}`}},
			red: []red{{"impersonation-drops-policies", allows}},
		},
		{
			name: "policies-bind", breaks: "access policies allow to bind and to escalate roles",
			edits: []edit{{"emulator/access/compile.go",
				`if !b.grant.Scope.covers(namespaceOf(spec)) {`,
				`if r := spec.ResourceAttributes; MUTANT && r != nil && (r.Verb == "bind" || r.Verb == "escalate") {
		return true
	}
	if !b.grant.Scope.covers(namespaceOf(spec)) {`}},
			red: []red{{"escalation-and-access-policies", allows}},
		},
		{
			name: "scopes-do-not-count", breaks: "an access policy for a namespace counts in the whole cluster",
			edits: []edit{{"emulator/access/scope.go",
				`return namespace != "" && slices.ContainsFunc(`,
				`return MUTANT || namespace != "" && slices.ContainsFunc(`}},
			red: []red{{"entry-without-policy", allows}},
		},
		{
			name: "authenticator-stays", breaks: "an authenticator that is stopped runs on",
			edits: []edit{{"emulator/authenticator.go",
				`if running && c.authenticates() {`,
				`if running && c.authenticates() || MUTANT && !running {`}},
			red: []red{{"authenticator-down", letsIn}},
		},
		{
			name: "policies-allow-nothing", breaks: "access policies allow nothing",
			edits: []edit{{"emulator/access/authorizer.go",
				`b.allows(&spec) {`,
				`b.allows(&spec) && !MUTANT {`}},
			red: []red{{"can-i-list-without-policies", denies}, {"entry-without-policy", denies}, {"reserved-groups", denies}},
		},
	}
}
