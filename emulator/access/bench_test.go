package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// BenchmarkWebhook answers a SubjectAccessReview as the API server sends it, from the body to the answer: what eksemu adds
// to a request that RBAC does not allow.
func BenchmarkWebhook(b *testing.B) {
	a := withGrants(crowd()...)
	body, err := json.Marshal(authorizationv1.SubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SubjectAccessReview"},
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "arn:aws:sts::111122223333:assumed-role/dev/session", Groups: []string{"system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "dev-1", Verb: "delete", Group: "rbac.authorization.k8s.io", Resource: "roles"},
			Extra:              map[string]authorizationv1.ExtraValue{PrincipalIDKey: {"AROAEXAMPLE0000000150"}},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/authorize", bytes.NewReader(body)))
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
