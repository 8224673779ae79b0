package access

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// TestEveryRowIsAllowed asks for every verb of every resource of every table, at both scopes.
func TestEveryRowIsAllowed(t *testing.T) {
	t.Parallel()
	for _, p := range Policies() {
		short := strings.TrimSuffix(strings.TrimPrefix(p.Name, "AmazonEKS"), "Policy")
		wide, narrow := withGrants(grant(short)), withGrants(grant(short, "dev-*"))
		for _, rule := range p.Rules {
			for _, words := range questions(rule) {
				path := strings.Contains(words, " /")
				check(t, p.Name, wide, ask(t, words, ""), words+" in the cluster", true)
				check(t, p.Name, wide, ask(t, words, "prod"), words+" in any namespace", true)
				check(t, p.Name, narrow, ask(t, words, "dev-1"), words+" in a namespace of the scope", !path)
				check(t, p.Name, narrow, ask(t, words, "prod"), words+" in another namespace", false)
				check(t, p.Name, narrow, ask(t, words, ""), words+" in no namespace", false)
			}
		}
	}
}

// questions are all that a rule allows, in the words of ask. What is * stands for something that no table names.
func questions(rule rbacv1.PolicyRule) []string {
	some := func(list []string, all ...string) []string {
		if slices.Equal(list, []string{"*"}) {
			return all
		}
		return list
	}
	var out []string
	for _, verb := range some(rule.Verbs, "get", "escalate", "invented") {
		for _, url := range some(rule.NonResourceURLs, "/metrics", "/") {
			out = append(out, verb+" "+url)
		}
		for _, group := range some(rule.APIGroups, "", "example.com", "metrics.k8s.io") {
			for _, resource := range some(rule.Resources, "widgets", "secrets", "widgets/scale") {
				name, subresource, slash := strings.Cut(resource, "/")
				if group != "" {
					name += "." + group
				}
				if slash {
					name += "/" + subresource
				}
				out = append(out, verb+" "+name)
			}
		}
	}
	return out
}

func check(t *testing.T, policy string, a *Authorizer, spec authorizationv1.SubjectAccessReviewSpec, what string, want bool) {
	t.Helper()
	if got := a.Authorize(spec); got.Allowed != want || (got.Reason != "") != want {
		t.Errorf("%s: %s: allowed %t (%q), want %t", policy, what, got.Allowed, got.Reason, want)
	}
}

// TestNeighboursAreNotAllowed asks for what people expect of a policy and do not get, in the cluster and in a namespace.
func TestNeighboursAreNotAllowed(t *testing.T) {
	t.Parallel()
	everywhere := []string{ // neither in View nor in Edit nor in Admin
		"get leases.coordination.k8s.io", "update leases.coordination.k8s.io", "create serviceaccounts/token",
		"create pods/eviction", "get widgets.example.com", "create widgets.example.com", "get pods.metrics.k8s.io",
		"list nodes.metrics.k8s.io", "get nodes", "list nodes", "get nodes/proxy", "patch nodes", "list persistentvolumes",
		"get storageclasses.storage.k8s.io", "list customresourcedefinitions.apiextensions.k8s.io", "create namespaces",
		"delete namespaces", "list clusterroles.rbac.authorization.k8s.io", "create clusterrolebindings.rbac.authorization.k8s.io",
		"bind roles.rbac.authorization.k8s.io", "escalate roles.rbac.authorization.k8s.io",
		"bind clusterroles.rbac.authorization.k8s.io", "escalate clusterroles.rbac.authorization.k8s.io",
		"impersonate users", "impersonate groups", "create pods/ephemeralcontainers", "patch pods/ephemeralcontainers",
		"update pods/status", "create pods/binding", "update deployments.apps/status", "create resourcequotas", "create limitranges",
		"create endpoints", "create endpointslices.discovery.k8s.io", "create subjectaccessreviews.authorization.k8s.io",
		"get pods.apps", "get deployments", "get pod", "GET pods", "* pods", "get *", "get", "get /version", "get /", "get /api/v1/pods",
	}
	edit := []string{
		"create rolebindings.rbac.authorization.k8s.io", "list rolebindings.rbac.authorization.k8s.io",
		"get roles.rbac.authorization.k8s.io", "create localsubjectaccessreviews.authorization.k8s.io",
	}
	view := []string{
		"get secrets", "list secrets", "watch secrets", "create pods", "delete pods", "get pods/exec", "create pods/exec",
		"create pods/portforward", "get pods/proxy", "get services/proxy", "create deployments.apps", "patch deployments.apps/scale",
		"impersonate serviceaccounts",
	}
	secrets := []string{
		"get configmaps", "get pods", "get secrets.example.com", "get secrets/status", "list namespaces", "get /version",
	}
	for short, noes := range map[string][]string{
		"View":         slices.Concat(everywhere, edit, view),
		"Edit":         slices.Concat(everywhere, edit),
		"Admin":        everywhere,
		"AdminView":    {"create pods", "delete secrets", "impersonate users", "escalate clusterroles.rbac.authorization.k8s.io", "get /metrics", "list /"},
		"SecretReader": slices.Concat(secrets, []string{"create secrets", "delete secrets", "deletecollection secrets", "patch secrets"}),
		"SecretAdmin":  secrets,
		"Hybrid":       {"get nodes", "watch nodes", "list pods", "get nodes/status", "list nodes/status", "get /metrics"},
	} {
		wide, narrow := withGrants(grant(short)), withGrants(grant(short, "dev", "*"))
		for _, words := range noes {
			if words == "get" {
				words = "get " // an empty resource
			}
			check(t, short, wide, ask(t, words, ""), words+" in the cluster", false)
			check(t, short, wide, ask(t, words, "dev"), words+" in a namespace", false)
			check(t, short, narrow, ask(t, words, "dev"), words+" in a namespace of the scope", false)
			check(t, short, narrow, ask(t, words, ""), words+" in no namespace", false)
		}
	}
}

// TestClusterAdminOfANamespace is an administrator of what is in it, and of nothing else.
func TestClusterAdminOfANamespace(t *testing.T) {
	t.Parallel()
	a := withGrants(grant("ClusterAdmin", "*"))
	for words, allowed := range map[string]bool{
		"create widgets.example.com": true, "escalate roles.rbac.authorization.k8s.io": true, "get /metrics": false, "get /": false,
	} {
		check(t, "ClusterAdmin", a, ask(t, words, "dev"), words+" in dev", allowed)
		check(t, "ClusterAdmin", a, ask(t, words, ""), words+" in the cluster", false)
	}
}
