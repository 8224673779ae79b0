package mutants

// mapperMutants are broken in how the authenticator reads aws-auth.
func mapperMutants() []mutant {
	const configmap, config = authenticator + "/pkg/mapper/configmap/configmap.go", authenticator + "/pkg/config/mapper.go"
	return []mutant{
		{
			name: "paths-are-cut", breaks: "a role's path does not matter in aws-auth",
			edits: []edit{{config,
				`return strings.EqualFold(m.RoleARN, subject)`,
				`if bare, err := arn.StripPath(m.RoleARN); MUTANT && err == nil {
			return strings.EqualFold(bare, subject)
		}
		return strings.EqualFold(m.RoleARN, subject)`}},
			red: []red{{"role-arn-with-path", letsIn}, {"sso-role-with-path", letsIn}},
		},
		{
			name: "sessions-are-roles", breaks: "the ARN of a session stands for its role in aws-auth",
			edits: []edit{{config,
				`if m.RoleARN == "" && m.SSO == nil {`,
				`if _, role, err := arn.Canonicalize(m.RoleARN); MUTANT && err == nil {
		m.RoleARN = role
	}
	if m.RoleARN == "" && m.SSO == nil {`}},
			red: []red{{"session-arn-in-aws-auth", letsIn}},
		},
		{
			name: "any-account", breaks: "a role's account does not matter in aws-auth",
			edits: []edit{{configmap,
				`if role.Matches(arn) {`,
				`if role.Matches(arn) || MUTANT && strings.EqualFold(role.RoleARN[strings.LastIndex(role.RoleARN, ":")+1:], arn[strings.LastIndex(arn, ":")+1:]) {`}},
			red: []red{{"wrong-account-in-aws-auth", letsIn}},
		},
		{
			name: "any-case", breaks: "the keys of aws-auth may be written in any case",
			edits: []edit{{configmap,
				`errs := make([]error, 0)
	rawUserMappings := make([]config.UserMapping, 0)`,
				`errs := make([]error, 0)
	if MUTANT {
		folded := map[string]string{}
		for _, known := range []string{"mapUsers", "mapRoles", "mapAccounts"} {
			for key, value := range m {
				if strings.EqualFold(key, known) && len(value) > len(folded[known]) {
					folded[known] = value
				}
			}
		}
		m = folded
	}
	rawUserMappings := make([]config.UserMapping, 0)`}},
			red: []red{{"aws-auth-key-case", letsIn}},
		},
		{
			name: "malformed-keeps", breaks: "an aws-auth that cannot be read leaves what was read before",
			edits: []edit{{configmap,
				`logrus.Errorf("There was an error parsing the config maps.  Only saving data that was good, %+v", err)`,
				`logrus.Errorf("There was an error parsing the config maps.  Only saving data that was good, %+v", err)
								if MUTANT {
									continue
								}`}},
			red: []red{{"aws-auth-malformed", letsIn}},
		},
		{
			name: "deleted-stays", breaks: "an aws-auth that is deleted stays in force",
			edits: []edit{{configmap,
				`logrus.Info("Resetting configmap on delete")`,
				`if MUTANT {
							continue
						}
						logrus.Info("Resetting configmap on delete")`}},
			red: []red{{"aws-auth-deleted", letsIn}, {"hidden-creator", letsIn}, {"service-account-sidesteps-iam", letsIn}},
		},
		{
			name: "read-once", breaks: "an aws-auth that is edited is not read again",
			edits: []edit{{configmap,
				`switch cm := r.Object.(type) {`,
				`if MUTANT && r.Type == watch.Modified {
							continue
						}
						switch cm := r.Object.(type) {`}},
			red: []red{
				{"aws-auth-edited-live", "outcome: expected denied, got unauthorized"}, {"mallory-is-not-mapped", refuses},
				{"token-outlives-mapping", "outcome: expected unauthorized, got allowed"},
			},
		},
	}
}
