package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Why credentials are refused. AWS tells a client less: three of these look alike from outside.
var (
	ErrUnknownAccessKey  = errors.New("no such access key")
	ErrInactiveAccessKey = errors.New("the access key is inactive")
	ErrInvalidToken      = errors.New("the session token was not issued here for this access key")
	ErrExpiredToken      = errors.New("the session has expired")
	ErrDeletedPrincipal  = errors.New("the session's role was deleted")
)

// CallerType is what kind of identity a caller is.
type CallerType string

// The kinds of callers.
const (
	CallerUser        CallerType = "user"
	CallerAssumedRole CallerType = "assumed-role"
	CallerRoot        CallerType = "root"
)

// Caller is who makes a request.
type Caller struct {
	Type        CallerType
	AccountID   string
	ARN         string // as GetCallerIdentity shows it: arn:aws:sts::…:assumed-role/ROLE/SESSION for a role session
	UserID      string // as GetCallerIdentity shows it: AIDA…, AROA…:SESSION, or the account ID of a root user
	AccessKeyID string

	PrincipalARN string // ARN of the user, the role (with its path) or the root
	PrincipalID  string // unique ID of the user or role; the account ID of a root user

	// Of a role session only.
	SessionName    string
	SourceIdentity string
	Tags           []Tag
	Expiration     time.Time
}

// Credential finds the secret that a request must be signed with, and whose it is. sessionToken is "" for
// long-term keys. The checks come in AWS's order (spec/sts.md section 1.7, steps 14 and 15): the token is
// intact ([ErrInvalidToken]), not expired ([ErrExpiredToken]), and the key is known ([ErrUnknownAccessKey],
// [ErrInactiveAccessKey], [ErrDeletedPrincipal]). A session is over at the second it expires; that AWS rounds
// the same way is inferred.
func (s *Store) Credential(accessKeyID, sessionToken string) (secret string, caller Caller, err error) {
	if sessionToken != "" {
		return s.sessionCredential(accessKeyID, sessionToken)
	}
	st := s.read()
	owner, ok := st.keys[accessKeyID]
	if !ok {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrUnknownAccessKey)
	}
	if owner.key.Inactive {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrInactiveAccessKey)
	}
	return owner.key.Secret, st.longTermCaller(owner), nil
}

func (st *state) longTermCaller(owner keyOwner) Caller {
	c := Caller{Type: CallerUser, AccountID: owner.accountID, ARN: owner.arn, PrincipalARN: owner.arn, AccessKeyID: owner.key.ID}
	c.UserID = st.users[owner.arn].UniqueID
	if owner.root {
		c.Type, c.UserID = CallerRoot, owner.accountID
	}
	c.PrincipalID = c.UserID
	return c
}

func (s *Store) sessionCredential(accessKeyID, token string) (string, Caller, error) {
	plain, ok := s.sealer.open(accessKeyID, token)
	if !ok {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrInvalidToken)
	}
	var r record
	if err := json.Unmarshal(plain, &r); err != nil {
		return "", Caller{}, fmt.Errorf("%q: %w: %w", accessKeyID, ErrInvalidToken, err)
	}
	if s.now().Unix() >= r.Expires {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrExpiredToken)
	}
	st := s.read()
	role, ok := st.roles[st.ids[r.RoleID]]
	if !ok {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrDeletedPrincipal)
	}
	return s.sealer.secret(token), s.sessionCaller(role, accessKeyID, r), nil
}

func (s *Store) sessionCaller(role Role, accessKeyID string, r record) Caller {
	return Caller{
		Type:           CallerAssumedRole,
		AccountID:      role.AccountID,
		ARN:            AssumedRoleARN(s.partition, role.AccountID, role.Name, r.Name),
		UserID:         role.UniqueID + ":" + r.Name,
		AccessKeyID:    accessKeyID,
		PrincipalARN:   role.ARN(s.partition),
		PrincipalID:    role.UniqueID,
		SessionName:    r.Name,
		SourceIdentity: r.SourceIdentity,
		Tags:           r.tags(),
		Expiration:     time.Unix(r.Expires, 0).UTC(),
	}
}
