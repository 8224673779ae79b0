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
		{"no cluster, so that the first user is the default", func(e *config.Environment) { e.Clusters = nil }, true},
		{"a role as the creator", func(e *config.Environment) { e.Clusters[0].Creator = "some-other-role" }, true},
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
