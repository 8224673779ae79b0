package iam

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

const (
	account = "111122223333"
	other   = "444455556666"
)

// clock is a clock that tests move by hand.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)} }

func (c *clock) Now() time.Time { return c.now }

func newStore(t testing.TB, c *clock) *Store {
	t.Helper()
	s, err := NewStore(Options{SealingKey: bytes.Repeat([]byte{7}, 32), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func policy(t testing.TB, text string, args ...any) Policy {
	t.Helper()
	p, err := ParsePolicy(fmt.Appendf(nil, text, args...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trusting is a trust policy that lets one AWS principal assume the role.
func trusting(t testing.TB, principal string) Policy {
	t.Helper()
	return policy(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}}`, principal)
}

func putUser(t testing.TB, s *Store, u User) User {
	t.Helper()
	out, err := s.PutUser(u)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func putRole(t testing.TB, s *Store, r Role) Role {
	t.Helper()
	out, err := s.PutRole(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// user makes a user with one fixture key and gives back the caller that the key stands for.
func user(t testing.TB, s *Store, accountID, name string, policies ...Policy) Caller {
	t.Helper()
	key, err := FixtureAccessKey(accountID, name)
	if err != nil {
		t.Fatal(err)
	}
	u := User{AccountID: accountID, Name: name, AccessKeys: []AccessKey{key}}
	for _, p := range policies {
		u.Policies = append(u.Policies, InlinePolicy{Document: p})
	}
	putUser(t, s, u)
	_, caller, err := s.Credential(key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	return caller
}
