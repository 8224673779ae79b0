package mutants

// Outcomes that differ, as a report says them.
const (
	letsIn       = "outcome: expected unauthorized, got allowed"
	refuses      = "outcome: expected allowed, got unauthorized"
	allows       = "outcome: expected denied, got allowed"
	denies       = "outcome: expected allowed, got denied"
	decidedBySTS = "decided by: expected token, got sts"
)

// awsMutants are broken in what eksemu does for AWS: STS and IAM.
func awsMutants() []mutant {
	return []mutant{
		{
			name: "any-signature", breaks: "STS accepts any signature of a known key",
			edits: []edit{{"sts-fake/sigv4/signed.go",
				`if s.proves(secretAccessKey, toSign) {`,
				`if MUTANT || s.proves(secretAccessKey, toSign) {`}},
			red: []red{{"forged-signature", letsIn}, {"token-for-another-cluster", letsIn}},
		},
		{
			name: "nobody-checks-age", breaks: "neither the authenticator nor STS cares how old a signature is",
			edits: []edit{{"sts-fake/sigv4/scope.go",
				`at.Before(oldest) {`,
				`at.Before(oldest) && !MUTANT {`}, {authenticator + "/pkg/token/token.go",
				`if now.After(expiration) {`,
				`if now.After(expiration) && !MUTANT {`}},
			red: []red{{"token-too-old", letsIn}},
		},
		{
			name: "age-is-left-to-sts", breaks: "the authenticator lets STS find out that a token is too old",
			edits: []edit{{authenticator + "/pkg/token/token.go",
				`expiration := dateParam.Add(presignedURLExpiration)`,
				`expiration := dateParam.Add(presignedURLExpiration)
	if MUTANT {
		expiration = now
	}`}},
			red: []red{{"token-too-old", decidedBySTS}},
		},
		{
			name: "signed-in-the-future", breaks: "STS accepts signatures of clocks that are fast",
			edits: []edit{{"sts-fake/sigv4/scope.go",
				`at.After(newest) {`,
				`at.After(newest) && !MUTANT {`}},
			red: []red{{"clock-ahead", letsIn}},
		},
		{
			name: "any-region", breaks: "STS accepts signatures for any region",
			edits: []edit{{"sts-fake/sigv4/scope.go",
				`return v.ValidRegion == nil || v.ValidRegion(s.Scope.Region)`,
				`return MUTANT || v.ValidRegion == nil || v.ValidRegion(s.Scope.Region)`}},
			red: []red{{"wrong-region-scope", "cause: expected scope-region, got signature-mismatch"}},
		},
		{
			name: "endless-sessions", breaks: "sessions never expire",
			edits: []edit{{"sts-fake/iam/credential.go",
				`if s.now().Unix() >= r.expires {`,
				`if s.now().Unix() >= r.expires && !MUTANT {`}},
			red: []red{{"session-expired", letsIn}},
		},
		{
			name: "inactive-keys", breaks: "access keys work after they were deactivated",
			edits: []edit{{"sts-fake/iam/credential.go",
				`if owner.inactive {`,
				`if owner.inactive && !MUTANT {`}},
			red: []red{{"key-deactivated", letsIn}},
		},
		{
			name: "keys-are-secret", breaks: "STS does not tell an unknown key from a wrong secret",
			edits: []edit{{"sts-fake/gate.go",
				`return iam.Caller{}, signed, refuseCredential(err)`,
				`if MUTANT {
			return iam.Caller{}, signed, signed.Verify("")
		}
		return iam.Caller{}, signed, refuseCredential(err)`}},
			red: []red{
				{"unknown-access-key", "cause: expected unknown-access-key, got signature-mismatch"},
				{"key-deactivated", "cause: expected unknown-access-key, got signature-mismatch"},
			},
		},
		{
			name: "everybody-is-trusted", breaks: "trust policies do not count",
			edits: []edit{{"sts-fake/iam/assume_role.go",
				`own := st.ask(c, q)`,
				`own := st.ask(c, q)
	if MUTANT {
		return "", false
	}`}},
			red: []red{{"trust-policy-denies", allows}},
		},
		{
			name: "roles-have-no-sessions", breaks: "a role's session has the ARN of the role",
			edits: []edit{{"sts-fake/iam/caller.go",
				`c.ARN = AssumedRoleARN(st.partition, role.accountID, role.name, c.SessionName)`,
				`c.ARN = AssumedRoleARN(st.partition, role.accountID, role.name, c.SessionName)
	if MUTANT {
		c.ARN = role.arn
	}`}},
			red: []red{{"aws-cli", ":assumed-role/some-other-role/"}},
		},
		{
			name: "no-faults", breaks: "faults that were asked for do not happen",
			edits: []edit{{"sts-fake/faults.go",
				`fault, ok := s.faults.take(call.Operation)`,
				`fault, ok := s.faults.take(call.Operation)
	ok = ok && !MUTANT`}},
			red: []red{
				{"sts-failing", letsIn}, {"sts-slow", letsIn}, {"sts-throttled", letsIn}, {"sts-unreachable", letsIn},
			},
		},
	}
}
