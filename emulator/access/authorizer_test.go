package access

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
)

// TestPrincipalIDIsCaseSensitive: only the authenticator's own key and the entry's own ID count.
func TestPrincipalIDIsCaseSensitive(t *testing.T) {
	t.Parallel()
	a := withGrants(grant("ClusterAdmin"))
	for name, test := range map[string]struct {
		extra map[string]authorizationv1.ExtraValue
		want  bool
	}{
		"as the authenticator writes it":  {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {aliceID}}, true},
		"first of several":                {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {aliceID, "AROAOTHER"}}, true},
		"not first":                       {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {"AROAOTHER", aliceID}}, false},
		"impersonated, so lower-cased":    {map[string]authorizationv1.ExtraValue{strings.ToLower(PrincipalIDKey): {aliceID}}, false},
		"upper-cased":                     {map[string]authorizationv1.ExtraValue{strings.ToUpper(PrincipalIDKey): {aliceID}}, false},
		"the older key":                   {map[string]authorizationv1.ExtraValue{"principalId": {aliceID}}, false},
		"ID in lower case":                {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {strings.ToLower(aliceID)}}, false},
		"ID with a session name":          {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {aliceID + ":laptop"}}, false},
		"empty ID":                        {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {""}}, false},
		"no value":                        {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {}}, false},
		"both the key and its lower case": {map[string]authorizationv1.ExtraValue{PrincipalIDKey: {"AROAOTHER"}, strings.ToLower(PrincipalIDKey): {aliceID}}, false},
		"nothing":                         {nil, false},
	} {
		spec := ask(t, "get pods", "dev")
		spec.Extra = test.extra
		if got := a.Authorize(spec); got.Allowed != test.want || (got.PrincipalID != "") != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestReason: the text for a cluster is that of an audit event of EKS, with other names in it.
func TestReason(t *testing.T) {
	t.Parallel()
	const binding = aliceARN + "+arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
	for _, test := range []struct {
		grant        Grant
		held, reason string
	}{
		{grant("View"), "AmazonEKSViewPolicy", `EKS Access Policy: allowed by ClusterRoleBinding "` + binding + `" of ClusterRole "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy" to User "` + aliceID + `"`},
		{grant("View", "de*"), "AmazonEKSViewPolicy in de*", `EKS Access Policy: allowed by RoleBinding "` + binding + `/dev" of ClusterRole "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy" to User "` + aliceID + `"`},
	} {
		want := Decision{PrincipalID: aliceID, Allowed: true, Binding: binding, Policy: "AmazonEKSViewPolicy", Reason: test.reason, Policies: []string{test.held}}
		if diff := cmp.Diff(want, withGrants(test.grant).Authorize(ask(t, "get pods", "dev"))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.grant.Scope, diff)
		}
	}
}

func TestGrantsAddUp(t *testing.T) {
	t.Parallel()
	bob := grant("ClusterAdmin")
	bob.PrincipalID, bob.PrincipalARN = "AIDABOB", "arn:aws:iam::111122223333:user/bob"
	again := grant("Edit", "test")
	china := grant("SecretReader", "cn")
	china.PolicyARN = Policy{Name: "AmazonEKSSecretReaderPolicy"}.ARN("aws-cn")
	a := withGrants(grant("View", "dev", "shared-*"), grant("Edit", "dev"), again, grant("Hybrid"), bob, china)
	for question, policy := range map[string]string{
		"get pods/dev":        "AmazonEKSEditPolicy", // both would; the order of ARNs decides
		"create pods/dev":     "AmazonEKSEditPolicy",
		"get pods/shared-1":   "AmazonEKSViewPolicy",
		"create pods/test":    "AmazonEKSEditPolicy",
		"get secrets/cn":      "AmazonEKSSecretReaderPolicy",
		"list nodes/":         "AmazonEKSHybridPolicy",
		"list nodes/dev":      "AmazonEKSHybridPolicy",
		"create pods/shared1": "",
		"get secrets/shared":  "",
		"get pods/":           "",
		"get pods/prod":       "",
	} {
		words, namespace, _ := strings.Cut(question, "/")
		got := a.Authorize(ask(t, words, namespace))
		if got.Policy != policy || got.Allowed != (policy != "") || got.PrincipalID != aliceID {
			t.Errorf("%s: %+v, want %q", question, got, policy)
		}
	}
	a.SetGrants([]Grant{bob})
	if got := a.Authorize(ask(t, "get pods", "dev")); got.PrincipalID != "" || got.Allowed {
		t.Errorf("after all grants were taken: %+v", got)
	}
}

// TestClusterBeforeNamespace: whatever the order of the grants, a reason names the wider scope.
func TestClusterBeforeNamespace(t *testing.T) {
	t.Parallel()
	for _, grants := range [][]Grant{{grant("Admin", "dev"), grant("View")}, {grant("View"), grant("Admin", "dev")}} {
		if got := withGrants(grants...).Authorize(ask(t, "get pods", "dev")); got.Policy != "AmazonEKSViewPolicy" {
			t.Errorf("%+v", got)
		}
	}
}

func TestUnknownPolicies(t *testing.T) {
	t.Parallel()
	noID := grant("ClusterAdmin")
	noID.PrincipalID = ""
	odd := grant("View")
	odd.PolicyARN = "arn:aws:iam::aws:policy/AdministratorAccess"
	unscoped := grant("ClusterAdmin")
	unscoped.Scope.Type = "clusters"
	grants := []Grant{grant("AutoNode"), odd, grant("AutoNode", "dev"), grant("ACK"), noID, unscoped}
	want := []string{"AmazonEKSACKPolicy", "AmazonEKSAutoNodePolicy", "arn:aws:iam::aws:policy/AdministratorAccess"}
	if diff := cmp.Diff(want, Unknown(grants)); diff != "" {
		t.Errorf("Unknown (-want +got):\n%s", diff)
	}
	if got := Unknown([]Grant{grant("View"), grant("SecretAdmin")}); len(got) != 0 {
		t.Errorf("unknown: %v", got)
	}
	a := withGrants(grants...)
	held := []string{"AmazonEKSACKPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSAutoNodePolicy in dev", "AmazonEKSClusterAdminPolicy", "arn:aws:iam::aws:policy/AdministratorAccess"}
	if diff := cmp.Diff(Decision{PrincipalID: aliceID, Policies: held, Unknown: want}, a.Authorize(ask(t, "get pods", "dev"))); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	spec := ask(t, "get pods", "dev")
	spec.Extra[PrincipalIDKey] = authorizationv1.ExtraValue{""}
	if got := a.Authorize(spec); got.PrincipalID != "" || got.Allowed {
		t.Errorf("nobody: %+v", got)
	}
}

// TestSetGrantsTakesCopies: what the caller does with its slices afterwards changes nothing.
func TestSetGrantsTakesCopies(t *testing.T) {
	t.Parallel()
	grants := []Grant{grant("View", "dev")}
	a := withGrants(grants...)
	grants[0].Scope.Namespaces[0] = "prod"
	grants[0].PolicyARN = arn("ClusterAdmin")
	check(t, "View", a, ask(t, "get pods", "dev"), "get pods in dev", true)
	check(t, "View", a, ask(t, "get pods", "prod"), "get pods in prod", false)
}

// TestSetGrantsWhileDeciding: every decision is by one of the two sets of grants, never by a mixture.
func TestSetGrantsWhileDeciding(t *testing.T) {
	t.Parallel()
	sets := [][]Grant{{grant("View", "dev"), grant("AutoNode")}, {grant("ClusterAdmin")}}
	a := withGrants(sets[0]...)
	spec := ask(t, "get pods", "dev")
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range 200 {
				a.SetGrants(sets[i%2])
			}
		})
	}
	for range 4 {
		wg.Go(func() {
			for range 2000 {
				d := a.Authorize(spec)
				first := d.Policy == "AmazonEKSViewPolicy" && len(d.Unknown) == 1
				second := d.Policy == "AmazonEKSClusterAdminPolicy" && len(d.Unknown) == 0
				if !d.Allowed || !first && !second {
					t.Errorf("%+v", d)
					return
				}
			}
		})
	}
	wg.Wait()
}
