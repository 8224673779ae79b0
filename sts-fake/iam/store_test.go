package iam

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPutUserAndRole(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	u := putUser(t, s, User{AccountID: account, Path: "/team/", Name: "alice"})
	if u.ARN("aws") != "arn:aws:iam::111122223333:user/team/alice" || !strings.HasPrefix(u.UniqueID, "AIDA") {
		t.Errorf("got %s with %s", u.ARN("aws"), u.UniqueID)
	}
	r := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, u.ARN("aws"))})
	if r.Path != "/" || r.MaxSessionDuration != time.Hour || !strings.HasPrefix(r.UniqueID, "AROA") {
		t.Errorf("defaults are not filled in: %+v", r)
	}
	again := putUser(t, s, User{AccountID: account, Path: "/team/", Name: "alice", Policies: []InlinePolicy{
		{Document: policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)},
	}})
	if again.UniqueID != u.UniqueID || len(again.Policies) != 1 || len(s.Users()) != 1 || len(s.Roles()) != 1 {
		t.Errorf("a changed user is not the same user: %+v", again)
	}
	if fresh := putUser(t, newStore(t, newClock()), User{AccountID: account, Path: "/team/", Name: "alice"}); fresh.UniqueID != u.UniqueID {
		t.Error("two stores give the same user different IDs")
	}
	for _, err := range []error{
		s.DeleteUser(r.ARN("aws")), s.DeleteRole(u.ARN("aws")), s.DeleteUser("arn:aws:iam::111122223333:user/alice"),
		second(s.User("x")), second(s.Role("x")),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestRecreatedPrincipalIsAnother(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	first := putUser(t, s, User{AccountID: account, Name: "alice"})
	role := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, first.ARN("aws"))})
	if err := s.DeleteUser(first.ARN("aws")); err != nil {
		t.Fatal(err)
	}
	shown, err := s.Role(role.ARN("aws"))
	if err != nil {
		t.Fatal(err)
	}
	if text := shown.TrustPolicy.Text(); !strings.Contains(text, `"AWS":"`+first.UniqueID+`"`) {
		t.Errorf("the policy does not show the deleted user's ID: %s", text)
	}
	saved := roundTrip(t, s.Snapshot())

	next := newStore(t, newClock())
	if err := next.Load(saved); err != nil {
		t.Fatal(err)
	}
	for _, store := range []*Store{s, next} { // in place, and after a restart
		caller := user(t, store, account, "alice")
		if caller.PrincipalID == first.UniqueID {
			t.Error("a recreated user has its predecessor's ID")
		}
		var denied *AccessDeniedError
		if err := store.AuthorizeAssumeRole(caller, role.ARN("aws"), AssumeRoleContext{}); !errors.As(err, &denied) {
			t.Errorf("a recreated user is trusted: %v", err)
		}
		// Saving the policy again with the ARN trusts the new user.
		putRole(t, store, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, first.ARN("aws"))})
		if err := store.AuthorizeAssumeRole(caller, role.ARN("aws"), AssumeRoleContext{}); err != nil {
			t.Errorf("a saved policy does not trust the new user: %v", err)
		}
	}
}

func roundTrip(t *testing.T, in Snapshot) (out Snapshot) {
	t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSnapshotKeepsEverything(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	key, err := FixtureAccessKey(other, "root")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutAccount(Account{ID: other, AccessKeys: []AccessKey{key}}); err != nil {
		t.Fatal(err)
	}
	caller := user(t, s, account, "alice")
	// Two roles that trust each other, and one itself: in any order, because Load resolves at the end.
	a, b := RoleARN("aws", account, "/x/", "a"), RoleARN("aws", account, "/", "b")
	both := policy(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":[%q,%q]},"Action":"sts:AssumeRole"}}`, a, b)
	if err := s.Load(Snapshot{Roles: []Role{
		{AccountID: account, Path: "/x/", Name: "a", TrustPolicy: both, MaxSessionDuration: 2 * time.Hour},
		{AccountID: account, Name: "b", TrustPolicy: both},
	}}); err != nil {
		t.Fatal(err)
	}
	next := newStore(t, newClock())
	if err := next.Load(roundTrip(t, s.Snapshot())); err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(s.Snapshot())
	got, _ := json.Marshal(next.Snapshot())
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, again, err := next.Credential(caller.AccessKeyID, ""); err != nil || again.UserID != caller.UserID {
		t.Errorf("alice's key gives %+v, %v", again, err)
	}
	if _, root, err := next.Credential(key.ID, ""); err != nil || root.Type != CallerRoot || root.UserID != other || root.ARN != "arn:aws:iam::444455556666:root" {
		t.Errorf("the root key gives %+v, %v", root, err)
	}
}

func TestLoadRefusesEverythingOrNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	existing := user(t, s, account, "taken")
	identity := policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	err := s.Load(Snapshot{
		Accounts: []Account{{ID: "1"}},
		Users: []User{
			{AccountID: account, Name: "good"},
			{AccountID: account, Name: "bad name", Path: "x"},
			{AccountID: account, Path: "/other/", Name: "TAKEN"},
			{AccountID: account, Name: "keys", AccessKeys: []AccessKey{{ID: existing.AccessKeyID, Secret: "s"}}},
			{AccountID: account, Name: "badkeys", AccessKeys: []AccessKey{{ID: "short", Secret: "s"}, {ID: "ASIAIOSFODNN7EXAMPLE"}}},
			{AccountID: account, Name: "trusty", Policies: []InlinePolicy{{Document: trusting(t, account)}, {}}},
			{AccountID: account, Name: "id", UniqueID: "AROAIOSFODNN7EXAMPLE1"},
			{AccountID: account, Name: "thief", UniqueID: existing.UserID},
		},
		Roles: []Role{
			{AccountID: account, Name: "long", MaxSessionDuration: 13 * time.Hour},
			{AccountID: account, Name: "identity", TrustPolicy: identity},
			{AccountID: account, Name: "ghost", TrustPolicy: trusting(t, "arn:aws:iam::111122223333:user/nobody")},
		},
	})
	const arn = "arn:aws:iam::111122223333:"
	want := []string{
		`account 1: account ID "1" is not 12 digits`,
		`user ` + arn + `userxbad name: name "bad name" is not 1 to 64 letters, digits or _+=,.@-`,
		`user ` + arn + `userxbad name: path "x" is not / or /…/ in at most 512 visible ASCII characters`,
		`user ` + arn + `user/other/TAKEN: the name is taken by ` + arn + `user/taken: names are unique in an account whatever their path and case`,
		`user ` + arn + `user/keys: the access key ID ` + existing.AccessKeyID + ` is taken by ` + arn + `user/taken`,
		`user ` + arn + `user/badkeys: access key "short": an access key ID is 16 to 128 of A-Z0-9`,
		`user ` + arn + `user/badkeys: access key "ASIAIOSFODNN7EXAMPLE": IDs with ASIA belong to sessions: use AKIA`,
		`user ` + arn + `user/badkeys: access key "ASIAIOSFODNN7EXAMPLE": has no secret`,
		`user ` + arn + `user/trusty: policy 1: Statement[0]: has a Principal: the principal of an identity policy is who has it`,
		`user ` + arn + `user/trusty: policy 1: Statement[0]: has no Resource`,
		`user ` + arn + `user/trusty: policy 2: empty`,
		`user ` + arn + `user/id: unique ID "AROAIOSFODNN7EXAMPLE1" is not AIDA and 17 of A-Z0-9`,
		`user ` + arn + `user/thief: the unique ID ` + existing.UserID + ` is taken by ` + arn + `user/taken`,
		`role ` + arn + `role/long: MaxSessionDuration 13h0m0s is not between 1h and 12h`,
		`role ` + arn + `role/long: trust policy: missing: a role needs one that says who may assume it`,
		`role ` + arn + `role/identity: trust policy: Statement[0]: has no Principal: a trust policy names who may assume the role`,
		`role ` + arn + `role/identity: trust policy: Statement[0]: has a Resource: the resource of a trust policy is its role`,
		`role ` + arn + `role/ghost: trust policy: principal ` + arn + `user/nobody does not exist: create it first, or trust its account`,
	}
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(s.Users()) != 1 || len(s.Roles()) != 0 {
		t.Error("a part of a refused snapshot was applied")
	}
	if _, err := s.PutUser(User{AccountID: account, Name: "taken", UniqueID: "AIDAIOSFODNN7EXAMPLE1"}); err == nil {
		t.Error("a user's unique ID can be changed")
	}
}

// Roles trust nobody of another partition: they share no accounts [D] (IAM User Guide, reference-arns).
func TestPrincipalsOfOtherPartitions(t *testing.T) {
	t.Parallel()
	s, err := NewStore(Options{Partition: "aws-cn", Now: newClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	for principal, want := range map[string]string{
		`{"AWS":"111122223333"}`: "", `{"AWS":"arn:aws-cn:iam::111122223333:root"}`: "", `{"Federated":"arn:aws-cn:iam::111122223333:oidc-provider/x.example"}`: "",
		`{"AWS":"arn:aws-cn:sts::111122223333:assumed-role/dev/me"}`: "", `{"Federated":"cognito-identity.amazonaws.com","AWS":"*"}`: "", `"*"`: "",
		`{"AWS":"arn:aws:iam::111122223333:root"}`:                        "arn:aws:iam::111122223333:root",
		`{"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]}`: "arn:aws:iam::111122223333:user/alice",
		`{"AWS":"arn:aws-us-gov:sts::111122223333:assumed-role/dev/me"}`:  "arn:aws-us-gov:sts::111122223333:assumed-role/dev/me",
		`{"Federated":"arn:aws:iam::111122223333:oidc-provider/x"}`:       "arn:aws:iam::111122223333:oidc-provider/x",
	} {
		_, err := s.PutRole(Role{AccountID: account, Name: "r", TrustPolicy: policy(t, `{"Statement":{"Effect":"Allow","Action":"sts:*","Principal":%s}}`, principal)})
		if want != "" {
			want = `role arn:aws-cn:iam::111122223333:role/r: trust policy: principal ` + want + ` is of another partition than "aws-cn": write its ARN with that`
		}
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: got %v, want %q", principal, err, want)
		}
	}
}

func TestNewStoreRefusals(t *testing.T) {
	t.Parallel()
	if _, err := NewStore(Options{}); err == nil || !strings.Contains(err.Error(), "Now is nil") {
		t.Errorf("no clock: got %v", err)
	}
	if _, err := NewStore(Options{Now: time.Now, SealingKey: []byte("short")}); err == nil || !strings.Contains(err.Error(), "5 bytes") {
		t.Errorf("short key: got %v", err)
	}
	if _, err := NewStore(Options{Now: time.Now, Rand: strings.NewReader("")}); err == nil {
		t.Error("no randomness: no error")
	}
}

// Readers see a user with its key or without both, while writers replace it. Run with -race.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	caller := user(t, s, account, "alice")
	role := putRole(t, s, Role{AccountID: account, Name: "dev", TrustPolicy: trusting(t, account)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, _, err := s.Credential(caller.AccessKeyID, ""); err != nil {
					t.Error(err)
				}
				if _, _, err := s.IssueRoleSession(role.ARN("aws"), "session", SessionOptions{}); err != nil {
					t.Error(err)
				}
				s.Snapshot()
				putRole(t, s, role)
			}
		})
	}
	wg.Wait()
}
