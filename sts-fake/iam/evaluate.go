package iam

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
		v.denied = "a session policy of the caller denies it explicitly"
	}
	return v
}

func (st *state) identityPolicies(c Caller) []Policy {
	if user, ok := st.users[c.PrincipalARN]; ok {
		return user.Policies
	}
	return st.roles[c.PrincipalARN].Policies
}
