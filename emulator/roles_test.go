package emulator

import (
	"context"
	"errors"
	"path"
	"strings"
	"testing"
	"time"
)

// clusterRole is a ClusterRole as an API server has it.
func clusterRole(name string, aggregates, hasRules bool) map[string]any {
	role := map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
		"metadata": map[string]any{"name": name}, "rules": nil,
	}
	if aggregates {
		role["aggregationRule"] = map[string]any{"clusterRoleSelectors": []any{}}
	}
	if hasRules {
		role["rules"] = []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"get"}}}
	}
	return role
}

// TestRolesAreWaitedFor has the controller manager come late, by role.
func TestRolesAreWaitedFor(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	left := map[string]int{"view": 2, "edit": 0, "admin": 5} // how often each is still empty
	api.read = func(p string) any {
		name := path.Base(p)
		left[name]--
		return clusterRole(name, true, left[name] < 0)
	}
	if err := e.awaitRoles(t.Context(), e.primary); err != nil {
		t.Fatal(err)
	}
	for name, n := range left {
		if n >= 0 {
			t.Errorf("it did not wait for %s", name)
		}
	}
	if notes := e.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
}

func TestRolesThatNobodyFills(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role  func(name string) any
		noted string
	}{
		"deleted":              {func(string) any { return nil }, ""},
		"made an ordinary one": {func(name string) any { return clusterRole(name, false, false) }, ""},
		"the controller manager does not come": {
			func(name string) any { return clusterRole(name, true, name == "view") },
			"the ClusterRoles edit, admin of cluster my-cluster have no rules after 100ms",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, api := withAPIServer(t)
			api.read = func(p string) any {
				if role := test.role(path.Base(p)); role != nil {
					return role
				}
				return nil
			}
			if err := e.awaitRolesWithin(t.Context(), e.primary, 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			notes := strings.Join(e.Notes(), "\n")
			if (test.noted == "") != (notes == "") || !strings.Contains(notes, test.noted) {
				t.Errorf("notes %q, want %q", notes, test.noted)
			}
		})
	}
}

func TestWaitForRolesIsInterrupted(t *testing.T) {
	t.Parallel()
	e, api := withAPIServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	api.read = func(p string) any {
		cancel()
		return clusterRole(path.Base(p), true, false)
	}
	if err := e.awaitRoles(ctx, e.primary); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if notes := e.Notes(); len(notes) > 0 {
		t.Errorf("notes %q", notes)
	}
}
