package iam

import "time"

// CallerType is what kind of identity a caller is.
type CallerType string

// The kinds of callers. A session of GetSessionToken is of the kind of whoever it was made for.
const (
	CallerUser          CallerType = "user"
	CallerAssumedRole   CallerType = "assumed-role"
	CallerFederatedUser CallerType = "federated-user"
	CallerRoot          CallerType = "root"
)

// Caller is who makes a request.
type Caller struct {
	Type        CallerType
	AccountID   string
	ARN         string // as GetCallerIdentity shows it: arn:aws:sts::…:assumed-role/ROLE/SESSION for a role session
	UserID      string // as GetCallerIdentity shows it: AIDA…, AROA…:SESSION, ACCOUNT:NAME of a federated user, the account ID of a root user
	AccessKeyID string

	PrincipalARN string // ARN of the user, the role (with its path) or the root; of a federated user: of who called GetFederationToken
	PrincipalID  string // unique ID of that user or role; the account ID of a root user

	// Of sessions only.
	Temporary  bool // the request is signed with a session's key
	IssuedAt   time.Time
	Expiration time.Time
	// MFA says that the session is one of GetSessionToken that a device was used for, at MFATime. A role session never
	// says so, even if its AssumeRole used a device (IAM User Guide, id_credentials_mfa_configure-api-require).
	MFA     bool
	MFATime time.Time

	// Of role sessions and federated users only.
	SessionName     string
	Tags            []Tag
	SessionPolicies []Policy // nil: none. What they do not allow the session may not do

	// Of role sessions only.
	SourceIdentity    string
	FederatedProvider string // ARN of the OIDC provider whose token the session was given for
}

// root says whether a caller has the rights of a root user, before its session policies.
func (c Caller) root() bool { return c.PrincipalID != "" && c.PrincipalID == c.AccountID }

// caller is who signs with a long-term key.
func (o keyOwner) caller(accessKeyID string) Caller {
	c := Caller{
		Type: CallerUser, AccountID: o.accountID, ARN: o.arn, UserID: o.userID, AccessKeyID: accessKeyID,
		PrincipalARN: o.arn, PrincipalID: o.userID,
	}
	if o.isRoot {
		c.Type = CallerRoot
	}
	return c
}

// sessionCaller is who a session's record stands for, or false if its principal is gone.
func (st *state) sessionCaller(accessKeyID string, r record) (Caller, bool) {
	c := Caller{
		AccessKeyID: accessKeyID, PrincipalID: r.principalID,
		Temporary: true, IssuedAt: time.Unix(r.issued, 0).UTC(), Expiration: time.Unix(r.expires, 0).UTC(),
		SessionName: r.name, Tags: r.tags, SourceIdentity: r.sourceIdentity, FederatedProvider: r.provider,
	}
	if r.mfa != 0 {
		c.MFA, c.MFATime = true, time.Unix(r.mfa, 0).UTC()
	}
	if r.kind == roleSession {
		return st.roleSessionCaller(c)
	}
	if !st.ownSession(&c) {
		return Caller{}, false
	}
	if r.kind == federatedSession {
		c.Type = CallerFederatedUser
		c.ARN, c.UserID = FederatedUserARN(st.partition, c.AccountID, r.name), c.AccountID+":"+r.name
	}
	return c, true
}

func (st *state) roleSessionCaller(c Caller) (Caller, bool) {
	role, ok := st.ids[c.PrincipalID]
	if !ok || role.kind != roleKind {
		return Caller{}, false
	}
	c.Type, c.AccountID, c.PrincipalARN = CallerAssumedRole, role.accountID, role.arn
	c.ARN = AssumedRoleARN(st.partition, role.accountID, role.name, c.SessionName)
	c.UserID = c.PrincipalID + ":" + c.SessionName
	return c, true
}

// ownSession makes a caller the user or root that its principal ID is of, or returns false if there is none.
func (st *state) ownSession(c *Caller) bool {
	if isAccountID(c.PrincipalID) {
		c.Type, c.AccountID = CallerRoot, c.PrincipalID
		c.PrincipalARN = RootARN(st.partition, c.AccountID)
	} else {
		user, ok := st.ids[c.PrincipalID]
		if !ok || user.kind != userKind {
			return false
		}
		c.Type, c.AccountID, c.PrincipalARN = CallerUser, user.accountID, user.arn
	}
	c.ARN, c.UserID = c.PrincipalARN, c.PrincipalID
	return true
}
