package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	householdUser   = "arn:aws:iam::111122223333:user/alice"
	householdRole   = "arn:aws:iam::111122223333:role/dev"
	householdPolicy = "arn:aws:iam::111122223333:policy/team/read"
	adminARN        = "arn:aws:iam::aws:policy/AdministratorAccess"
	householdIssuer = "arn:aws:iam::111122223333:oidc-provider/x.example"
)

// household is a store with one of everything.
func household(t testing.TB, c *clock, save func(Snapshot) error) *Store {
	t.Helper()
	s, err := NewStore(Options{Now: c.Now, Save: save})
	if err != nil {
		t.Fatal(err)
	}
	key, err := FixtureAccessKey(account, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(Snapshot{
		Policies:      []ManagedPolicy{{AccountID: account, Path: "/team/", Name: "read", Versions: []PolicyVersion{{Document: policy(t, everything)}}}},
		Users:         []User{{AccountID: account, Name: "alice", AccessKeys: []AccessKey{key}}},
		Roles:         []Role{{AccountID: account, Name: "dev", TrustPolicy: trusting(t, householdUser)}},
		OIDCProviders: []OIDCProvider{{AccountID: account, URL: "https://x.example"}},
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// Every change that the state of a store does not allow, and which error it is.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Store) error
		want   error
		text   string
	}{
		{"user exists in another case", func(s *Store) error {
			return second(s.CreateUser(User{AccountID: account, Path: "/x/", Name: "ALICE"}))
		}, ErrExists, "user ALICE: exists already"},
		{"user's name is none", func(s *Store) error { return second(s.CreateUser(User{AccountID: account, Name: "a b"})) }, nil, `name "a b" is not 1 to 64`},
		{"rename nobody", func(s *Store) error { return s.RenameUser("x", "", "y") }, ErrNotFound, "user x: does not exist"},
		{"rename to somebody", func(s *Store) error {
			putUser(t, s, User{AccountID: account, Name: "bob"})
			return s.RenameUser(householdUser, "", "BOB")
		}, ErrExists, "user BOB: exists already"},
		{"user with keys", func(s *Store) error { return s.DeleteUserIfBare(householdUser) }, ErrConflict, "user alice: is in use: it has access keys"},
		{"nobody", func(s *Store) error { return s.DeleteUserIfBare(householdRole) }, ErrNotFound, "user " + householdRole + ": does not exist"},
		{"role exists", func(s *Store) error {
			return second(s.CreateRole(Role{AccountID: account, Name: "Dev", TrustPolicy: trusting(t, account)}))
		}, ErrExists, "role Dev: exists already"},
		{"role trusts itself before it exists", func(s *Store) error {
			return second(s.CreateRole(Role{AccountID: account, Name: "own", TrustPolicy: trusting(t, "arn:aws:iam::111122223333:role/own")}))
		}, nil, "principal arn:aws:iam::111122223333:role/own does not exist"},
		{"role without a trust policy", func(s *Store) error { return second(s.CreateRole(Role{AccountID: account, Name: "none"})) }, nil, "trust policy: missing"},
		{"no such role", func(s *Store) error { return s.UpdateRole(householdUser, RoleUpdate{}) }, ErrNotFound, "role " + householdUser + ": does not exist"},
		{"no such role to delete", func(s *Store) error { return s.DeleteRoleIfBare("x") }, ErrNotFound, "role x: does not exist"},
		{"update to a principal that does not exist", func(s *Store) error {
			trust := trusting(t, "arn:aws:iam::111122223333:user/nobody")
			return s.UpdateRole(householdRole, RoleUpdate{TrustPolicy: &trust})
		}, nil, "user/nobody does not exist"},
		{"large trust policy", func(s *Store) error {
			trust := policy(t, `{"Statement":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},`, 40), ","))
			return s.UpdateRole(householdRole, RoleUpdate{TrustPolicy: &trust})
		}, ErrLimit, "role dev: there are as many as there may be: ACLSizePerRole: 2048"},
		{"policy exists", func(s *Store) error {
			return second(s.CreatePolicy(ManagedPolicy{AccountID: account, Name: "READ", Versions: []PolicyVersion{{Document: policy(t, everything)}}}))
		}, ErrExists, "policy READ: exists already"},
		{"policy without a document", func(s *Store) error { return second(s.CreatePolicy(ManagedPolicy{AccountID: account, Name: "p"})) }, nil, `has no version ""`},
		{"policy that is attached", func(s *Store) error {
			return errors.Join(s.AttachPolicy(householdRole, householdPolicy), s.DeletePolicy(householdPolicy))
		}, ErrConflict, "policy " + householdPolicy + ": is in use: users or roles have it"},
		{"policy with versions", func(s *Store) error {
			return errors.Join(second(s.CreatePolicyVersion(householdPolicy, policy(t, everything), false)), s.DeletePolicy(householdPolicy))
		}, ErrConflict, "it has other versions than the default one"},
		{"default version", func(s *Store) error { return s.DeletePolicyVersion(householdPolicy, "v1") }, ErrConflict, "policy version v1: is in use: it is the default version"},
		{"no such version", func(s *Store) error { return s.DeletePolicyVersion(householdPolicy, "v2") }, ErrNotFound, "policy version v2: does not exist"},
		{"no such version to set", func(s *Store) error { return s.SetDefaultPolicyVersion(householdPolicy, "v2") }, ErrNotFound, "policy version v2: does not exist"},
		{"no such policy", func(s *Store) error { return s.SetDefaultPolicyVersion(adminARN, "v1") }, ErrNotFound, "policy " + adminARN + ": does not exist"},
		{"six versions", func(s *Store) error {
			var errs []error
			for range 5 {
				errs = append(errs, second(s.CreatePolicyVersion(householdPolicy, policy(t, everything), true)))
			}
			return errors.Join(errs...)
		}, ErrLimit, "policy version " + householdPolicy + ": there are as many as there may be: versions of a policy: 5"},
		{"inline policy of nobody", func(s *Store) error {
			return s.PutInlinePolicy(householdPolicy, InlinePolicy{"x", policy(t, everything)})
		}, ErrNotFound, "does not exist"},
		{"large inline policies", func(s *Store) error {
			large := policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::%s"}}`, strings.Repeat("x", 1500))
			return errors.Join(s.PutInlinePolicy(householdUser, InlinePolicy{"a", large}), s.PutInlinePolicy(householdUser, InlinePolicy{"A", large}), s.PutInlinePolicy(householdUser, InlinePolicy{"b", large}))
		}, ErrLimit, "inline policy b: there are as many as there may be: user policy size: 2048"},
		{"inline policy with a principal", func(s *Store) error { return s.PutInlinePolicy(householdRole, InlinePolicy{"x", trusting(t, account)}) }, nil, "has a Principal"},
		{"no such inline policy", func(s *Store) error { return s.DeleteInlinePolicy(householdRole, "x") }, ErrNotFound, "inline policy x: does not exist"},
		{"attach nothing", func(s *Store) error { return s.AttachPolicy(householdRole, "arn:aws:iam::111122223333:policy/read") }, ErrNotFound, "policy arn:aws:iam::111122223333:policy/read: does not exist"},
		{"attach another account's", func(s *Store) error {
			p, err := s.CreatePolicy(ManagedPolicy{AccountID: other, Name: "p", Versions: []PolicyVersion{{Document: policy(t, everything)}}})
			return errors.Join(err, s.AttachPolicy(householdRole, p.ARN("aws")))
		}, ErrNotFound, "policy arn:aws:iam::444455556666:policy/p: does not exist"},
		{"attach what has no form of AWS's", func(s *Store) error {
			return s.AttachPolicy(householdRole, "arn:aws-cn:iam::aws:policy/AdministratorAccess")
		}, ErrNotFound, "does not exist"},
		{"attach eleven", func(s *Store) error {
			var errs []error
			for i := range 11 {
				errs = append(errs, s.AttachPolicy(householdRole, fmt.Sprintf("arn:aws:iam::aws:policy/service-role/P%d", i)))
			}
			return errors.Join(errs...)
		}, ErrLimit, "attached policy arn:aws:iam::aws:policy/service-role/P10: there are as many as there may be: PoliciesPerRole: 10"},
		{"detach what is not attached", func(s *Store) error { return s.DetachPolicy(householdUser, householdPolicy) }, ErrNotFound, "attached policy " + householdPolicy + ": does not exist"},
		{"third key", func(s *Store) error {
			a, _ := FixtureAccessKey(account, "a")
			b, _ := FixtureAccessKey(account, "b")
			return errors.Join(second(s.CreateAccessKey(householdUser, a)), second(s.CreateAccessKey(householdUser, b)))
		}, ErrLimit, "access key alice: there are as many as there may be: AccessKeysPerUser: 2"},
		{"no such key", func(s *Store) error { return s.SetAccessKey(householdUser, "AKIAIOSFODNN7EXAMPLE", true) }, ErrNotFound, "access key AKIAIOSFODNN7EXAMPLE: does not exist"},
		{"no such key to delete", func(s *Store) error { return s.DeleteAccessKey(householdUser, "AKIAIOSFODNN7EXAMPLE") }, ErrNotFound, "access key AKIAIOSFODNN7EXAMPLE: does not exist"},
		{"no such device", func(s *Store) error { return s.DeleteMFADevice(householdUser, "x") }, ErrNotFound, "MFA device x: does not exist"},
		{"tags of nothing", func(s *Store) error { return s.Tag(householdIssuer+"/x", nil) }, ErrNotFound, "OIDC provider " + householdIssuer + "/x: does not exist"},
		{"tag twice", func(s *Store) error { return s.Tag(householdRole, []EntityTag{{"a", "1"}, {"A", "2"}}) }, nil, `tag "A": is there twice`},
		{"reserved tag", func(s *Store) error { return s.Tag(householdPolicy, []EntityTag{{"aws:x", "1"}}) }, nil, `tag "aws:x": begins with "aws:", which is reserved`},
		{"51 tags", func(s *Store) error {
			var tags []EntityTag
			for i := range 51 {
				tags = append(tags, EntityTag{fmt.Sprint(i), ""})
			}
			return errors.Join(s.Tag(householdIssuer, tags[:50]), s.Tag(householdIssuer, tags[50:]))
		}, ErrLimit, "tag 50: there are as many as there may be: tags: 50"},
		{"provider exists", func(s *Store) error {
			return s.CreateOIDCProvider(OIDCProvider{AccountID: account, URL: "https://x.example"})
		}, ErrExists, "OIDC provider https://x.example: exists already"},
		{"101 audiences", func(s *Store) error {
			var errs []error
			for i := range 101 {
				errs = append(errs, s.AddClientID(householdIssuer, fmt.Sprint(i)))
			}
			return errors.Join(errs...)
		}, ErrLimit, "OIDC provider " + householdIssuer + ": there are as many as there may be: ClientIdsPerOpenIdConnectProvider: 100"},
		{"thumbprint that is none", func(s *Store) error { return s.SetThumbprints(householdIssuer, []string{"x"}) }, nil, `thumbprint "x" is not 40`},
		{"no such provider", func(s *Store) error { return s.RemoveClientID("x", "y") }, ErrNotFound, "OIDC provider x: does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.change(household(t, newClock(), nil))
			var entity *EntityError
			var problems Problems
			switch {
			case err == nil || !strings.Contains(err.Error(), tt.text):
				t.Errorf("got %v, want %q", err, tt.text)
			case tt.want == nil && !errors.As(err, &problems):
				t.Errorf("got %v, want Problems", err)
			case tt.want != nil && (!errors.Is(err, tt.want) || !errors.As(err, &entity)):
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A renamed user is the same one: to its keys, and to roles that trust it.
func TestRenameUser(t *testing.T) {
	t.Parallel()
	s := household(t, newClock(), nil)
	before, err := s.User(householdUser)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RenameUser(householdUser, "/x/", "alicia"); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::111122223333:user/x/alicia"
	_, caller, err := s.Credential(before.AccessKeys[0].ID, "")
	if err != nil || caller.ARN != arn || caller.UserID != before.UniqueID {
		t.Errorf("the key is of %+v, %v", caller, err)
	}
	checkDenied(t, s.AuthorizeAssumeRole(caller, householdRole, AssumeRoleContext{}), "")
	if role, err := s.RoleNamed(account, "DEV"); err != nil || !strings.Contains(role.TrustPolicy.Text(), arn) {
		t.Errorf("the role trusts %s, %v", role.TrustPolicy.Text(), err)
	}
	if _, err := s.UserNamed(account, "alice"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the old name: got %v", err)
	}
	next, err := s.CreateUser(User{AccountID: account, Name: "alice"})
	if err != nil || next.UniqueID == before.UniqueID {
		t.Errorf("the next of that name is %+v, %v", next, err)
	}
	if err := s.RenameUser(arn, "/y/", ""); err != nil {
		t.Error(err)
	}
	if u, err := s.UserNamed(account, "Alicia"); err != nil || u.ARN("aws") != "arn:aws:iam::111122223333:user/y/alicia" || !u.CreateDate.Equal(before.CreateDate) {
		t.Errorf("got %+v, %v", u, err)
	}
}

// What IAM deletes is dead at once: keys, and sessions of what had them [D] (issue: "Deleting a principal deactivates
// its keys and sessions at once").
func TestDeletedPrincipalsAreDead(t *testing.T) {
	t.Parallel()
	s := household(t, newClock(), nil)
	alice, err := s.User(householdUser)
	if err != nil {
		t.Fatal(err)
	}
	key := alice.AccessKeys[0].ID
	session, _, err := s.IssueRoleSession(householdRole, "me", SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		change func() error
		want   error // of alice's key
	}{
		{func() error { return s.SetAccessKey(householdUser, key, true) }, ErrInactiveAccessKey},
		{func() error { return s.SetAccessKey(householdUser, key, false) }, nil},
		{func() error { return s.DeleteAccessKey(householdUser, key) }, ErrUnknownAccessKey},
		{func() error { return second(s.CreateAccessKey(householdUser, alice.AccessKeys[0])) }, nil},
		{func() error {
			return errors.Join(s.DeleteAccessKey(householdUser, key), s.DeleteUserIfBare(householdUser))
		}, ErrUnknownAccessKey},
		{func() error { return s.DeleteRoleIfBare(householdRole) }, ErrUnknownAccessKey},
	}
	for i, step := range steps {
		if err := step.change(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if _, _, err := s.Credential(key, ""); !errors.Is(err, step.want) {
			t.Errorf("step %d: the key: got %v, want %v", i, err, step.want)
		}
	}
	if _, _, err := s.Credential(session.AccessKeyID, session.SessionToken); !errors.Is(err, ErrDeletedPrincipal) {
		t.Errorf("the session: got %v", err)
	}
}

// Versions of a policy: the newest number is never used twice, and what counts is the default one.
func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := household(t, c, nil)
	c.now = c.now.Add(time.Hour)
	none := policy(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	v2, err := s.CreatePolicyVersion(householdPolicy, none, false)
	if err != nil || v2.ID != "v2" || !v2.CreateDate.Equal(c.now.Truncate(time.Second)) {
		t.Fatalf("got %+v, %v", v2, err)
	}
	document, known := s.PolicyDocument(householdPolicy)
	if !known || document.Text() != everything {
		t.Errorf("the default is %s", document.Text())
	}
	for _, err := range []error{s.SetDefaultPolicyVersion(householdPolicy, "v2"), s.DeletePolicyVersion(householdPolicy, "v1"), s.SetDefaultPolicyVersion(householdPolicy, "v2")} {
		if err != nil {
			t.Error(err)
		}
	}
	v3, err := s.CreatePolicyVersion(householdPolicy, policy(t, everything), true)
	if err != nil || v3.ID != "v3" {
		t.Fatalf("got %+v, %v", v3, err)
	}
	if err := errors.Join(s.SetDefaultPolicyVersion(householdPolicy, "v2"), s.DeletePolicyVersion(householdPolicy, "v3")); err != nil {
		t.Fatal(err)
	}
	next := newStore(t, c)
	if err := next.Load(roundTrip(t, s.Snapshot())); err != nil {
		t.Fatal(err)
	}
	v4, err := next.CreatePolicyVersion(householdPolicy, none, false)
	p, _ := next.Policy(householdPolicy)
	if err != nil || v4.ID != "v4" || !p.CreateDate.Equal(newClock().now.Truncate(time.Second)) || !p.UpdateDate().Equal(v4.CreateDate) || p.UniqueID[:4] != "ANPA" {
		t.Errorf("got %+v of %+v, %v", v4, p, err)
	}
	if err := errors.Join(next.DeletePolicyVersion(householdPolicy, "v4"), next.DeletePolicy(householdPolicy)); err != nil {
		t.Error(err)
	}
	if again, err := next.CreatePolicy(ManagedPolicy{AccountID: account, Path: "/team/", Name: "read", Versions: []PolicyVersion{{Document: none}}}); err != nil || again.UniqueID == p.UniqueID {
		t.Errorf("a recreated policy is %+v, %v", again, err)
	}
	if len(next.Policies()) != 1 {
		t.Error("there are other policies")
	}
}

// AWS's policies may be attached, whatever they are called, and grant what is known of them.
func TestAWSPolicies(t *testing.T) {
	t.Parallel()
	s := household(t, newClock(), nil)
	const unknown = "arn:aws:iam::aws:policy/service-role/AmazonEKSThing"
	for _, arn := range []string{unknown, adminARN, adminARN, "arn:aws:iam::aws:policy/IAMReadOnlyAccess", "arn:aws:iam::aws:policy/IAMFullAccess"} {
		if err := s.AttachPolicy(householdRole, arn); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
		p, err := s.Policy(arn)
		_, known := s.PolicyDocument(arn)
		if err != nil || p.ARN("aws") != arn || known != (arn != unknown) || known != (len(p.Versions) == 1) {
			t.Errorf("%s is %+v, %v", arn, p, err)
		}
	}
	if role, _ := s.Role(householdRole); len(role.AttachedPolicies) != 4 {
		t.Errorf("attached: %v", role.AttachedPolicies)
	}
	if users, roles := s.AttachedTo(adminARN, account); len(users) != 0 || len(roles) != 1 || roles[0].Name != "dev" {
		t.Errorf("attached to %v, %v", users, roles)
	}
	for _, arn := range []string{"arn:aws:iam::aws:policy/", "arn:aws:iam::aws:policy/a b", "arn:aws:iam::aws:role/x", "arn:aws:iam:us-east-1:aws:policy/x", "x"} {
		if _, err := s.Policy(arn); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v", arn, err)
		}
	}
}

// Inline and managed policies decide together, for AssumeRole and everything else, and tags are condition keys.
func TestPoliciesOfEveryKindDecide(t *testing.T) {
	t.Parallel()
	s := household(t, newClock(), nil)
	alice, err := s.User(householdUser)
	if err != nil {
		t.Fatal(err)
	}
	_, caller, err := s.Credential(alice.AccessKeys[0].ID, "")
	if err != nil {
		t.Fatal(err)
	}
	const resource = "arn:aws:eks:us-west-2:111122223333:cluster/demo"
	target := putRole(t, s, Role{AccountID: account, Name: "target", TrustPolicy: trusting(t, account), Tags: []EntityTag{{"team", "blue"}}}).ARN("aws")
	ask := func(wantAllowed bool, reason string) {
		t.Helper()
		for _, err := range []error{
			s.Authorize(caller, "eks:DescribeCluster", resource, RequestContext{}, map[string][]string{"eks:x": {"1"}}),
			s.AuthorizeAssumeRole(caller, target, AssumeRoleContext{}),
		} {
			var denied *AccessDeniedError
			if (err == nil) != wantAllowed || err != nil && (!errors.As(err, &denied) || !strings.Contains(denied.Reason, reason)) {
				t.Errorf("got %v, want allowed %t, %q", err, wantAllowed, reason)
			}
		}
	}
	do := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	const unknown = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	ask(false, "no identity policy of the caller allows it")
	do(s.AttachPolicy(householdUser, unknown))
	ask(false, "what "+unknown+" would allow is not known here")
	do(s.AttachPolicy(householdUser, adminARN))
	ask(true, "")
	do(s.DetachPolicy(householdUser, adminARN), s.AttachPolicy(householdUser, householdPolicy))
	ask(true, "")
	do(s.PutInlinePolicy(householdUser, InlinePolicy{"deny", policy(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)}))
	ask(false, "denies it explicitly")
	tagged := policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"blue"},"StringEqualsIfExists":{"eks:x":"1","iam:ResourceTag/team":"blue","aws:ResourceTag/team":"blue"}}}}`)
	do(s.DetachPolicy(householdUser, householdPolicy), s.PutInlinePolicy(householdUser, InlinePolicy{"DENY", tagged}))
	ask(false, "no identity policy")
	do(s.Tag(householdUser, []EntityTag{{"team", "red"}, {"x", ""}}), s.Tag(householdUser, []EntityTag{{"TEAM", "blue"}}))
	ask(true, "")
	do(s.Untag(householdUser, []string{"team", "nothing"}))
	ask(false, "no identity policy")
	if u, _ := s.User(householdUser); len(u.Tags) != 1 || len(u.Policies) != 1 {
		t.Errorf("alice has %+v", u)
	}
}

// AWS's words for who may not do something, with their sources at [AccessDeniedError.Message].
func TestAccessDeniedMessage(t *testing.T) {
	t.Parallel()
	const text = "User: arn:u is not authorized to perform: iam:GetRole on resource: role dev"
	for _, tt := range []struct {
		source string
		is     AccessDeniedError
		want   string
	}{
		{"[M] aws-cdk#27067", AccessDeniedError{}, " because no identity-based policy allows the iam:GetRole action"},
		{"[M] terraform-aws-eks#2517", AccessDeniedError{Explicit: true}, " with an explicit deny in an identity-based policy"},
		{"[D] troubleshoot_access-denied", AccessDeniedError{Session: true}, " because no session policy allows the iam:GetRole action"},
		{"[D] same", AccessDeniedError{Session: true, Explicit: true}, " with an explicit deny in a session policy"},
		{"[X]", AccessDeniedError{Kind: true}, ""},
		{"[X]", AccessDeniedError{Root: true}, ""},
	} {
		tt.is.Principal, tt.is.Action, tt.is.Resource = "arn:u", "iam:GetRole", "role dev"
		if got := tt.is.Message(); got != text+tt.want {
			t.Errorf("%s: got %q", tt.source, got)
		}
	}
	s := household(t, newClock(), nil)
	credentials, _ := issue(t, s, householdRole, "me", SessionOptions{Policies: []Policy{policy(t, `{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:Delete*","Resource":"*"}]}`)}})
	_, caller, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{
		"iam:GetRole": "no identity-based policy allows", "iam:DeleteRole": "explicit deny in a session policy", "eks:ListClusters": "no session policy allows",
	} {
		var denied *AccessDeniedError
		if err := s.Authorize(caller, action, "*", RequestContext{}, nil); !errors.As(err, &denied) || !strings.Contains(denied.Message(), want) {
			t.Errorf("%s: got %v", action, err)
		}
	}
}

// A state that could not be saved is no state: nothing of the change is seen, and the next one starts from before.
func TestSaveRefuses(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	var broken error
	var saved Snapshot
	s := household(t, newClock(), func(snapshot Snapshot) error {
		if broken == nil {
			saved = snapshot
		}
		return broken
	})
	text := func(snapshot Snapshot) string {
		data, err := json.Marshal(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	before := text(s.Snapshot())
	if text(saved) != before {
		t.Errorf("saved %s", text(saved))
	}
	broken = full
	alice, _ := s.User(householdUser)
	for name, change := range map[string]func() error{
		"load":   func() error { return s.Load(Snapshot{Users: []User{{AccountID: account, Name: "bob"}}}) },
		"create": func() error { return second(s.CreateUser(User{AccountID: account, Name: "bob"})) },
		"rename": func() error { return s.RenameUser(householdUser, "", "bob") },
		"delete": func() error { return s.DeleteUser(householdUser) },
		"key":    func() error { return s.DeleteAccessKey(householdUser, alice.AccessKeys[0].ID) },
		"tag":    func() error { return s.Tag(householdRole, []EntityTag{{"a", "b"}}) },
		"policy": func() error { return second(s.CreatePolicyVersion(householdPolicy, policy(t, everything), true)) },
		"role":   func() error { return s.UpdateRole(householdRole, RoleUpdate{Description: new(string)}) },
		"oidc":   func() error { return s.AddClientID(householdIssuer, "x") },
	} {
		if err := change(); !errors.Is(err, full) || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: got %v", name, err)
		}
		if after := text(s.Snapshot()); after != before {
			t.Errorf("%s: (-before +after)\n%s", name, cmp.Diff(before, after))
		}
	}
	if _, _, err := s.Credential(alice.AccessKeys[0].ID, ""); err != nil {
		t.Errorf("alice's key: %v", err)
	}
	broken = nil
	if err := s.Tag(householdRole, []EntityTag{{"a", "b"}}); err != nil || text(saved) == before || text(saved) != text(s.Snapshot()) {
		t.Errorf("afterwards: %v", err)
	}
}

// Snapshots from before policies had names, and everything had dates, are read.
func TestOldSnapshot(t *testing.T) {
	t.Parallel()
	var old Snapshot
	if err := json.Unmarshal([]byte(`{"users":[{"accountId":"111122223333","path":"/","name":"alice","uniqueId":"AIDAIOSFODNN7EXAMPLE1",
		"accessKeys":[{"id":"AKIAIOSFODNN7EXAMPLE","secret":"s"}],"policies":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]},
		{"name":"policy-3","document":{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}},{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}]}]}`), &old); err != nil {
		t.Fatal(err)
	}
	s := newStore(t, newClock())
	if err := s.Load(old); err != nil {
		t.Fatal(err)
	}
	u, err := s.User(householdUser)
	var names []string
	for _, p := range u.Policies {
		names = append(names, p.Name)
	}
	now := newClock().now.Truncate(time.Second)
	if err != nil || !slices.Equal(names, []string{"policy-1", "policy-3", "policy-4"}) || !u.CreateDate.Equal(now) || !u.AccessKeys[0].CreateDate.Equal(now) {
		t.Errorf("got %+v, %v", u, err)
	}
	if err := json.Unmarshal([]byte(`{"name":1}`), &InlinePolicy{}); err == nil {
		t.Error("a policy with a number for a name is read")
	}
}
