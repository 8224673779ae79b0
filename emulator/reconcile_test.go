package emulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
			got, now := reconcile(test.saved, test.before, test.wanted)
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
	_, record := reconcile(iam.Snapshot{}, nil, all)
	if len(record) != 3 {
		t.Errorf("record: %v", record)
	}
	got, _ := reconcile(all, record, iam.Snapshot{Roles: all.Roles})
	if len(got.Users) != 0 || len(got.Roles) != 1 || len(got.OIDCProviders) != 0 {
		t.Errorf("without the user and the provider: %+v", got)
	}
}
