package audit

import (
	"encoding/json"

	"github.com/eksemu/eksemu/emulator/trace"
)

// accessReview is what the Self-, Local- and plain SubjectAccessReview of authorization.k8s.io/v1 share.
type accessReview struct {
	Spec struct {
		ResourceAttributes *struct {
			Namespace   string `json:"namespace"`
			Verb        string `json:"verb"`
			Group       string `json:"group"`
			Resource    string `json:"resource"`
			Subresource string `json:"subresource"`
			Name        string `json:"name"`
		} `json:"resourceAttributes"`
		NonResourceAttributes *struct {
			Path string `json:"path"`
			Verb string `json:"verb"`
		} `json:"nonResourceAttributes"`
	} `json:"spec"`
	Status *struct {
		Allowed         bool   `json:"allowed"`
		Denied          bool   `json:"denied"`
		Reason          string `json:"reason"`
		EvaluationError string `json:"evaluationError"`
	} `json:"status"`
}

// review reads the question and the answer of an access review. It is nil for any other request and for a
// review that was not answered, because a missing answer must not look like "no". A SelfSubjectRulesReview asks
// for a list and has neither.
func (e *event) review() *trace.AccessReview {
	if !e.isAccessReview() || e.ResponseStatus == nil || e.ResponseStatus.Code >= 300 { // a refusal's body is a Status
		return nil
	}
	var answer accessReview // repeats the question
	if json.Unmarshal(e.ResponseObject, &answer) != nil || answer.Status == nil {
		return nil
	}
	review := &trace.AccessReview{
		Allowed: answer.Status.Allowed,
		Denied:  answer.Status.Denied,
		Reason:  answer.Status.Reason,
		Error:   answer.Status.EvaluationError,
	}
	question := answer
	if question.Spec.ResourceAttributes == nil && question.Spec.NonResourceAttributes == nil {
		if json.Unmarshal(e.RequestObject, &question) != nil {
			return nil
		}
	}
	question.ask(review)
	return review
}

// isAccessReview says whether the request creates one of the reviews that end in yes or no.
func (e *event) isAccessReview() bool {
	if e.ObjectRef == nil || e.ObjectRef.APIGroup != reviewGroup {
		return false
	}
	switch e.ObjectRef.Resource {
	case "selfsubjectaccessreviews", "subjectaccessreviews", "localsubjectaccessreviews":
		return true
	}
	return false
}

// ask writes the question into review.
func (a *accessReview) ask(review *trace.AccessReview) {
	if r := a.Spec.ResourceAttributes; r != nil {
		review.Verb, review.Group, review.Namespace, review.Name = r.Verb, r.Group, r.Namespace, r.Name
		review.Resource = r.Resource
		if r.Subresource != "" {
			review.Resource += "/" + r.Subresource
		}
	}
	if n := a.Spec.NonResourceAttributes; n != nil {
		review.Verb, review.Path = n.Verb, n.Path
	}
}
