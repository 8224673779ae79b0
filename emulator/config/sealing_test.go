package config_test

import (
	"bytes"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
)

func TestSealingKey(t *testing.T) {
	t.Parallel()
	key := config.Default().SealingKey()
	if len(key) != 32 {
		t.Fatalf("key %x has not 32 bytes", key)
	}
	for _, tc := range []struct {
		name   string
		change func(*config.Environment)
		same   bool
	}{
		{"nothing", func(*config.Environment) {}, true},
		{"another user first", func(e *config.Environment) {
			e.Users = append([]config.User{{Name: "zed", AccessKeys: []config.AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "s"}}}}, e.Users...)
		}, true},
		{"no other user", func(e *config.Environment) { e.Users = e.Users[:1] }, true},
		{"no roles", func(e *config.Environment) { e.Roles = nil }, true},
		{"another secret of somebody else", func(e *config.Environment) { e.Users[1].AccessKeys[0].Secret = "another" }, true},
		{"an inactive key", func(e *config.Environment) { e.Users[0].AccessKeys[0].Status = config.KeyInactive }, true},
		{"clusters left out", func(e *config.Environment) { *e = *e.WithoutClusters() }, true},
		{"clusters left out, and another user first", func(e *config.Environment) {
			e.Users[0], e.Users[1] = e.Users[1], e.Users[0]
			*e = *e.WithoutClusters()
		}, true},
		{"a role as the creator", func(e *config.Environment) { e.Clusters[0].Creator = "some-other-role" }, true},
		{"a role as the creator, and another user first", func(e *config.Environment) {
			e.Users[0], e.Users[1] = e.Users[1], e.Users[0]
			e.Clusters[0].Creator = "some-other-role"
		}, true},
		{"a role behind a role as the creator", func(e *config.Environment) {
			e.Users[0], e.Users[1] = e.Users[1], e.Users[0]
			e.Roles[1].SourceProfile, e.Clusters[0].Creator = "some-other-role", "my-node-role"
		}, true},
		{"a role of another user as the creator", func(e *config.Environment) {
			e.Roles[0].SourceProfile, e.Clusters[0].Creator = "alice", "some-other-role"
		}, false},
		{"no cluster at all", func(e *config.Environment) { e.Clusters = nil }, false},
		{"a role of an instance as the creator", func(e *config.Environment) {
			e.Roles[0].SourceProfile, e.Clusters[0].Creator = e.Instances[0].ID, "some-other-role"
		}, false},
		{"another secret of the creator", func(e *config.Environment) { e.Users[0].AccessKeys[0].Secret = "another" }, false},
		{"another creator", func(e *config.Environment) { e.Clusters[0].Creator = "alice" }, false},
		{"no key of the creator", func(e *config.Environment) { e.Users[0].AccessKeys = nil }, false},
		{"nobody", func(e *config.Environment) { e.Users = nil }, false},
	} {
		env := config.Default()
		tc.change(env)
		if again := env.SealingKey(); len(again) != 32 || bytes.Equal(key, again) != tc.same {
			t.Errorf("%s: key %x of %x, want the same: %v", tc.name, again, key, tc.same)
		}
	}
}

// TestSealingKeyOfAll has no user whose keys alone make the key: every user's count.
func TestSealingKeyOfAll(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.Environment){
		"no cluster": func(e *config.Environment) { e.Clusters = nil },
		"an instance behind the creator": func(e *config.Environment) {
			e.Clusters[0].Creator, e.Roles[0].SourceProfile = "some-other-role", e.Instances[0].ID
		},
		"a creator without keys": func(e *config.Environment) { e.Users[0].AccessKeys = nil },
	} {
		env := config.Default()
		change(env)
		before := env.SealingKey()
		for i := range env.Users {
			for k := range env.Users[i].AccessKeys {
				key := &env.Users[i].AccessKeys[k]
				old := key.Secret
				key.Secret = "another"
				if bytes.Equal(before, env.SealingKey()) {
					t.Errorf("%s: the keys of %s do not count", name, env.Users[i].Name)
				}
				key.Secret = old
			}
		}
	}
}
