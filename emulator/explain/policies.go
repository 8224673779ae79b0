package explain

import (
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// whyNoPolicy finds the cause of a no to an IAM principal that has access policies, or had some before.
func (c *inquiry) whyNoPolicy(id Identity) (Cause, bool) {
	if id.PrincipalID == "" {
		return Cause{}, false
	}
	if review := c.policyReviewOf(id); review != nil {
		return c.uncovered(review), true
	}
	if at, had := c.history.policyHolders[id.PrincipalID]; had && at.Before(received(c.event)) {
		return causeByID("policy-no-longer-allows"), true
	}
	return Cause{}, false
}

// policyReviewOf finds what the access policies said to the question of a request; nil if nobody asked them about its
// caller, who then has none.
func (c *inquiry) policyReviewOf(id Identity) *trace.PolicyReview {
	found := nearest(during(c.history.policyReviews, c.event), completed(c.event), func(e trace.Event) bool {
		review := e.PolicyReview
		return sameCluster(e, c.event) && review.PrincipalID == id.PrincipalID && c.question.isOf(review)
	})
	if found == nil {
		return nil
	}
	return found.PolicyReview
}

// isOf reports whether the access policies were asked the same question.
func (q question) isOf(review *trace.PolicyReview) bool {
	resource := review.Resource
	if review.Group != "" && resource != "" {
		resource += "." + review.Group
	}
	path, _, _ := strings.Cut(review.Path, "?")
	return q.verb == review.Verb && q.namespace == review.Namespace && q.path == path && sameResource(q.resource, resource)
}

// sameResource compares resources, of which the trace has "pods/log" and "deployments.apps/scale" in one form or the other.
func sameResource(a, b string) bool {
	if a == b {
		return true
	}
	base := func(resource string) string {
		plain, _, _ := strings.Cut(resource, ".")
		plain, _, _ = strings.Cut(plain, "/")
		return plain
	}
	return base(a) == base(b)
}

// uncovered is the cause of a no to a principal whose access policies were asked, and which of them.
func (c *inquiry) uncovered(review *trace.PolicyReview) Cause {
	c.facts.set("policies", strings.Join(review.Policies, "; "))
	c.note(HopAccessPolicy, "asked: "+strings.Join(review.Policies, "; "))
	if len(review.Unknown) > 0 {
		c.facts.set("unknown", strings.Join(review.Unknown, ", "))
		return causeByID("policy-rules-unknown")
	}
	return causeByID("policy-does-not-cover")
}
