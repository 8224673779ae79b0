package iam

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

const everything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func federate(t testing.TB, s *Store, c Caller, name string, o SessionOptions) Caller {
	t.Helper()
	_, caller, err := s.IssueFederatedSession(c, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

func own(t testing.TB, s *Store, c Caller, o SessionOptions) Caller {
	t.Helper()
	_, caller, err := s.IssueUserSession(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

// [D]: IAM User Guide, access_policies ("Session policies") and reference_policies_evaluation-logic: session policies
// bound what a role's sessions may, except by a resource policy that names the session.
func TestChainingWithSessionPolicies(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	allowAll := policy(t, everything)
	onlyS3 := policy(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	onlyB := policy(t, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/b"}}`)
	denies := policy(t, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:*","Resource":"*"}]}`)
	first := putRole(t, s, Role{AccountID: account, Name: "first", TrustPolicy: trusting(t, account), Policies: []InlinePolicy{{Document: allowAll}}}).ARN("aws")
	_, unbound := issue(t, s, first, "plain", SessionOptions{})
	_, s3 := issue(t, s, first, "bound", SessionOptions{Policies: []Policy{onlyS3}})
	_, b := issue(t, s, first, "bound", SessionOptions{Policies: []Policy{onlyS3, onlyB}})
	_, denied := issue(t, s, first, "bound", SessionOptions{Policies: []Policy{denies, allowAll}})
	const session = "arn:aws:sts::111122223333:assumed-role/first/bound"
	role := func(accountID, name, principal string) string {
		return putRole(t, s, Role{AccountID: accountID, Name: name, TrustPolicy: trusting(t, principal)}).ARN("aws")
	}
	byRole, byAccount, bySession := role(account, "a", first), role(account, "b", account), role(account, "c", session)
	foreign := role(other, "d", session)
	const unallowed, explicit = "no session policy of the caller allows it", "a session policy of the caller denies it"
	for _, tt := range []struct {
		name   string
		caller Caller
		role   string
		want   string
	}{
		{"no session policy", unbound, byRole, ""},
		{"trust names the role", s3, byRole, unallowed},
		{"trust names the account", s3, byAccount, unallowed},
		{"trust names the session", s3, bySession, ""},
		{"trust of another account names the session", s3, foreign, unallowed},
		{"one of two session policies allows it", b, byAccount, ""},
		{"none of two session policies allows it", b, byRole, unallowed},
		{"session policy denies, trust names the role", denied, byRole, explicit},
		{"session policy denies, trust names the session", denied, bySession, explicit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := s.AuthorizeAssumeRole(tt.caller, tt.role, AssumeRoleContext{})
			checkDenied(t, err, tt.want)
			var refusal *AccessDeniedError
			if errors.As(err, &refusal) && refusal.Explicit != (tt.want == explicit) {
				t.Errorf("Explicit is %t", refusal.Explicit)
			}
		})
	}
}

// [D]: API reference, GetSessionToken and GetFederationToken (spec/sts.md section 4.4).
func TestWhatSessionsMayCall(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	alice := user(t, s, account, "alice", policy(t, everything))
	root := rootCaller(t, s, account)
	all := SessionOptions{Policies: []Policy{policy(t, everything)}}
	mfa := SessionOptions{MFATime: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)}
	dev := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, alice.ARN)}).ARN("aws")
	callers := []struct {
		name    string
		caller  Caller
		refused []string // of the actions below
	}{
		{"user", alice, nil},
		{"root", root, nil},
		{"user's session", own(t, s, alice, SessionOptions{}), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "iam:ListUsers"}},
		{"user's session with MFA", own(t, s, alice, mfa), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage"}},
		{"root's session", own(t, s, root, SessionOptions{}), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "iam:ListUsers"}},
		{"federated user", federate(t, s, alice, "bob", all), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "sts:AssumeRole", "iam:ListUsers"}},
		{"root's federated user", federate(t, s, root, "bob", all), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "sts:AssumeRole", "iam:ListUsers"}},
		{"federated user without policies", federate(t, s, alice, "bob", SessionOptions{}), []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "sts:AssumeRole", "iam:ListUsers", "eks:DescribeCluster"}},
		{"nobody", Caller{}, []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "sts:AssumeRole", "iam:ListUsers", "eks:DescribeCluster", "sts:GetCallerIdentity"}},
	}
	for _, tt := range callers {
		refused := map[string]bool{}
		for _, action := range tt.refused {
			refused[action] = true
		}
		for _, action := range []string{"sts:GetFederationToken", "STS:decodeauthorizationmessage", "sts:AssumeRole", "iam:ListUsers", "eks:DescribeCluster"} {
			err := s.Authorize(tt.caller, action, "*", RequestContext{}, nil)
			var denied *AccessDeniedError
			if errors.As(err, &denied) != refused[action] {
				t.Errorf("%s, %s: got %v", tt.name, action, err)
			}
		}
	}
	// [X] PassRole is asked for by EKS: it is no call of IAM.
	for _, c := range []Caller{own(t, s, alice, SessionOptions{}), federate(t, s, alice, "bob", all)} {
		checkDenied(t, s.Authorize(c, "iam:PassRole", dev, RequestContext{}, nil), "")
	}
	checkDenied(t, s.AuthorizeAssumeRole(own(t, s, alice, SessionOptions{}), dev, AssumeRoleContext{}), "")
	checkDenied(t, s.AuthorizeAssumeRole(federate(t, s, alice, "bob", all), dev, AssumeRoleContext{}), "federated users may call only GetCallerIdentity")
	checkDenied(t, s.AuthorizeAssumeRole(own(t, s, root, SessionOptions{}), dev, AssumeRoleContext{}), "root users may not assume roles")
}

// Authorize: identity policies and session policies, with conditions on the request.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	home := policy(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"arn:aws:sts::*:federated-user/${aws:username}-*"},
		{"Effect":"Allow","Action":"sts:TagSession","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]},"StringEquals":{"aws:RequestTag/team":"blue"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}`)
	alice := user(t, s, account, "alice", home)
	const mine, yours = "arn:aws:sts::111122223333:federated-user/alice-1", "arn:aws:sts::111122223333:federated-user/bob-1"
	inside := RequestContext{SourceIP: netip.MustParseAddr("203.0.113.9")}
	blue, red := inside, inside
	blue.Tags, red.Tags = []Tag{{"team", "blue", false}}, []Tag{{"team", "red", false}}
	for _, tt := range []struct {
		name, action, resource string
		request                RequestContext
		want                   string
	}{
		{"resource with the user's name", "sts:GetFederationToken", mine, inside, ""},
		{"resource with another name", "sts:GetFederationToken", yours, inside, "no identity policy of the caller allows it"},
		{"from elsewhere", "sts:GetFederationToken", mine, RequestContext{SourceIP: netip.MustParseAddr("198.51.100.1")}, "denies it explicitly"},
		{"from nowhere known", "sts:GetFederationToken", mine, RequestContext{}, "denies it explicitly"}, // absent: a negated operator holds
		{"the right tag", "sts:TagSession", mine, blue, ""},
		{"the wrong tag", "sts:TagSession", mine, red, "no identity policy"},
		{"another action", "sts:DecodeAuthorizationMessage", "*", inside, "no identity policy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkDenied(t, s.Authorize(alice, tt.action, tt.resource, tt.request, nil), tt.want)
		})
	}
	bob := federate(t, s, alice, "alice-1", SessionOptions{Policies: []Policy{policy(t, everything)}})
	checkDenied(t, s.Authorize(bob, "eks:DescribeCluster", "*", inside, nil), "no identity policy") // not more than alice may
}

// The keys of every request, and of sessions (IAM User Guide, reference_policies_condition-keys [D]).
func TestRequestKeys(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newStore(t, c)
	alice, root := user(t, s, account, "alice"), rootCaller(t, s, account)
	mfa := own(t, s, alice, SessionOptions{MFATime: c.now.Add(-90 * time.Second)})
	_, role := issue(t, s, devRole(t, s), "me", SessionOptions{FederatedProvider: "arn:aws:iam::111122223333:oidc-provider/x.example"})
	request := RequestContext{Region: "eu-west-1", SourceIP: netip.MustParseAddr("::ffff:203.0.113.9"), UserAgent: "aws-cli/2", Secure: true}
	for _, tt := range []struct {
		caller   Caller
		key      string
		want     string // "" if absent
		operator string
	}{
		{alice, "aws:CurrentTime", "2026-01-02T03:04:05Z", "DateEquals"},
		{alice, "aws:EpochTime", "1767323045", "NumericEquals"},
		{alice, "aws:EpochTime", "2026-01-02T03:04:05Z", "DateEquals"},
		{alice, "aws:SecureTransport", "true", "Bool"},
		{alice, "aws:RequestedRegion", "eu-west-1", "StringEquals"},
		{alice, "aws:SourceIp", "203.0.113.9", "IpAddress"},
		{alice, "aws:UserAgent", "aws-cli/2", "StringEquals"},
		{alice, "aws:PrincipalType", "User", "StringEquals"},
		{alice, "aws:TokenIssueTime", "", ""},
		{alice, "aws:MultiFactorAuthPresent", "", ""},
		{mfa, "aws:MultiFactorAuthPresent", "true", "Bool"},
		{mfa, "aws:MultiFactorAuthAge", "90", "NumericEquals"},
		{mfa, "aws:TokenIssueTime", "2026-01-02T03:04:05Z", "DateEquals"},
		{mfa, "aws:username", "alice", "StringEquals"},
		{role, "aws:MultiFactorAuthPresent", "false", "Bool"},
		{role, "aws:MultiFactorAuthAge", "", ""},
		{role, "aws:PrincipalType", "AssumedRole", "StringEquals"},
		{role, "aws:PrincipalArn", "arn:aws:iam::111122223333:role/team/dev", "ArnEquals"},
		{role, "aws:FederatedProvider", "arn:aws:iam::111122223333:oidc-provider/x.example", "ArnEquals"},
		{role, "aws:username", "", ""},
		{root, "aws:PrincipalType", "Account", "StringEquals"},
		{root, "aws:userid", account, "StringEquals"},
		{federate(t, s, alice, "bob", SessionOptions{}), "aws:PrincipalType", "FederatedUser", "StringEquals"},
		{federate(t, s, alice, "bob", SessionOptions{}), "aws:userid", account + ":bob", "StringEquals"},
		{federate(t, s, alice, "bob", SessionOptions{}), "aws:PrincipalArn", "arn:aws:sts::111122223333:federated-user/bob", "ArnEquals"},
	} {
		keys := s.requestKeys(request)
		s.read().setCaller(keys, tt.caller, s.now())
		operator, value := tt.operator, tt.want
		if tt.want == "" {
			operator, value = "Null", "true"
		}
		p := policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{%q:%q}}}}`, operator, tt.key, value)
		if !p.doc.statements[0].conditionsHold(keys) {
			t.Errorf("%s of a %s: got %q, want %q", tt.key, tt.caller.Type, keys.get(tt.key), tt.want)
		}
	}
}

// MFA in the request of AssumeRole itself, and before it in GetSessionToken [D].
func TestAssumeRoleWithMFA(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newStore(t, c)
	alice := user(t, s, account, "alice")
	guarded := putRole(t, s, Role{AccountID: account, Name: "guarded", TrustPolicy: policy(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole",
		"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}}}`, alice.ARN)}).ARN("aws")
	session := own(t, s, alice, SessionOptions{MFATime: c.now})
	const refused = "trust policy does not allow"
	checkDenied(t, s.AuthorizeAssumeRole(alice, guarded, AssumeRoleContext{}), refused)
	checkDenied(t, s.AuthorizeAssumeRole(alice, guarded, AssumeRoleContext{MFAAuthenticated: true}), "")
	checkDenied(t, s.AuthorizeAssumeRole(own(t, s, alice, SessionOptions{}), guarded, AssumeRoleContext{}), refused)
	checkDenied(t, s.AuthorizeAssumeRole(session, guarded, AssumeRoleContext{}), "")
	c.now = c.now.Add(299 * time.Second)
	checkDenied(t, s.AuthorizeAssumeRole(session, guarded, AssumeRoleContext{}), "")
	c.now = c.now.Add(time.Second)
	checkDenied(t, s.AuthorizeAssumeRole(session, guarded, AssumeRoleContext{}), refused)
	checkDenied(t, s.AuthorizeAssumeRole(session, guarded, AssumeRoleContext{MFAAuthenticated: true}), "")
}
