package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// story is something that brings an overlay, as a scenario does.
type story struct {
	Environment config.Overlay `yaml:"environment"`
}

func decodeStory(t *testing.T, text string) (config.Overlay, *strictyaml.Document) {
	t.Helper()
	var s story
	doc, problems := strictyaml.Decode("story.yaml", []byte(text), &s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s.Environment, doc
}

const carol = `environment:
  users:
  - name: carol
  roles:
  - name: guard
    path: /night/
    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/carol"}, Action: sts:AssumeRole}}
    sourceProfile: carol
  instances:
  - {id: i-00000001, role: my-node-role, privateDnsName: two.internal}
`

func TestMerge(t *testing.T) {
	t.Parallel()
	base := config.Default()
	overlay, doc := decodeStory(t, carol)
	merged, problems := base.Merge(overlay, doc, "environment")
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	if diff := cmp.Diff(config.Default(), base); diff != "" {
		t.Errorf("the base changed:\n%s", diff)
	}
	added := merged.Added(base)
	if len(added.Users) != 1 || len(added.Roles) != 1 || len(added.Instances) != 1 || len(merged.Users) != len(base.Users)+1 {
		t.Fatalf("added %+v", added)
	}
	if carol := added.Users[0]; carol.Account != "111122223333" || carol.Path != "/" || len(carol.AccessKeys) != 1 {
		t.Errorf("user is not complete: %+v", carol)
	}
	if guard := added.Roles[0]; guard.MaxSessionDuration != time.Hour || guard.SourceProfile != "carol" {
		t.Errorf("role is not complete: %+v", guard)
	}
	if overlay.Users[0].AccessKeys != nil {
		t.Error("the overlay changed")
	}
	if _, problems := base.Merge(overlay, nil); len(problems) > 0 {
		t.Errorf("without a document:\n%v", problems)
	}
}

func TestMergeProblems(t *testing.T) {
	t.Parallel()
	overlay, doc := decodeStory(t, `environment:
  users:
  - name: alice
  - name: MALLORY
  - {name: carol, accessKeys: [{id: `+config.Default().Users[0].AccessKeys[0].ID+`, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]}
  roles:
  - name: guard
    trustPolicy: {Version: 2012-10-17, Statement: []}
    sourceProfile: carl
  instances:
  - {id: i-00000001, role: my-nod-role, privateDnsName: ip-192-168-12-34.us-west-2.compute.internal}
`)
	base := config.Default()
	merged, problems := base.Merge(overlay, doc, "environment")
	if merged != nil {
		t.Error("merged although there are problems")
	}
	golden.Assert(t, problems.Error()+"\n", "overlay.golden")
	_, problems = base.Merge(overlay, nil)
	if len(problems) != 7 || problems[0].Line != 0 || !strings.HasPrefix(problems[0].String(), "users[0].name: a user of the environment is named") {
		t.Errorf("without a document:\n%v", problems)
	}
}

func newStore(t *testing.T) *iam.Store {
	t.Helper()
	store, err := iam.NewStore(iam.Options{Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestSeed(t *testing.T) {
	t.Parallel()
	env := config.Default()
	env.Users[2].AccessKeys[0].Status = config.KeyInactive
	store := newStore(t)
	if err := env.Seed(store); err != nil {
		t.Fatal(err)
	}
	if users, roles := len(store.Users()), len(store.Roles()); users != 5 || roles != 3 {
		t.Errorf("%d users and %d roles, want 5 and 3", users, roles)
	}
	key := env.Users[0].AccessKeys[0]
	secret, caller, err := store.Credential(key.ID, "")
	if err != nil || secret != string(key.Secret) || caller.ARN != "arn:aws:iam::111122223333:user/trurl" {
		t.Errorf("trurl's key is of %q, %v", caller.ARN, err)
	}
	if _, _, err := store.Credential(env.Users[2].AccessKeys[0].ID, ""); err == nil {
		t.Error("alice's inactive key is accepted")
	}
	if err := store.AuthorizeAssumeRole(caller, "arn:aws:iam::111122223333:role/some-other-role", iam.AssumeRoleContext{SessionName: "s"}); err != nil {
		t.Errorf("trurl may not assume some-other-role: %v", err)
	}
	again := newStore(t)
	if err := config.Default().Seed(again); err != nil {
		t.Fatal(err)
	}
	if a, b := store.Users()[0].UniqueID, again.Users()[0].UniqueID; a != b {
		t.Errorf("unique IDs differ between starts: %s and %s", a, b)
	}
}

func TestSeedOverlay(t *testing.T) {
	t.Parallel()
	base := config.Default()
	overlay, doc := decodeStory(t, carol)
	merged, problems := base.Merge(overlay, doc, "environment")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	store := newStore(t)
	if err := base.Seed(store); err != nil {
		t.Fatal(err)
	}
	if err := merged.Added(base).Seed(store); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Role("arn:aws:iam::111122223333:role/night/guard"); err != nil {
		t.Error(err)
	}
}

// TestSeedIsAllOrNothing: an environment that a program put together badly leaves the store as it was.
func TestSeedIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, spoil := range []func(*config.Environment){
		func(e *config.Environment) { e.Roles[2].TrustPolicy = "" },
		func(e *config.Environment) { e.Roles[0].Policies = []config.Policy{{Name: "p", Document: "{"}} },
		func(e *config.Environment) { e.Users[4].Policies = []config.Policy{{Name: "p", Document: "{"}} },
		func(e *config.Environment) { e.Users[4].Account = "1" },
	} {
		env, store := config.Default(), newStore(t)
		spoil(env)
		err := env.Seed(store)
		if err == nil || len(store.Users()) != 0 {
			t.Errorf("seeded %d users, %v", len(store.Users()), err)
		}
		var refused iam.Problems
		if !errors.As(err, &refused) {
			t.Errorf("%v is not iam.Problems", err)
		}
	}
}
