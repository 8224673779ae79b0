package iam

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// comparePolicies compares policies by their text.
func comparePolicies(a, b Policy) bool {
	x, _ := a.normal()
	y, _ := b.normal()
	return string(x) == string(y)
}

// rootCaller is the root user of an account, with a fixture key.
func rootCaller(t testing.TB, s *Store, accountID string) Caller {
	t.Helper()
	key, err := FixtureAccessKey(accountID, "root")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutAccount(Account{ID: accountID, AccessKeys: []AccessKey{key}}); err != nil {
		t.Fatal(err)
	}
	_, root, err := s.Credential(key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// checkSessionOpens compares a session as issued and as another store opens it from its token.
func checkSessionOpens(t *testing.T, replica *Store, credentials Credentials, issued, want Caller) {
	t.Helper()
	want.AccessKeyID, want.Temporary = credentials.AccessKeyID, true
	want.IssuedAt, want.Expiration = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), credentials.Expiration
	same := cmp.Options{cmp.Comparer(comparePolicies), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, issued, same); diff != "" {
		t.Errorf("issued (-want +got):\n%s", diff)
	}
	secret, opened, err := replica.Credential(credentials.AccessKeyID, credentials.SessionToken)
	if err != nil || secret != credentials.SecretAccessKey {
		t.Fatalf("the replica's secret differs, or %v", err)
	}
	if diff := cmp.Diff(want, opened, same); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

// GetSessionToken: the session is the user's own [R] (spec/sts.md sections 4.1 and 4.4).
func TestUserSession(t *testing.T) {
	t.Parallel()
	s, replica := newStore(t, newClock()), newStore(t, newClock())
	alice := user(t, s, account, "alice")
	user(t, replica, account, "alice")
	at := time.Date(2026, 1, 2, 3, 4, 1, 0, time.UTC)
	credentials, issued, err := s.IssueUserSession(alice, SessionOptions{
		Duration: 36 * time.Hour, MFATime: at, SourceIdentity: "not of this kind", Tags: []Tag{{"a", "b", true}}, FederatedProvider: "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := credentials.Expiration.Sub(issued.IssuedAt); got != 36*time.Hour {
		t.Errorf("lasts %s", got)
	}
	want := alice
	want.MFA, want.MFATime = true, at
	checkSessionOpens(t, replica, credentials, issued, want)
	// By default 12 hours [D], and without MFA.
	credentials, issued, err = s.IssueUserSession(alice, SessionOptions{})
	if err != nil || credentials.Expiration.Sub(issued.IssuedAt) != 12*time.Hour {
		t.Errorf("by default until %s, %v", credentials.Expiration, err)
	}
	checkSessionOpens(t, replica, credentials, issued, alice)
}

// Root users get an hour at most [D] (spec/sts.md section 4.2).
func TestRootSession(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	root := rootCaller(t, s, account)
	for asked, want := range map[time.Duration]time.Duration{0: time.Hour, 36 * time.Hour: time.Hour, 15 * time.Minute: 15 * time.Minute} {
		credentials, issued, err := s.IssueUserSession(root, SessionOptions{Duration: asked})
		if err != nil {
			t.Fatal(err)
		}
		if got := credentials.Expiration.Sub(issued.IssuedAt); got != want {
			t.Errorf("asked for %s: lasts %s, want %s", asked, got, want)
		}
		checkSessionOpens(t, newStore(t, newClock()), credentials, issued, root)
	}
	credentials, issued, err := s.IssueFederatedSession(root, "bob", SessionOptions{})
	if err != nil || issued.ARN != "arn:aws:sts::111122223333:federated-user/bob" || credentials.Expiration.Sub(issued.IssuedAt) != time.Hour {
		t.Errorf("federated user: %+v, %v", issued, err)
	}
}

// GetFederationToken: ARN and user ID are recorded [R] (spec/sts.md section 4.1).
func TestFederatedSession(t *testing.T) {
	t.Parallel()
	s, replica := newStore(t, newClock()), newStore(t, newClock())
	alice := user(t, s, account, "alice")
	user(t, replica, account, "alice")
	all := policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	tags := []Tag{{"team", "blue", false}}
	credentials, issued, err := s.IssueFederatedSession(alice, "bob", SessionOptions{Policies: []Policy{all, all}, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	checkSessionOpens(t, replica, credentials, issued, Caller{
		Type: CallerFederatedUser, AccountID: account, ARN: "arn:aws:sts::111122223333:federated-user/bob", UserID: "111122223333:bob",
		PrincipalARN: alice.ARN, PrincipalID: alice.UserID, SessionName: "bob", SessionPolicies: []Policy{all, all}, Tags: tags,
	})
}

func TestIssueRefusals(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	alice := user(t, s, account, "alice")
	_, temporary, err := s.IssueUserSession(alice, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dev := devRole(t, s)
	for want, try := range map[string]func() error{
		"session credentials":                             func() error { return third(s.IssueUserSession(temporary, SessionOptions{})) },
		"and long-term ones are needed":                   func() error { return third(s.IssueFederatedSession(temporary, "bob", SessionOptions{})) },
		"duration: 14m0s is not between 15m0s and 36h0m0": func() error { return third(s.IssueUserSession(alice, SessionOptions{Duration: 14 * time.Minute})) },
		"duration: 37h0m0s is not between": func() error {
			return third(s.IssueFederatedSession(alice, "bob", SessionOptions{Duration: 37 * time.Hour}))
		},
		`session name: "b" is not 2 to 32 letters`: func() error { return third(s.IssueFederatedSession(alice, "b", SessionOptions{})) },
		"is not 2 to 32": func() error {
			return third(s.IssueFederatedSession(alice, strings.Repeat("b", 33), SessionOptions{}))
		},
		"minimum token size: 4097 is not between 0 and 4096": func() error {
			return third(s.IssueRoleSession(dev, "me", SessionOptions{MinimumTokenSize: 4097}))
		},
		`tag "": has no key`: func() error { return third(s.IssueRoleSession(dev, "me", SessionOptions{Tags: []Tag{{Value: "x"}}})) },
		`tag "TEAM": is there twice: keys do not distinguish case`: func() error {
			return third(s.IssueRoleSession(dev, "me", SessionOptions{Tags: []Tag{{Key: "team"}, {Key: "TEAM", Transitive: true}}}))
		},
		`tag "AWS:x": begins with "aws:"`: func() error { // [D] id_tags
			return third(s.IssueFederatedSession(alice, "bob", SessionOptions{Tags: []Tag{{Key: "AWS:x"}}}))
		},
		"session policy 1: Statement[0]: has a Principal; session policy 1: Statement[0]: has no Resource; session policy 2: empty": func() error {
			return third(s.IssueRoleSession(dev, "me", SessionOptions{Policies: []Policy{trusting(t, account), {}}}))
		},
	} {
		err := try()
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), ": the principal of an identity policy is who has it", ""), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if err := s.DeleteUser(alice.ARN); err != nil {
		t.Fatal(err)
	}
	if err := third(s.IssueUserSession(alice, SessionOptions{})); !errors.Is(err, ErrNotFound) {
		t.Errorf("of a user that is gone: %v", err)
	}
}

// Sessions end with their user; one of the same name is another (unique IDs, spec/sts.md section 4.1).
func TestSessionsOfDeletedUser(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	alice := user(t, s, account, "alice")
	own, _, err := s.IssueUserSession(alice, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	federated, _, err := s.IssueFederatedSession(alice, "bob", SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for _, credentials := range []Credentials{own, federated} {
			if secret, caller, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken); !errors.Is(err, ErrDeletedPrincipal) || secret != "" || caller.ARN != "" {
				t.Errorf("%s: got %v", when, err)
			}
		}
	}
	if err := s.DeleteUser(alice.ARN); err != nil {
		t.Fatal(err)
	}
	check("deleted")
	user(t, s, account, "alice")
	check("recreated")
}
