package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubejson "k8s.io/apimachinery/pkg/util/json"
)

// maxBody bounds one review, in bytes: more than the 3 MiB that the API server takes of a client
// (k8s.io/apiserver/pkg/server/config.go).
const maxBody = 4 << 20

// Review is a question about a principal with access policies, and what they said.
type Review struct {
	Username string // user.username: what the principal is called in the cluster
	// What is asked for: a resource, or a path.
	Verb, Group, Resource, Namespace, Name string // Resource is "pods" or "pods/log"
	Path                                   string
	Decision                               Decision
}

// ServeHTTP answers a POST of an authorization.k8s.io/v1 SubjectAccessReview with its status: allowed, or no opinion. To
// anything else it answers a Status with the reason: 400, or 405 and 413 for another method and too long a body. The API
// server logs that and takes it for no opinion.
func (a *Authorizer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "subject access reviews are sent by POST")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		code := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			code = http.StatusRequestEntityTooLarge
		}
		refuse(w, code, fmt.Sprintf("read subject access review: %v", err))
		return
	}
	spec, err := decode(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	decision := a.Authorize(spec)
	if a.observe != nil && decision.PrincipalID != "" {
		a.observe(reviewOf(spec, decision))
	}
	respond(w, http.StatusOK, authorizationv1.SubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SubjectAccessReview"},
		Status:   authorizationv1.SubjectAccessReviewStatus{Allowed: decision.Allowed, Reason: decision.Reason},
	})
}

// refuse answers with a Status, of whose message the API server's log has all. Of a plain text it has nothing.
func refuse(w http.ResponseWriter, code int, message string) {
	respond(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Message: message,
	})
}

// respond answers with an object. Whether it arrives is the API server's business: it asks again.
func respond(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

// decode reads what a review asks. Names of fields are case-sensitive, as they are to the API server.
func decode(body []byte) (authorizationv1.SubjectAccessReviewSpec, error) {
	var review authorizationv1.SubjectAccessReview
	if err := kubejson.Unmarshal(body, &review); err != nil {
		return authorizationv1.SubjectAccessReviewSpec{}, fmt.Errorf("decode subject access review: %w", err)
	}
	spec := review.Spec
	if want := authorizationv1.SchemeGroupVersion.String(); review.APIVersion != want || review.Kind != "SubjectAccessReview" {
		return authorizationv1.SubjectAccessReviewSpec{}, fmt.Errorf("decode subject access review: want %s SubjectAccessReview, got %q %q (set --authorization-webhook-version=v1)", want, review.APIVersion, review.Kind)
	}
	if (spec.ResourceAttributes == nil) == (spec.NonResourceAttributes == nil) {
		return authorizationv1.SubjectAccessReviewSpec{}, errors.New("decode subject access review: want either spec.resourceAttributes or spec.nonResourceAttributes")
	}
	return spec, nil
}

// reviewOf puts a question and its answer together.
func reviewOf(spec authorizationv1.SubjectAccessReviewSpec, d Decision) Review {
	review := Review{Username: spec.User, Decision: d}
	if r := spec.ResourceAttributes; r != nil {
		review.Verb, review.Group, review.Resource, review.Namespace, review.Name = r.Verb, r.Group, r.Resource, r.Namespace, r.Name
		if r.Subresource != "" {
			review.Resource += "/" + r.Subresource
		}
	}
	if n := spec.NonResourceAttributes; n != nil {
		review.Verb, review.Path = n.Verb, n.Path
	}
	return review
}
