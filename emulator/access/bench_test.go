package access

import (
	"fmt"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// crowd are 200 access entries with three policies each.
func crowd() []Grant {
	var grants []Grant
	for i := range 200 {
		for _, g := range []Grant{grant("View"), grant("Admin", "dev-*", "test"), grant("SecretReader", "prod")} {
			g.PrincipalID = fmt.Sprintf("AROAEXAMPLE%010d", i)
			grants = append(grants, g)
		}
	}
	return grants
}

// BenchmarkAuthorizer asks what the policies of one among 200 entries say.
func BenchmarkAuthorizer(b *testing.B) {
	a := withGrants(crowd()...)
	for name, r := range map[string]authorizationv1.ResourceAttributes{
		"first-row": {Namespace: "other", Verb: "get", Group: "apps", Resource: "deployments"},
		"last-row":  {Namespace: "dev-1", Verb: "delete", Group: "rbac.authorization.k8s.io", Resource: "roles"},
		"no":        {Namespace: "dev-1", Verb: "create", Resource: "serviceaccounts", Subresource: "token"},
	} {
		spec := authorizationv1.SubjectAccessReviewSpec{
			ResourceAttributes: &r,
			Extra:              map[string]authorizationv1.ExtraValue{PrincipalIDKey: {"AROAEXAMPLE0000000150"}},
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Authorize(spec)
			}
		})
	}
}

// BenchmarkSetGrants replaces the grants of 200 entries.
func BenchmarkSetGrants(b *testing.B) {
	grants, a := crowd(), NewAuthorizer(Options{})
	b.ReportAllocs()
	for b.Loop() {
		a.SetGrants(grants)
	}
}
