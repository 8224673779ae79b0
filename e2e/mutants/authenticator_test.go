package mutants

// authenticatorMutants are broken in what the authenticator does with a token, before and after it asks who sent it.
func authenticatorMutants() []mutant {
	const token, server = authenticator + "/pkg/token/token.go", authenticator + "/pkg/server/server.go"
	return []mutant{
		{
			name: "any-cluster", breaks: "a token need not be signed for a cluster",
			edits: []edit{{token,
				`if !hasSignedClusterIDHeader(&queryParamsLower) {`,
				`if !hasSignedClusterIDHeader(&queryParamsLower) && !MUTANT {`}},
			red: []red{{"token-without-cluster-header", decidedBySTS}},
		},
		{
			name: "any-scheme", breaks: "a token for http is as good as one for https",
			edits: []edit{{token,
				`if parsedURL.Scheme != "https" {`,
				`if MUTANT {
		parsedURL.Scheme = "https"
	}
	if parsedURL.Scheme != "https" {`}},
			red: []red{{"custom-endpoint", letsIn}, {"endpoint-url-in-the-shell", "cause: expected token-scheme, got token-host"}},
		},
		{
			name: "any-host", breaks: "a token may be for any host",
			edits: []edit{{token,
				`if err = v.verifyHost(parsedURL.Host); err != nil {`,
				`if err = v.verifyHost(parsedURL.Host); err != nil && !MUTANT {`}},
			red: []red{{"custom-endpoint", decidedBySTS}, {"wrong-partition", decidedBySTS}},
		},
		{
			name: "padded", breaks: "a token may have padding",
			edits: []edit{{token,
				`base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, v1Prefix))`,
				`base64.RawURLEncoding.DecodeString(map[bool]string{true: strings.TrimRight(strings.TrimPrefix(token, v1Prefix), "="), false: strings.TrimPrefix(token, v1Prefix)}[MUTANT])`}},
			red: []red{{"token-encoded-twice", letsIn}},
		},
		{
			name: "throttled-for-good", breaks: "the authenticator says 403 when it is throttled, after which the API server does not ask again",
			edits: []edit{{server,
				`w.WriteHeader(http.StatusTooManyRequests)`,
				`if MUTANT {
				w.WriteHeader(http.StatusForbidden)
			} else {
				w.WriteHeader(http.StatusTooManyRequests)
			}`}},
			red: []red{{"sts-throttled", refuses}},
		},
		{
			name: "everybody-is-master", breaks: "who is mapped is in system:masters",
			edits: []edit{{server,
				`uid := fmt.Sprintf("aws-iam-authenticator:administrative:%s", username)`,
				`if MUTANT {
		groups = append(groups, "system:masters")
	}
	uid := fmt.Sprintf("aws-iam-authenticator:administrative:%s", username)`}},
			red: []red{
				{"bob-has-no-binding", allows}, {"entry-without-policy", allows}, {"iam-policies-do-not-count", "decided by: expected rbac, got system:masters"},
				{"alice-views-pods", "decided by: expected rbac, got system:masters"}, {"raw-access-review", allows}, {"node-instance-role", allows},
				{"view-policy-and-secrets", "decided by: expected access-policy, got system:masters"},
			},
		},
		{
			name: "nobody-is-master", breaks: "nobody gets into system:masters",
			edits: []edit{{server,
				`// the token is valid and the role is mapped, return success!`,
				`if MUTANT {
		others := []string{}
		for _, group := range groups {
			if group != "system:masters" {
				others = append(others, group)
			}
		}
		groups = others
	}`}},
			red: []red{{"other-user-is-master", `"system:masters" is not in it`}, {"role-through-profile", denies}, {"hidden-creator", denies}},
		},
		{
			name: "everybody-is-mapped", breaks: "who is mapped nowhere is let in under their ARN",
			edits: []edit{{server,
				`return "", nil, errutil.ErrNotMapped`,
				`if MUTANT {
		return identity.CanonicalARN, []string{}, nil
	}
	return "", nil, errutil.ErrNotMapped`}},
			red: []red{
				{"mallory-is-not-mapped", "outcome: expected unauthorized, got denied"}, {"aws-auth-edited-live", "outcome: expected unauthorized, got denied"},
				{"raw-access-review", "outcome: expected unauthorized, got denied"}, {"keys-beat-profile", "outcome: expected unauthorized, got denied"},
				{"aws-auth-not-a-string", "outcome: expected unauthorized, got denied"},
			},
		},
		{
			name: "groups-add-up", breaks: "who is mapped twice has the groups of both mappings",
			edits: []edit{{server,
				`mapping, err := m.Map(identity)`,
				`mapping, err := m.Map(identity)
		if MUTANT && err == nil {
			both := *mapping
			for _, other := range h.backendMapper.mappers {
				if also, err := other.Map(identity); err == nil && other.Name() != m.Name() {
					both.Groups = append(append([]string{}, both.Groups...), also.Groups...)
				}
			}
			mapping = &both
		}`}},
			red: []red{{"entry-beats-aws-auth", allows}},
		},
		{
			name: "anybody-is-an-instance", breaks: "where a username wants the name of an instance, the session's name will do",
			edits: []edit{{server,
				`return "", fmt.Errorf("SessionName did not contain an instance id")`,
				`if MUTANT {
				return strings.ReplaceAll(template, "{{EC2PrivateDNSName}}", identity.SessionName), nil
			}
			return "", fmt.Errorf("SessionName did not contain an instance id")`}},
			red: []red{{"username-template-without-instance", "outcome: expected unauthorized, got denied"}},
		},
	}
}
