package iam

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrTemporaryCaller is a session that asks for a session of its own user: only long-term keys get one (spec/sts.md
// section 4.4).
var ErrTemporaryCaller = errors.New("the caller has session credentials, and long-term ones are needed")

// IssueRoleSession makes a session of a role without asking who wants it: [Store.AuthorizeAssumeRole] and
// [Store.AuthorizeWebIdentity] do that. It is also how EC2 instance profiles and AWS services get theirs. The role's
// MaxSessionDuration is not looked at, as only AssumeRole is bound by it. The error is [ErrNotFound], a
// *[TokenTooLargeError], or a [Problems] for a name, duration, source identity, tag or policy out of bounds.
func (s *Store) IssueRoleSession(roleARN, sessionName string, o SessionOptions) (Credentials, Caller, error) {
	role, ok := s.read().roles[roleARN]
	if !ok {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session of role %s: %w", roleARN, ErrNotFound)
	}
	if o.Duration == 0 {
		o.Duration = DefaultSessionDuration
	}
	o.MFATime = time.Time{}
	r := record{kind: roleSession, principalID: role.UniqueID, name: sessionName}
	return s.issue(roleARN, role.AccountID, r, o)
}

// IssueUserSession makes the session of GetSessionToken: it is the user's or root's own, with the same ARN and user
// ID, and may do what its principal may (except what [Store.Authorize] says). A root user's lasts at most
// [MaxRootSessionDuration], whatever was asked for (spec/sts.md section 4.2). The error is [ErrTemporaryCaller],
// [ErrNotFound] for a user that was deleted, a *[TokenTooLargeError], or a [Problems] for a duration out of bounds.
func (s *Store) IssueUserSession(c Caller, o SessionOptions) (Credentials, Caller, error) {
	o = SessionOptions{Duration: o.Duration, MFATime: o.MFATime, MinimumTokenSize: o.MinimumTokenSize}
	return s.issueOwn(c, record{kind: userSession, principalID: c.PrincipalID}, o)
}

// IssueFederatedSession makes the session of GetFederationToken: a federated user of that name in the account of the
// user or root who calls, with the rights that both the caller and the session policies have; without policies, none.
// Duration and errors are those of [Store.IssueUserSession]; a [Problems] may be for the name, tags and policies, too.
func (s *Store) IssueFederatedSession(c Caller, name string, o SessionOptions) (Credentials, Caller, error) {
	o = SessionOptions{Duration: o.Duration, Tags: o.Tags, Policies: o.Policies, MinimumTokenSize: o.MinimumTokenSize}
	return s.issueOwn(c, record{kind: federatedSession, principalID: c.PrincipalID, name: name}, o)
}

// issueOwn makes a session that a user or root asks for itself.
func (s *Store) issueOwn(c Caller, r record, o SessionOptions) (Credentials, Caller, error) {
	if c.Temporary {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session of %s: %w", c.ARN, ErrTemporaryCaller)
	}
	if o.Duration == 0 {
		o.Duration = DefaultUserSessionDuration
	}
	if c.Type == CallerRoot {
		o.Duration = min(o.Duration, MaxRootSessionDuration)
	}
	return s.issue(c.ARN, c.AccountID, r, o)
}

// issue seals a session of a principal. of is for errors.
func (s *Store) issue(of, accountID string, r record, o SessionOptions) (Credentials, Caller, error) {
	fail := func(err error) (Credentials, Caller, error) {
		return Credentials{}, Caller{}, fmt.Errorf("issue a session of %s: %w", of, err)
	}
	if err := checkSession(r.kind, r.name, o); err != nil {
		return fail(err)
	}
	now := s.now()
	began := now.Add(-o.Age)
	r.issued, r.expires = began.Unix(), began.Add(o.Duration).Unix()
	r.sourceIdentity, r.provider, r.tags = o.SourceIdentity, o.FederatedProvider, o.Tags
	if !o.MFATime.IsZero() {
		r.mfa = o.MFATime.Unix()
	}
	if err := r.setPolicies(o.Policies); err != nil {
		return fail(err)
	}
	if err := r.checkPolicies(); err != nil {
		return fail(err)
	}
	credentials, err := s.sealRecord(accountID, r, o.MinimumTokenSize)
	if err != nil {
		return fail(err)
	}
	caller, ok := s.read().sessionCaller(credentials.AccessKeyID, r)
	if !ok {
		return fail(ErrNotFound)
	}
	caller.SessionPolicies = o.Policies
	return credentials, caller, nil
}

func (s *Store) sealRecord(accountID string, r record, minimum int) (Credentials, error) {
	var random [8 + secretBytes]byte
	if _, err := io.ReadFull(s.random, random[:]); err != nil {
		return Credentials{}, fmt.Errorf("draw an access key: %w", err)
	}
	id, err := NewAccessKeyID(temporaryKeyPrefix, accountID, binary.BigEndian.Uint64(random[:]))
	if err != nil {
		return Credentials{}, err
	}
	r.secret = random[8:]
	token, err := s.sealer.seal(s.random, id, r.encode(), minimum)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{id, secretFrom(r.secret), token, time.Unix(r.expires, 0).UTC()}, nil
}
