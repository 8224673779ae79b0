package access

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func post(t *testing.T, h http.Handler, method, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/authorize?timeout=30s", strings.NewReader(body)))
	return w
}

// review is what the API server posts.
func review(t testing.TB, spec authorizationv1.SubjectAccessReviewSpec) string {
	t.Helper()
	body, err := json.Marshal(authorizationv1.SubjectAccessReview{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",` + string(body[1:])
}

func TestServeHTTP(t *testing.T) {
	t.Parallel()
	var seen []Review
	a := NewAuthorizer(Options{Observe: func(r Review) { seen = append(seen, r) }})
	a.SetGrants([]Grant{grant("View", "dev"), grant("AutoNode")})
	stranger := ask(t, "get pods", "dev")
	stranger.Extra = nil
	for _, test := range []struct {
		name string
		spec authorizationv1.SubjectAccessReviewSpec
		yes  bool
	}{
		{"allowed", ask(t, "get pods/log", "dev"), true},
		{"not allowed", ask(t, "create deployments.apps", "dev"), false},
		{"a path", ask(t, "get /version", ""), false},
		{"somebody without access policies", stranger, false},
	} {
		w := post(t, a, http.MethodPost, review(t, test.spec))
		var got authorizationv1.SubjectAccessReview
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %v %v %s", test.name, w.Code, w.Header(), err, w.Body)
		}
		want := authorizationv1.SubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: test.yes, Reason: a.Authorize(test.spec).Reason}}
		want.APIVersion, want.Kind = "authorization.k8s.io/v1", "SubjectAccessReview"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	const alice = "arn:aws:sts::111122223333:assumed-role/alice/laptop"
	no := Decision{PrincipalID: aliceID, Policies: []string{"AmazonEKSAutoNodePolicy", "AmazonEKSViewPolicy in dev"}, Unknown: []string{"AmazonEKSAutoNodePolicy"}}
	want := []Review{
		{Username: alice, Verb: "get", Resource: "pods/log", Namespace: "dev", Decision: a.Authorize(ask(t, "get pods/log", "dev"))},
		{Username: alice, Verb: "create", Group: "apps", Resource: "deployments", Namespace: "dev", Decision: no},
		{Username: alice, Verb: "get", Path: "/version", Decision: no},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestServeHTTPRefuses(t *testing.T) {
	t.Parallel()
	const spec = `"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}`
	for name, test := range map[string]struct {
		method, body string
		code         int
		text         string
	}{
		"other method":  {http.MethodGet, "", http.StatusMethodNotAllowed, "POST"},
		"put":           {http.MethodPut, "{}", http.StatusMethodNotAllowed, "POST"},
		"empty":         {http.MethodPost, "", http.StatusBadRequest, "decode subject access review"},
		"not JSON":      {http.MethodPost, "review", http.StatusBadRequest, "decode subject access review"},
		"null":          {http.MethodPost, "null", http.StatusBadRequest, `got "" ""`},
		"a list":        {http.MethodPost, "[]", http.StatusBadRequest, "decode subject access review"},
		"other version": {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview",` + spec, http.StatusBadRequest, "--authorization-webhook-version=v1"},
		"other kind":    {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",` + spec, http.StatusBadRequest, `"SelfSubjectAccessReview"`},
		"other case":    {http.MethodPost, `{"apiversion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",` + spec, http.StatusBadRequest, `got ""`},
		"half":          {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview"`, http.StatusBadRequest, "decode"},
		"two":           {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",` + spec + "{}", http.StatusBadRequest, "decode"},
		"no question":   {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"alice"}}`, http.StatusBadRequest, "either"},
		"two questions": {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"resourceAttributes":{},"nonResourceAttributes":{}}}`, http.StatusBadRequest, "either"},
		"wrong type":    {http.MethodPost, `{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"extra":7}}`, http.StatusBadRequest, "extra"},
		"too long":      {http.MethodPost, strings.Repeat(" ", maxBody+1), http.StatusRequestEntityTooLarge, "too large"},
	} {
		a := NewAuthorizer(Options{Observe: func(r Review) { t.Errorf("%s: observed %+v", name, r) }})
		a.SetGrants([]Grant{grant("ClusterAdmin")})
		w := post(t, a, test.method, test.body)
		var got metav1.Status
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Status != metav1.StatusFailure || int(got.Code) != w.Code {
			t.Errorf("%s: %v in %s", name, err, w.Body)
		}
		if w.Code != test.code || !strings.Contains(got.Message, test.text) {
			t.Errorf("%s: %d %q, want %d with %q", name, w.Code, got.Message, test.code, test.text)
		}
		if allow := w.Header().Get("Allow"); (allow == "POST") != (test.code == http.StatusMethodNotAllowed) {
			t.Errorf("%s: Allow %q", name, allow)
		}
	}
}

// FuzzDecode: no input panics, and what is accepted asks one thing, to which the answer is a review again.
func FuzzDecode(f *testing.F) {
	for _, spec := range []string{
		`{}`, `{"resourceAttributes":{"namespace":"dev","verb":"get","group":"apps","resource":"deployments","subresource":"scale","name":"web"},"extra":{"sigs.k8s.io/aws-iam-authenticator/principalId":["` + aliceID + `"]}}`,
		`{"nonResourceAttributes":{"path":"/version","verb":"get"},"user":"alice","groups":["g"],"uid":"u"}`,
		`{"resourceAttributes":{"fieldSelector":{"requirements":[{"key":"a","operator":"In","values":["b"]}]},"labelSelector":{"rawSelector":"x"}}}`,
		`{"resourceAttributes":{},"extra":{"sigs.k8s.io/aws-iam-authenticator/principalId":null,"sigs.k8s.io/aws-iam-authenticator/principalid":["` + aliceID + `"]}}`,
	} {
		f.Add([]byte(`{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":` + spec + `}`))
	}
	f.Add([]byte(`{"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview"}`))
	f.Add([]byte(`null`))
	a := withGrants(grant("View", "dev-*"), grant("Hybrid"), grant("ClusterAdmin"))
	f.Fuzz(func(t *testing.T, body []byte) {
		spec, err := decode(body)
		w := post(t, a, http.MethodPost, string(body))
		if err != nil {
			if w.Code != http.StatusBadRequest {
				t.Errorf("%v, but %d", err, w.Code)
			}
			return
		}
		if (spec.ResourceAttributes == nil) == (spec.NonResourceAttributes == nil) {
			t.Errorf("accepted %+v", spec)
		}
		var answer authorizationv1.SubjectAccessReview
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v", w.Code, err)
		}
		mine := len(spec.Extra[PrincipalIDKey]) > 0 && spec.Extra[PrincipalIDKey][0] == aliceID
		if answer.Status.Denied || answer.Status.Allowed != mine || (answer.Status.Reason != "") != mine {
			t.Errorf("%+v to %s", answer.Status, body)
		}
	})
}
