package iam

// Actions of assuming a role: passing tags or a source identity along has its own.
const (
	actionAssumeRole        = "sts:AssumeRole"
	actionWebIdentity       = "sts:AssumeRoleWithWebIdentity"
	actionTagSession        = "sts:TagSession"
	actionSetSourceIdentity = "sts:SetSourceIdentity"
)

// AssumeRoleContext is what a caller asks for with AssumeRole, as far as policies see it.
type AssumeRoleContext struct {
	SessionName    string
	ExternalID     string // "" if none was given
	SourceIdentity string
	Tags           []Tag // as requested, without those that the caller's session passes on
	// MFAAuthenticated says that the request itself has a good code of an MFA device ([Store.VerifyMFA]).
	MFAAuthenticated bool
	Request          RequestContext // its Tags do not count
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
// A session with session policies needs one that allows it, unless the trust policy is of its own account and names the
// session itself (IAM User Guide, access_policies, "Session policies").
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
	if reason := restriction(c, actionAssumeRole); reason != "" {
		return denied(actionAssumeRole, reason)
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
	keys := s.assumeRoleKeys(st, c, role, req)
	passesTags := len(req.Tags) > 0 || len(TransitiveTags(c)) > 0
	for _, action := range requiredActions(actionAssumeRole, passesTags, req.SourceIdentity != "" || c.SourceIdentity != "") {
		if reason, explicit := st.refusal(c, role, question{action, roleARN, keys}); reason != "" {
			err := denied(action, reason)
			err.Explicit = explicit
			return err
		}
	}
	return nil
}

func (s *Store) assumeRoleKeys(st *state, c Caller, role Role, req AssumeRoleContext) requestKeys {
	req.Request.Tags = nil
	keys := s.requestKeys(req.Request)
	st.setCaller(keys, c, s.now())
	keys.setAssumeRole(role, req)
	return keys
}

func requiredActions(first string, tags, sourceIdentity bool) []string {
	actions := []string{first}
	if tags {
		actions = append(actions, actionTagSession)
	}
	if sourceIdentity {
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

// refusal is why an action is not allowed, or "" if it is, and whether a policy denies it explicitly.
func (st *state) refusal(c Caller, role Role, q question) (reason string, explicit bool) {
	trust, trustDenies := evaluateTrust(role.TrustPolicy, c.subject(), q)
	own := st.ask(c, q)
	foreign := c.AccountID != role.AccountID
	switch {
	case trustDenies:
		return "the role's trust policy denies it explicitly", true
	case own.denied != "":
		return own.denied, true
	case trust == grantNone:
		return "the role's trust policy does not allow it", false
	case !own.session && (foreign || trust != grantSession):
		return "no session policy of the caller allows it", false
	case own.identity:
		return "", false
	case foreign:
		return "the role is in another account, and " + st.notAllowed(c), false
	case trust == grantAccount:
		return "the role's trust policy leaves it to the account, and " + st.notAllowed(c), false
	}
	return "", false
}

// WebIdentity is whoever a token of an OIDC provider is about. The token has been verified.
type WebIdentity struct {
	ProviderARN string // of the role's account
	Issuer      string // of the token, with or without https://
	// Claims are the claims that conditions see, by name ("sub", "aud", "amr"): in conditions, the issuer without https://
	// and a colon stand before the name.
	Claims map[string][]string
}

// AuthorizeWebIdentity decides whether a web identity may assume a role: the role's trust policy must allow
// sts:AssumeRoleWithWebIdentity (and sts:TagSession, sts:SetSourceIdentity) to its provider, as Principal.Federated, and
// must not deny it. Nobody else's policies have a say. The error is an *[AccessDeniedError], also for a role that does
// not exist, or that is in another account than the provider.
func (s *Store) AuthorizeWebIdentity(w WebIdentity, roleARN string, req AssumeRoleContext) error {
	denied := &AccessDeniedError{Principal: w.ProviderARN, Action: actionWebIdentity, Resource: roleARN}
	role, ok := s.read().roles[roleARN]
	provider, _ := ParseARN(w.ProviderARN)
	if !ok || provider.AccountID != role.AccountID {
		denied.Reason = "the provider's account has no such role"
		return denied
	}
	req.Request.Tags = nil
	keys := s.requestKeys(req.Request)
	keys.setAssumeRole(role, req)
	keys.setWebIdentity(w)
	for _, action := range requiredActions(actionWebIdentity, len(req.Tags) > 0, req.SourceIdentity != "") {
		trust, denies := evaluateTrust(role.TrustPolicy, subject{provider: w.ProviderARN}, question{action, roleARN, keys})
		denied.Action = action
		switch {
		case denies:
			denied.Reason, denied.Explicit = "the role's trust policy denies it explicitly", true
			return denied
		case trust == grantNone:
			denied.Reason = "the role's trust policy does not allow it"
			return denied
		}
	}
	return nil
}
