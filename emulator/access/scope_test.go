package access

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScopeCovers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		scope     Scope
		namespace string
		want      bool
	}{
		{Scope{Type: ScopeCluster}, "", true},
		{Scope{Type: ScopeCluster}, "dev", true},
		{Scope{Type: ScopeCluster, Namespaces: []string{"dev"}}, "prod", true},
		{Scope{Type: ScopeNamespace}, "dev", false},
		{Scope{Type: ScopeNamespace, Namespaces: []string{"dev", "test"}}, "test", true},
		{Scope{Type: ScopeNamespace, Namespaces: []string{"dev", "test"}}, "prod", false},
		{Scope{Type: ScopeNamespace, Namespaces: []string{"*"}}, "prod", true},
		{Scope{Type: ScopeNamespace, Namespaces: []string{"*"}}, "", false},
		{Scope{Type: ScopeNamespace, Namespaces: []string{""}}, "", false},
		{Scope{Type: "Cluster"}, "dev", false},
		{Scope{}, "dev", false},
	} {
		if got := test.scope.covers(test.namespace); got != test.want {
			t.Errorf("%+v covers %q: %t", test.scope, test.namespace, got)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for pattern, names := range map[string]struct{ yes, no string }{
		"dev":        {"dev", "dev-1 de Dev devdev"},
		"dev-*":      {"dev- dev-1 dev-a-b dev-*", "dev prod-dev-1 Dev-1"},
		"*":          {"dev a *", ""},
		"**":         {"dev a", ""},
		"*-dev":      {"a-dev -dev a-dev-dev", "dev a-dev-1"},
		"a*b":        {"ab axb abab a-b", "a b ba abc"},
		"a*a":        {"aa aba aaa", "a ab"},
		"ab*ba":      {"abba ab-ba", "aba"},
		"a*b*c":      {"abc axbxc abbcbc aabbcc", "acb ac abcd"},
		"*aab*":      {"aab aaab aaaab-1 x-aab", "aa ab aaxb"},
		"team-?":     {"team-?", "team-1"},
		"team-[ab]":  {"team-[ab]", "team-a"},
		"team.":      {"team.", "teams"},
		`team\*`:     {`team\ team\x`, "team* team"},
		"dev,prod":   {"dev,prod", "dev prod"},
		"kube-*-tem": {"kube-sys-tem kube--tem", "kube-tem"},
	} {
		for _, name := range strings.Fields(names.yes) {
			if !matches(pattern, name) {
				t.Errorf("%q does not match %q", pattern, name)
			}
		}
		for _, name := range strings.Fields(names.no) {
			if matches(pattern, name) {
				t.Errorf("%q matches %q", pattern, name)
			}
		}
	}
}

// FuzzMatches holds the patterns to regular expressions.
func FuzzMatches(f *testing.F) {
	for _, seed := range [][2]string{
		{"dev-*", "dev-1"}, {"*", ""}, {"", ""}, {"a*a", "a"}, {"*ab*b*", "aabab"}, {"a**b", "ab"}, {"[a-z]*", "[a-z]x"}, {"dev", "Dev"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			matches(pattern, name) // does not panic; regular expressions take such bytes for others
			return
		}
		parts := strings.Split(pattern, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		want := regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`).MatchString(name)
		if got := matches(pattern, name); got != want {
			t.Errorf("matches(%q, %q) = %t", pattern, name, got)
		}
	})
}
