package access

import (
	"maps"
	"slices"
	"sync/atomic"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// PrincipalIDKey is the key of user.extra under which aws-iam-authenticator writes the unique ID of a user or role, a role's
// without the session name (pkg/server/server.go and pkg/token/token.go of v0.7.18). It writes the ID under "principalId"
// too. Which key EKS's authorizer reads is [X]. This one cannot be forged by impersonation, because the API server
// lower-cases the keys of Impersonate-Extra headers (k8s.io/apiserver/pkg/endpoints/filters/impersonation) and leaves those
// of an authenticator as they are.
const PrincipalIDKey = "sigs.k8s.io/aws-iam-authenticator/principalId"

// Decision is what the access policies say to a request. They never forbid one: about what they do not allow they have no
// opinion.
type Decision struct {
	// PrincipalID is the unique ID of the IAM principal that asks. It is empty when the review names none that a policy is
	// associated with.
	PrincipalID string
	Allowed     bool
	// Binding is what allows it, named as EKS does: PRINCIPAL-ARN+POLICY-ARN. Policy is that policy's name.
	Binding, Policy string
	Reason          string // in EKS's words; empty unless allowed
	// Policies names the policies of the principal with their scopes. The slice is shared, and not to be changed.
	Policies []string
	// Unknown names the policies of the principal of which it is not known what they allow: those allowed nothing here. The
	// slice is shared, and not to be changed.
	Unknown []string
}

// Options is what an Authorizer may be given.
type Options struct {
	// Observe is called for every review of a principal that a policy is associated with, before it is answered, from many
	// goroutines. The texts in it are as long as the client made them.
	Observe func(Review)
}

// Authorizer answers for the access policies that are associated with access entries. It is an [net/http.Handler] for
// SubjectAccessReviews, and safe for concurrent use.
type Authorizer struct {
	observe    func(Review)
	rules      map[string][]rbacv1.PolicyRule // of each policy whose rules are known, by its name
	principals atomic.Pointer[map[string]principal]
}

// NewAuthorizer is an authorizer without grants.
func NewAuthorizer(options Options) *Authorizer {
	a := &Authorizer{observe: options.Observe, rules: knownRules()}
	a.SetGrants(nil)
	return a
}

// SetGrants replaces all grants. Decisions that are being made go by those from before; none waits. Grants of one principal
// add up. One without a principal ID is skipped.
func (a *Authorizer) SetGrants(grants []Grant) {
	principals := compile(grants, a.rules)
	a.principals.Store(&principals)
}

// Authorize decides about a review by the grants that there are.
func (a *Authorizer) Authorize(spec authorizationv1.SubjectAccessReviewSpec) Decision {
	id := principalID(spec.Extra)
	p, ok := (*a.principals.Load())[id]
	if !ok {
		return Decision{}
	}
	d := Decision{PrincipalID: id, Policies: p.policies, Unknown: p.unknown}
	for i := range p.bindings {
		if b := &p.bindings[i]; b.allows(&spec) {
			d.Allowed, d.Binding, d.Policy, d.Reason = true, b.name, nameOf(b.grant.PolicyARN), b.reason(&spec)
			break
		}
	}
	return d
}

// Unknown names the policies among grants of which it is not known what they allow, in order and once each. That those allow
// nothing is eksemu's doing, not AWS's. One that is no policy at all is named by its ARN.
func Unknown(grants []Grant) []string {
	rules := knownRules()
	names := map[string]bool{}
	for _, g := range grants {
		if name := nameOf(g.PolicyARN); rules[name] == nil {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// knownRules are the rules of each policy that has some, by its name.
func knownRules() map[string][]rbacv1.PolicyRule {
	rules := map[string][]rbacv1.PolicyRule{}
	for _, p := range Policies() {
		if p.Rules != nil {
			rules[p.Name] = p.Rules
		}
	}
	return rules
}

// principalID is the principal's unique ID in user.extra, or "". Of several values the first counts: the authenticator
// writes one.
func principalID(extra map[string]authorizationv1.ExtraValue) string {
	if values := extra[PrincipalIDKey]; len(values) > 0 {
		return values[0]
	}
	return ""
}
