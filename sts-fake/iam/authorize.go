package iam

import "fmt"

// Actions of AssumeRole: passing tags or a source identity along has its own.
const (
	actionAssumeRole        = "sts:AssumeRole"
	actionTagSession        = "sts:TagSession"
	actionSetSourceIdentity = "sts:SetSourceIdentity"
)

// AssumeRoleContext is what a caller asks for with AssumeRole, as far as policies see it.
type AssumeRoleContext struct {
	SessionName    string
	ExternalID     string // "" if none was given
	SourceIdentity string
	Tags           []Tag  // as requested, without those that the caller's session passes on
	Region         string // that the request went to; "" if unknown
}

// AccessDeniedError is an AssumeRole that policies do not allow.
type AccessDeniedError struct {
	Principal string // caller's ARN
	Action    string // "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
	Resource  string // role ARN as sent
	Root      bool   // refused because the caller is a root user, who may assume no role whatever policies say
	Reason    string // what decided; AWS does not tell its callers
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf("%s may not %s on %s: %s", e.Principal, e.Action, e.Resource, e.Reason)
}

// AuthorizeAssumeRole decides whether a caller may assume a role, by the role's trust policy and the caller's
// identity policies (spec/sts.md section 4.3). The error is an *[AccessDeniedError]; a role that does not exist
// is refused like any other, so that nobody learns which roles there are.
//
// The trust policy must always allow it. In the role's own account that is enough if it names the caller
// itself; if it names the account, an identity policy must allow it too. From another account an identity
// policy must always allow it. An explicit Deny anywhere wins. A role session asks as its role, and a role has
// no right to assume itself that the trust policy does not give it.
//
// Tags need the same for sts:TagSession, a source identity for sts:SetSourceIdentity. That tags which a
// session merely passes on need it as well follows the IAM User Guide on role chaining, not a record.
func (s *Store) AuthorizeAssumeRole(c Caller, roleARN string, req AssumeRoleContext) error {
	denied := func(action, reason string) *AccessDeniedError {
		return &AccessDeniedError{Principal: c.ARN, Action: action, Resource: roleARN, Reason: reason}
	}
	if c.Type == CallerRoot {
		err := denied(actionAssumeRole, "root users may not assume roles")
		err.Root = true
		return err
	}
	st := s.read()
	role, ok := st.roles[roleARN]
	if !ok {
		return denied(actionAssumeRole, "the role does not exist")
	}
	// A source identity stays for the whole chain. That changing it is refused like this is inferred.
	if c.SourceIdentity != "" && req.SourceIdentity != "" && req.SourceIdentity != c.SourceIdentity {
		return denied(actionSetSourceIdentity, "the caller's session has another source identity already")
	}
	keys := assumeRoleKeys(c, role, req)
	for _, action := range requiredActions(c, req) {
		if reason := st.refusal(c, role, question{action, roleARN, keys}); reason != "" {
			return denied(action, reason)
		}
	}
	return nil
}

func requiredActions(c Caller, req AssumeRoleContext) []string {
	actions := []string{actionAssumeRole}
	if len(req.Tags) > 0 || len(TransitiveTags(c)) > 0 {
		actions = append(actions, actionTagSession)
	}
	if req.SourceIdentity != "" || c.SourceIdentity != "" {
		actions = append(actions, actionSetSourceIdentity)
	}
	return actions
}

// TransitiveTags are the tags of a caller's session that pass on to the next role.
func TransitiveTags(c Caller) []Tag {
	var out []Tag
	for _, tag := range c.Tags {
		if tag.Transitive {
			out = append(out, tag)
		}
	}
	return out
}

// refusal is why an action is not allowed, or "" if it is.
func (st *state) refusal(c Caller, role Role, q question) string {
	trust, trustDenies := evaluateTrust(role.TrustPolicy, c, q)
	identityAllows, identityDenies := evaluateIdentity(st.identityPolicies(c), q)
	switch {
	case trustDenies:
		return "the role's trust policy denies it explicitly"
	case identityDenies:
		return "an identity policy of the caller denies it explicitly"
	case trust == grantNone:
		return "the role's trust policy does not allow it"
	case identityAllows:
		return ""
	case c.AccountID != role.AccountID:
		return "the role is in another account, and no identity policy of the caller allows it"
	case trust == grantAccount:
		return "the role's trust policy leaves it to the account, and no identity policy of the caller allows it"
	}
	return ""
}

func (st *state) identityPolicies(c Caller) []Policy {
	if c.Type == CallerUser {
		return st.users[c.PrincipalARN].Policies
	}
	return st.roles[c.PrincipalARN].Policies
}
