package iam

import (
	"errors"
	"fmt"
)

// Why credentials are refused. AWS tells a client less: three of these look alike from outside.
var (
	ErrUnknownAccessKey  = errors.New("no such access key")
	ErrInactiveAccessKey = errors.New("the access key is inactive")
	ErrInvalidToken      = errors.New("the session token was not issued here for this access key")
	ErrExpiredToken      = errors.New("the session has expired")
	ErrDeletedPrincipal  = errors.New("the session's user or role was deleted")
)

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
	if owner.inactive {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrInactiveAccessKey)
	}
	return owner.secret, owner.caller(accessKeyID), nil
}

func (s *Store) sessionCredential(accessKeyID, token string) (string, Caller, error) {
	plain, ok := s.sealer.open(accessKeyID, token)
	if !ok {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrInvalidToken)
	}
	r, err := decodeRecord(plain)
	if err != nil {
		return "", Caller{}, fmt.Errorf("%q: %w: %w", accessKeyID, ErrInvalidToken, err)
	}
	if s.now().Unix() >= r.expires {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrExpiredToken)
	}
	caller, ok := s.read().sessionCaller(accessKeyID, r)
	if !ok {
		return "", Caller{}, fmt.Errorf("%q: %w", accessKeyID, ErrDeletedPrincipal)
	}
	if caller.SessionPolicies, err = r.parsePolicies(); err != nil {
		return "", Caller{}, fmt.Errorf("%q: %w: %w", accessKeyID, ErrInvalidToken, err)
	}
	return secretFrom(r.secret), caller, nil
}
