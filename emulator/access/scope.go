package access

import (
	"slices"
	"strings"
)

// ScopeType says where an associated policy counts.
type ScopeType string

// The scopes of the EKS API.
const (
	ScopeCluster   ScopeType = "cluster"
	ScopeNamespace ScopeType = "namespace"
)

// Scope is where an associated policy counts: in the whole cluster, or in namespaces, whose names may have wildcards.
type Scope struct {
	Type       ScopeType `json:"type"`
	Namespaces []string  `json:"namespaces"` // of ScopeNamespace
}

// suffix says behind the name of a policy where it counts: nothing for the whole cluster, or " in NAMESPACE, NAMESPACE".
func (s Scope) suffix() string {
	if s.Type != ScopeNamespace {
		return ""
	}
	return " in " + strings.Join(s.Namespaces, ", ")
}

// Grant is a policy that an access entry is associated with.
type Grant struct {
	PrincipalARN string // of the entry, with the role's path
	PrincipalID  string // unique ID of the user or role: AIDA…, AROA…
	PolicyARN    string
	Scope        Scope
}

// covers says whether the scope holds requests in a namespace; "" stands for everything that is in none: objects of the
// cluster, lists over all namespaces, paths such as /version. Only a scope of the cluster covers those.
//
// A namespace itself is an object of the cluster, but the API server puts a request for one by name into that namespace
// (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). So `kubectl get namespace dev` is in a scope of dev, and
// `kubectl get namespaces` in none [X]: RBAC treats a RoleBinding so, and in a namespace scope the row for namespaces of
// View, Edit and Admin would mean nothing otherwise. As with RBAC, `kubectl auth can-i list namespaces -n dev` gets a yes,
// because the question names a namespace that the request itself would not.
func (s Scope) covers(namespace string) bool {
	switch s.Type {
	case ScopeCluster:
		return true
	case ScopeNamespace:
		return namespace != "" && slices.ContainsFunc(s.Namespaces, func(pattern string) bool { return matches(pattern, namespace) })
	}
	return false
}

// matches says whether a name has the form of a pattern, in which each * stands for any characters or none. AWS shows a * at
// the end alone ("dev-*", access-policies.adoc); anywhere else, and that * by itself is every namespace, is [X].
func matches(pattern, name string) bool {
	prefix, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, prefix)
	for ok {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		rest = after
		_, name, ok = strings.Cut(name, part) // the first place is the one that leaves most for the rest
	}
	return false
}
