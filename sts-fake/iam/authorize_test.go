package iam

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// assumeCase is one question whether a caller may assume the role dev.
type assumeCase struct {
	name     string
	trust    string
	identity string // "" for none
	stranger bool   // the caller is from the other account
	request  AssumeRoleContext
	want     string // "" if allowed, else part of the reason
}

const (
	aliceARN   = "arn:aws:iam::111122223333:user/alice"
	strangeARN = "arn:aws:iam::444455556666:user/stranger"
	onlyAssume = `{"Statement":{"Effect":"Allow","Action":"STS:assumerole","Resource":"*"}}`
)

func devTrust(principal, rest string) string {
	return `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]` + rest + `}]}`
}

func when(operator, key, value string) string {
	return `,"Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}`
}

// Who may assume what: spec/sts.md section 4.3 and the Go documentation of AssumeRole.
func TestAuthorizeAssumeRole(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::111122223333:role/dev"
	for _, tt := range slices.Concat(principalCases(), conditionCases()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, newClock())
			var policies []Policy
			if tt.identity != "" {
				policies = []Policy{policy(t, "%s", tt.identity)}
			}
			alice, stranger := user(t, s, account, "alice", policies...), user(t, s, other, "stranger", policies...)
			caller := alice
			if tt.stranger {
				caller = stranger
			}
			putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: policy(t, "%s", tt.trust)})
			checkDenied(t, s.AuthorizeAssumeRole(caller, arn, tt.request), tt.want)
		})
	}
}

// principalCases are about who is trusted, and about accounts.
func principalCases() []assumeCase {
	const (
		allowed   = `{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"arn:aws:iam::111122223333:role/*"}}`
		elsewhere = `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/ops"}}`
		denied    = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`
	)
	return []assumeCase{
		{name: "same account, trust names the user", trust: devTrust(aliceARN, "")},
		{name: "same account, trust names the root, no identity policy", trust: devTrust(account, ""), want: "leaves it to the account"},
		{name: "same account, trust names the root's ARN, identity policy", trust: devTrust("arn:aws:iam::111122223333:root", ""), identity: allowed},
		{name: "same account, identity policy for another role", trust: devTrust(account, ""), identity: elsewhere, want: "leaves it to the account"},
		{name: "same account, identity policy alone", trust: devTrust(other, ""), identity: allowed, want: "trust policy does not allow"},
		{name: "same account, anyone", trust: devTrust("*", "")},
		{name: "other account, trust alone", trust: devTrust(strangeARN, ""), stranger: true, want: "in another account"},
		{name: "other account, both", trust: devTrust(strangeARN, ""), identity: onlyAssume, stranger: true},
		{name: "other account, its root and identity policy", trust: devTrust(other, ""), identity: onlyAssume, stranger: true},
		{name: "other account, not trusted", trust: devTrust(account, ""), identity: allowed, stranger: true, want: "trust policy does not allow"},
		{name: "identity policy denies", trust: devTrust(aliceARN, ""), identity: denied, want: "identity policy of the caller denies"},
		{
			name:  "trust denies the account",
			trust: `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + aliceARN + `"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"` + account + `"},"Action":"sts:*"}]}`,
			want:  "trust policy denies",
		},
		{
			name:  "NotPrincipal denies all others",
			trust: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":{"AWS":"` + strangeARN + `"},"Action":"sts:*"}]}`,
			want:  "trust policy denies",
		},
		{
			name:  "NotPrincipal spares whom it names",
			trust: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","NotPrincipal":{"AWS":"` + aliceARN + `"},"Action":"sts:*"}]}`,
		},
		{name: "trust for a service", trust: `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`, want: "trust policy does not allow"},
		{name: "trust for another action", trust: `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}}`, want: "trust policy does not allow"},
		{name: "trust with NotAction", trust: `{"Statement":{"Effect":"Allow","Principal":"*","NotAction":"sts:TagSession"}}`},
	}
}

// conditionCases are about conditions, session tags and source identities.
func conditionCases() []assumeCase {
	return []assumeCase{
		{name: "external ID", trust: devTrust(aliceARN, when("StringEquals", "sts:ExternalId", "s3cret")), request: AssumeRoleContext{ExternalID: "s3cret"}},
		{name: "wrong external ID", trust: devTrust(aliceARN, when("StringEquals", "sts:ExternalId", "s3cret")), request: AssumeRoleContext{ExternalID: "S3CRET"}, want: "trust policy does not allow"},
		{name: "no external ID", trust: devTrust(aliceARN, when("StringEquals", "sts:ExternalId", "s3cret")), want: "trust policy does not allow"},
		{name: "session name", trust: devTrust(aliceARN, when("StringLike", "STS:rolesessionname", "alice-*")), request: AssumeRoleContext{SessionName: "alice-1"}},
		{name: "wrong session name", trust: devTrust(aliceARN, when("StringLike", "sts:RoleSessionName", "alice-*")), request: AssumeRoleContext{SessionName: "bob-1"}, want: "trust policy does not allow"},
		{name: "principal ARN", trust: devTrust("*", when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/al*"))},
		{name: "user name", trust: devTrust("*", when("StringEquals", "aws:username", "alice"))},
		{name: "another region", trust: devTrust("*", when("StringEquals", "aws:RequestedRegion", "us-east-1")), request: AssumeRoleContext{Request: RequestContext{Region: "us-west-2"}}, want: "trust policy does not allow"},
		{name: "MFA, of which a user's own keys say nothing", trust: devTrust("*", when("Bool", "aws:MultiFactorAuthPresent", "true")), want: "trust policy does not allow"},
		{name: "tags", trust: devTrust(aliceARN, ""), request: AssumeRoleContext{Tags: []Tag{{Key: "a", Value: "b"}}}},
		{
			name:  "tags, trust without TagSession",
			trust: `{"Statement":{"Effect":"Allow","Principal":{"AWS":"` + aliceARN + `"},"Action":"sts:AssumeRole"}}`, request: AssumeRoleContext{Tags: []Tag{{Key: "a"}}},
			want: "sts:TagSession",
		},
		{name: "tags from another account without TagSession there", trust: devTrust(strangeARN, ""), identity: onlyAssume, stranger: true, request: AssumeRoleContext{Tags: []Tag{{Key: "a"}}}, want: "sts:TagSession"},
		{name: "request tag", trust: devTrust(aliceARN, when("StringEquals", "aws:RequestTag/Team", "blue")), request: AssumeRoleContext{Tags: []Tag{{Key: "team", Value: "blue"}}}},
		{name: "tag keys", trust: devTrust(aliceARN, when("ForAllValues:StringEquals", "aws:TagKeys", "team")), request: AssumeRoleContext{Tags: []Tag{{Key: "team"}, {Key: "x"}}}, want: "trust policy does not allow"},
		{name: "transitive keys", trust: devTrust(aliceARN, when("ForAnyValue:StringEquals", "sts:TransitiveTagKeys", "team")), request: AssumeRoleContext{Tags: []Tag{{Key: "team"}}}, want: "trust policy does not allow"},
		{name: "source identity", trust: devTrust(aliceARN, when("StringEquals", "sts:SourceIdentity", "alice")), request: AssumeRoleContext{SourceIdentity: "alice"}},
		{
			name:  "source identity, trust without SetSourceIdentity",
			trust: `{"Statement":{"Effect":"Allow","Principal":{"AWS":"` + aliceARN + `"},"Action":"sts:AssumeRole"}}`, request: AssumeRoleContext{SourceIdentity: "alice"},
			want: "sts:SetSourceIdentity",
		},
	}
}

func checkDenied(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var denied *AccessDeniedError
	if !errors.As(err, &denied) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want a refusal with %q", err, want)
	}
}

func TestAuthorizeRootAndUnknownRole(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	key, err := FixtureAccessKey(account, "root")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutAccount(Account{ID: account, AccessKeys: []AccessKey{key}}); err != nil {
		t.Fatal(err)
	}
	_, root, err := s.Credential(key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	role := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, "*")})
	var denied *AccessDeniedError
	if err := s.AuthorizeAssumeRole(root, role.ARN("aws"), AssumeRoleContext{}); !errors.As(err, &denied) || !denied.Root {
		t.Errorf("root: got %v", err)
	}
	alice := user(t, s, account, "alice")
	checkDenied(t, s.AuthorizeAssumeRole(alice, "arn:aws:iam::111122223333:role/none", AssumeRoleContext{}), "does not exist")
}

func TestRoleChaining(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	first := putRole(t, s, Role{AccountID: account, Path: "/p/", Name: "first", TrustPolicy: trusting(t, account)}).ARN("aws")
	second := putRole(t, s, Role{AccountID: account, Name: "second", TrustPolicy: trusting(t, first)}).ARN("aws")
	bySession := putRole(t, s, Role{
		AccountID: account, Name: "by-session", TrustPolicy: trusting(t, "arn:aws:sts::111122223333:assumed-role/first/one"),
	}).ARN("aws")
	tagged := putRole(t, s, Role{AccountID: account, Name: "tagged", TrustPolicy: policy(t,
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"},"Bool":{"aws:MultiFactorAuthPresent":"false"}}}}`, first)}).ARN("aws")

	_, one := issue(t, s, first, "one", SessionOptions{})
	_, two := issue(t, s, first, "two", SessionOptions{})
	_, blue := issue(t, s, first, "blue", SessionOptions{Tags: []Tag{{"team", "blue", true}}})
	_, named := issue(t, s, first, "named", SessionOptions{SourceIdentity: "alice"})

	checkDenied(t, s.AuthorizeAssumeRole(one, second, AssumeRoleContext{}), "")
	checkDenied(t, s.AuthorizeAssumeRole(one, first, AssumeRoleContext{}), "leaves it to the account") // no self-assumption by itself
	checkDenied(t, s.AuthorizeAssumeRole(one, bySession, AssumeRoleContext{}), "")
	checkDenied(t, s.AuthorizeAssumeRole(two, bySession, AssumeRoleContext{}), "does not allow")
	checkDenied(t, s.AuthorizeAssumeRole(blue, tagged, AssumeRoleContext{}), "")
	checkDenied(t, s.AuthorizeAssumeRole(one, tagged, AssumeRoleContext{}), "does not allow")
	checkDenied(t, s.AuthorizeAssumeRole(blue, second, AssumeRoleContext{}), "sts:TagSession")
	checkDenied(t, s.AuthorizeAssumeRole(named, second, AssumeRoleContext{}), "sts:SetSourceIdentity")
	checkDenied(t, s.AuthorizeAssumeRole(named, second, AssumeRoleContext{SourceIdentity: "bob"}), "another source identity")
}
