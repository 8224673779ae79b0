package iam

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func issue(t testing.TB, s *Store, arn, name string, o SessionOptions) (Credentials, Caller) {
	t.Helper()
	credentials, caller, err := s.IssueRoleSession(arn, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return credentials, caller
}

func devRole(t testing.TB, s *Store) string {
	t.Helper()
	return putRole(t, s, Role{AccountID: account, Path: "/team/", Name: "dev", TrustPolicy: trusting(t, account)}).ARN("aws")
}

func TestRoleSession(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newStore(t, c)
	arn := devRole(t, s)
	tags := []Tag{{"team", "blue", false}, {"cost", "1", true}, {"empty", "", true}}
	credentials, issued := issue(t, s, arn, "me@example.com", SessionOptions{Duration: 20 * time.Minute, SourceIdentity: "alice", Tags: tags})

	if want := time.Date(2026, 1, 2, 3, 24, 5, 0, time.UTC); !credentials.Expiration.Equal(want) {
		t.Errorf("expires %s, want %s", credentials.Expiration, want)
	}
	if !strings.HasPrefix(credentials.AccessKeyID, "ASIA") || accountOf(t, credentials.AccessKeyID) != account || len(credentials.SecretAccessKey) != 40 {
		t.Errorf("access key %s, secret of %d characters", credentials.AccessKeyID, len(credentials.SecretAccessKey))
	}
	role, err := s.Role(arn)
	if err != nil {
		t.Fatal(err)
	}
	want := Caller{
		Type: CallerAssumedRole, AccountID: account, AccessKeyID: credentials.AccessKeyID,
		ARN:          "arn:aws:sts::111122223333:assumed-role/dev/me@example.com", // no path: spec/sts.md 4.1
		UserID:       role.UniqueID + ":me@example.com",
		PrincipalARN: "arn:aws:iam::111122223333:role/team/dev", PrincipalID: role.UniqueID,
		SessionName: "me@example.com", SourceIdentity: "alice", Tags: tags,
		Temporary: true, IssuedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Expiration: credentials.Expiration,
	}
	if diff := cmp.Diff(want, issued); diff != "" {
		t.Errorf("issued (-want +got):\n%s", diff)
	}
	// Another store with the same key and roles knows the session: nothing is kept.
	replica := newStore(t, c)
	devRole(t, replica)
	secret, opened, err := replica.Credential(credentials.AccessKeyID, credentials.SessionToken)
	if err != nil || secret != credentials.SecretAccessKey {
		t.Fatalf("the replica's secret differs, or %v", err)
	}
	if diff := cmp.Diff(want, opened); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

func TestCredentialRefusals(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newStore(t, c)
	arn := devRole(t, s)
	a, _ := issue(t, s, arn, "aa", SessionOptions{Duration: 15 * time.Minute})
	b, _ := issue(t, s, arn, "bb", SessionOptions{Duration: time.Hour})
	alice := user(t, s, account, "alice")
	putUser(t, s, User{AccountID: account, Name: "lazy", AccessKeys: []AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "x", Inactive: true}}})
	foreign, err := NewStore(Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	devRole(t, foreign)
	f, _ := issue(t, foreign, arn, "ff", SessionOptions{})

	check := func(name, id, token string, want error) {
		t.Helper()
		secret, caller, err := s.Credential(id, token)
		if !errors.Is(err, want) || secret != "" || caller.ARN != "" {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		if err != nil && token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error has the token in it", name)
		}
	}
	check("unknown key", "AKIAUNKNOWNUNKNOWN22", "", ErrUnknownAccessKey)
	check("inactive key", "AKIAIOSFODNN7EXAMPLE", "", ErrInactiveAccessKey)
	check("session key without its token", a.AccessKeyID, "", ErrUnknownAccessKey)
	check("garbage", a.AccessKeyID, "garbage", ErrInvalidToken)
	check("token of another session", a.AccessKeyID, b.SessionToken, ErrInvalidToken)
	check("token with a user's key", alice.AccessKeyID, a.SessionToken, ErrInvalidToken)
	check("token of another key", f.AccessKeyID, f.SessionToken, ErrInvalidToken)
	check("line break", a.AccessKeyID, a.SessionToken[:8]+"\n"+a.SessionToken[8:], ErrInvalidToken)
	check("too long", a.AccessKeyID, strings.Repeat("A", 1<<20), ErrInvalidToken)

	c.now = a.Expiration.Add(-time.Nanosecond)
	if _, _, err := s.Credential(a.AccessKeyID, a.SessionToken); err != nil {
		t.Errorf("before its expiry: %v", err)
	}
	c.now = a.Expiration
	check("expired", a.AccessKeyID, a.SessionToken, ErrExpiredToken)
	if err := s.DeleteRole(arn); err != nil {
		t.Fatal(err)
	}
	check("expired comes before deleted", a.AccessKeyID, a.SessionToken, ErrExpiredToken) // steps 14 and 15
	check("role deleted", b.AccessKeyID, b.SessionToken, ErrDeletedPrincipal)
	devRole(t, s)
	check("role recreated", b.AccessKeyID, b.SessionToken, ErrDeletedPrincipal)
	if err := s.DeleteUser(alice.ARN); err != nil {
		t.Fatal(err)
	}
	check("user deleted", alice.AccessKeyID, "", ErrUnknownAccessKey)
}

func TestIssueRoleSessionRefusals(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	arn := devRole(t, s)
	for want, try := range map[string]func() error{
		"role arn:x: does not exist": func() error { return third(s.IssueRoleSession("arn:x", "name", SessionOptions{})) },
		`session name: "x" is not 2 to 64 letters`: func() error {
			return third(s.IssueRoleSession(arn, "x", SessionOptions{}))
		},
		`source identity: "a b" is not`: func() error {
			return third(s.IssueRoleSession(arn, "xx", SessionOptions{SourceIdentity: "a b"}))
		},
		"duration: 1s is not between 15m0s and 12h0m0s": func() error {
			return third(s.IssueRoleSession(arn, "xx", SessionOptions{Duration: time.Second}))
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// No change of a single bit, and no change of a character, leaves a token that opens.
func TestForgedTokensNeverOpen(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	credentials, _ := issue(t, s, devRole(t, s), "me", SessionOptions{Tags: []Tag{{"a", "b", true}}})
	raw, err := base64.StdEncoding.DecodeString(credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		forged := []byte(string(raw))
		forged[bit/8] ^= 1 << (bit % 8)
		if _, _, err := s.Credential(credentials.AccessKeyID, base64.StdEncoding.EncodeToString(forged)); !errors.Is(err, ErrInvalidToken) {
			t.Fatalf("bit %d: got %v", bit, err)
		}
	}
	for i := range len(credentials.SessionToken) {
		forged := []byte(credentials.SessionToken)
		forged[i] ^= 1
		if _, _, err := s.Credential(credentials.AccessKeyID, string(forged)); !errors.Is(err, ErrInvalidToken) {
			t.Fatalf("character %d: got %v", i, err)
		}
	}
	for bit := range len(credentials.AccessKeyID) * 8 {
		id := []byte(credentials.AccessKeyID)
		id[bit/8] ^= 1 << (bit % 8)
		if _, _, err := s.Credential(string(id), credentials.SessionToken); !errors.Is(err, ErrInvalidToken) {
			t.Fatalf("bit %s of the access key ID: got %v", strconv.Itoa(bit), err)
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	// The fuzzer's processes must all know the same genuine token, so nothing here is random.
	s, err := NewStore(Options{SealingKey: make([]byte, 32), Now: newClock().Now, Rand: rand.NewChaCha8([32]byte{})})
	if err != nil {
		f.Fatal(err)
	}
	credentials, _ := issue(f, s, devRole(f, s), "me", SessionOptions{})
	f.Add(credentials.AccessKeyID, credentials.SessionToken)
	f.Add(credentials.AccessKeyID, credentials.SessionToken+"=")
	f.Add("", "AQ==")
	f.Add(credentials.AccessKeyID, strings.Repeat("A", MaxSessionTokenLength))
	f.Fuzz(func(t *testing.T, id, token string) {
		_, _, err := s.Credential(id, token)
		genuine := id == credentials.AccessKeyID && token == credentials.SessionToken
		if genuine != (err == nil) {
			t.Errorf("genuine: %t, but got %v", genuine, err)
		}
	})
}
