package iam

import (
	"slices"
	"strings"
)

// question is what a policy is asked.
type question struct {
	action   string // "sts:AssumeRole"
	resource string // ARN
	keys     requestKeys
}

// evaluateTrust asks a trust policy, whose own resource is the role. It says how whoever asks is allowed, and
// whether it is denied.
func evaluateTrust(p Policy, who subject, q question) (granted grant, denied bool) {
	for _, s := range p.doc.statements {
		found := s.principal.covers(who)
		if found == grantNone || !s.actions.matches(q.action, q.keys) || !s.conditionsHold(q.keys) {
			continue
		}
		if s.deny {
			denied = true
		} else {
			granted = max(granted, found)
		}
	}
	return granted, denied
}

// TrustsService tells whether a trust policy lets a service of AWS ("eks.amazonaws.com") assume its role. Conditions count as
// met: which keys a service's request has is not known.
func (p Policy) TrustsService(service string) bool {
	if p.doc == nil {
		return false
	}
	trusted := false
	for _, s := range p.doc.statements {
		if s.principal == nil || s.principal.not || !slices.Contains(s.principal.service, service) || !s.actions.matches("sts:AssumeRole", nil) {
			continue
		}
		if s.deny {
			return false
		}
		trusted = true
	}
	return trusted
}

// evaluatePolicies asks a principal's own policies, or a session's.
func evaluatePolicies(policies []Policy, q question) (allowed, denied bool) {
	for _, p := range policies {
		for _, s := range p.doc.statements {
			if !s.actions.matches(q.action, q.keys) || !s.resources.matches(q.resource, q.keys) || !s.conditionsHold(q.keys) {
				continue
			}
			if s.deny {
				denied = true
			} else {
				allowed = true
			}
		}
	}
	return allowed, denied
}

func (s statement) conditionsHold(keys requestKeys) bool {
	for _, c := range s.conditions {
		if !c.holds(keys) {
			return false
		}
	}
	return true
}

// verdict is what a caller's own policies say: its identity policies, and its session policies, which bound them.
type verdict struct {
	identity, session bool   // each allows it
	denied            string // why it is denied explicitly, or ""
	sessionDenied     bool   // a session policy denies it, and no identity policy
}

// ask asks the policies of a caller. A federated user without session policies may do nothing; any other session
// without them is not bound (API reference, GetFederationToken; IAM User Guide, access_policies).
func (st *state) ask(c Caller, q question) verdict {
	identity, identityDenies := evaluatePolicies(st.identityPolicies(c), q)
	session, sessionDenies := evaluatePolicies(c.SessionPolicies, q)
	v := verdict{identity: identity || c.root(), session: session}
	if len(c.SessionPolicies) == 0 {
		v.session = c.Type != CallerFederatedUser
	}
	switch {
	case identityDenies:
		v.denied = "an identity policy of the caller denies it explicitly"
	case sessionDenies:
		v.denied, v.sessionDenied = "a session policy of the caller denies it explicitly", true
	}
	return v
}

// identityPolicies are the policies of a caller's user or role: its own, and those that it is attached to.
func (st *state) identityPolicies(c Caller) []Policy {
	inline, attached := st.policiesOf(c.PrincipalARN)
	out := make([]Policy, 0, len(inline)+len(attached))
	for _, p := range inline {
		out = append(out, p.Document)
	}
	for _, arn := range attached {
		if document, known := st.policyDocument(arn); known {
			out = append(out, document)
		}
	}
	return out
}

func (st *state) policiesOf(arn string) (inline []InlinePolicy, attached []string) {
	if user, ok := st.users[arn]; ok {
		return user.Policies, user.AttachedPolicies
	}
	return st.roles[arn].Policies, st.roles[arn].AttachedPolicies
}

// notAllowed is why no identity policy of a caller allows something, with the policies that might but are not known.
func (st *state) notAllowed(c Caller) string {
	const reason = "no identity policy of the caller allows it"
	_, attached := st.policiesOf(c.PrincipalARN)
	var unknown []string
	for _, arn := range attached {
		if _, known := st.policyDocument(arn); !known {
			unknown = append(unknown, arn)
		}
	}
	if len(unknown) == 0 {
		return reason
	}
	return reason + "; what " + strings.Join(unknown, " and ") + " would allow is not known here: attach a policy of your own"
}
