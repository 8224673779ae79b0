package emulator

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	user := func(name, path string) iam.User { return iam.User{AccountID: "111122223333", Name: name, Path: path} }
	users := func(list ...iam.User) iam.Snapshot { return iam.Snapshot{Users: list} }
	kept := func(list ...iam.User) seeded {
		s := seeded{}
		for _, u := range list {
			s[userKey(u)] = digestOf(u)
		}
		return s
	}
	alice := user("alice", "/")
	moved := user("alice", "/team/")
	changed := alice
	changed.UniqueID = "AIDACHANGED"
	byAPI := user("api", "/")

	for name, test := range map[string]struct {
		saved  iam.Snapshot
		before seeded
		wanted iam.Snapshot
		want   []iam.User
	}{
		"the first start":                   {iam.Snapshot{}, nil, users(alice), []iam.User{alice}},
		"changed by the API":                {users(changed), kept(alice), users(alice), []iam.User{changed}},
		"deleted by the API":                {users(), kept(alice), users(alice), nil},
		"made by the API":                   {users(changed, byAPI), kept(alice), users(alice), []iam.User{changed, byAPI}},
		"changed in the file":               {users(changed), kept(alice), users(moved), []iam.User{moved}},
		"deleted, then changed in the file": {users(), kept(alice), users(moved), []iam.User{moved}},
		"gone from the file":                {users(changed, byAPI), kept(alice), users(), []iam.User{byAPI}},
		"of a scenario that was killed":     {users(alice, byAPI), seeded{userKey(alice): ofOverlay}, users(), []iam.User{byAPI}},
		"made by the API, then in the file": {users(byAPI), nil, users(user("API", "/")), []iam.User{user("API", "/")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, now := reconcile("aws", test.saved, test.before, test.wanted)
			if diff := cmp.Diff(test.want, got.Users, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(kept(test.wanted.Users...), now); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReconcileKeepsKindsApart(t *testing.T) {
	t.Parallel()
	role := iam.Role{AccountID: "111122223333", Name: "same", Path: "/"}
	user := iam.User{AccountID: "111122223333", Name: "same", Path: "/"}
	provider := iam.OIDCProvider{AccountID: "111122223333", URL: "https://example.com"}
	all := iam.Snapshot{Users: []iam.User{user}, Roles: []iam.Role{role}, OIDCProviders: []iam.OIDCProvider{provider}}
	_, record := reconcile("aws", iam.Snapshot{}, nil, all)
	if len(record) != 3 {
		t.Errorf("record: %v", record)
	}
	got, _ := reconcile("aws", all, record, iam.Snapshot{Roles: all.Roles})
	if len(got.Users) != 0 || len(got.Roles) != 1 || len(got.OIDCProviders) != 0 {
		t.Errorf("without the user and the provider: %+v", got)
	}
}

// TestReconcileKeepsTrust: a role that is kept and trusts somebody who goes names that one as after a deletion.
func TestReconcileKeepsTrust(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	role := iam.Role{AccountID: "111122223333", Name: "made", TrustPolicy: trusting(t, accountARN+"user/mallory", accountARN+"user/alice", "*")}
	if _, err := e.aws.store.CreateRole(role); err != nil {
		t.Fatal(err)
	}
	mallory := e.aws.principalID(accountARN + "user/mallory")
	without := *e.opts.Config
	without.Users = slices.DeleteFunc(slices.Clone(without.Users), func(u config.User) bool { return u.Name == "mallory" })
	e.opts.Config = &without
	n := mustRestart(t, e)
	kept, err := n.aws.store.RoleNamed("111122223333", "made")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(trusting(t, mallory, accountARN+"user/alice", "*").Text(), kept.TrustPolicy.Text()); diff != "" {
		t.Errorf("trust policy (-want +got):\n%s", diff)
	}
}

// TestReconcileKeepsTrustOfOnesThatMove: one that is in the configuration under another path has another ARN.
func TestReconcileKeepsTrustOfOnesThatMove(t *testing.T) {
	t.Parallel()
	user := iam.User{AccountID: "111122223333", Name: "alice", Path: "/", UniqueID: "AIDAALICEEXAMPLE00000"}
	moved := iam.User{AccountID: "111122223333", Name: "alice", Path: "/team/"}
	role := iam.Role{AccountID: "111122223333", Name: "made", Path: "/", TrustPolicy: trusting(t, accountARN+"user/alice")}
	saved := iam.Snapshot{Users: []iam.User{user}, Roles: []iam.Role{role}}
	got, _ := reconcile("aws", saved, seeded{userKey(user): "before"}, iam.Snapshot{Users: []iam.User{moved}})
	if text := got.Roles[0].TrustPolicy.Text(); text != trusting(t, "AIDAALICEEXAMPLE00000").Text() {
		t.Errorf("trust policy %s", text)
	}
	if text := saved.Roles[0].TrustPolicy.Text(); text != role.TrustPolicy.Text() {
		t.Errorf("what was saved is now %s", text)
	}
}

// trusting is a trust policy.
func trusting(t *testing.T, principals ...string) iam.Policy {
	t.Helper()
	list, err := json.Marshal(principals)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":` + string(list) + `},"Action":"sts:AssumeRole"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}
