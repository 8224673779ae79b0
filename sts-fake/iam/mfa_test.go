package iam

import (
	"encoding/base32"
	"errors"
	"strings"
	"testing"
	"time"
)

const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238 appendix B: "12345678901234567890"

// The last six of the eight digits of RFC 6238 appendix B.
func TestTOTP(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for _, written := range []string{seed, strings.ToLower(seed), seed[:8] + " " + seed[8:] + "=="} {
			if got, err := TOTP(written, time.Unix(seconds, 0)); got != want || err != nil {
				t.Errorf("at %d: got %s, %v, want %s", seconds, got, err, want)
			}
		}
	}
	for _, bad := range []string{"", "GEZDGNBV", "1NOTBASE32!!!!!!!!!!!", "GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ"} {
		if _, err := TOTP(bad, time.Unix(0, 0)); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// The window of one step is RFC 6238's advice; AWS's is not known [I]. Whose device it must be: spec/sts.md section 2.2 [R].
func TestVerifyMFA(t *testing.T) {
	t.Parallel()
	c := newClock()
	c.now = time.Unix(1111111111, 0)
	s := newStore(t, c)
	const serial = "arn:aws:iam::111122223333:mfa/alice"
	key, err := FixtureAccessKey(account, "alice")
	if err != nil {
		t.Fatal(err)
	}
	putUser(t, s, User{AccountID: account, Name: "alice", AccessKeys: []AccessKey{key}, MFADevices: []MFADevice{
		{SerialNumber: "GAHT12345678", Seed: base32.StdEncoding.EncodeToString([]byte("another device"))}, {SerialNumber: serial, Seed: seed},
	}})
	_, alice, err := s.Credential(key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	bob := user(t, s, account, "bob")
	dev := devRole(t, s)
	_, session := issue(t, s, dev, "me", SessionOptions{})
	_, own, err := s.IssueUserSession(alice, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	code := func(after time.Duration) string {
		out, err := TOTP(seed, c.now.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, tt := range []struct {
		name         string
		caller       Caller
		serial, code string
		want         error
	}{
		{"now", alice, serial, "050471", nil},
		{"the step before", alice, serial, code(-30 * time.Second), nil},
		{"the step after", alice, serial, code(30 * time.Second), nil},
		{"the user's session", own, serial, "050471", nil},
		{"two steps before", alice, serial, code(-60 * time.Second), ErrInvalidMFACode},
		{"two steps after", alice, serial, code(60 * time.Second), ErrInvalidMFACode},
		{"no code", alice, serial, "", ErrInvalidMFACode},
		{"a longer code", alice, serial, "0050471", ErrInvalidMFACode},
		{"another device's code", alice, "GAHT12345678", "050471", ErrInvalidMFACode},
		{"no such device", alice, "arn:aws:iam::111122223333:mfa/bob", "050471", ErrUnknownMFADevice},
		{"another user's device", bob, serial, "050471", ErrUnknownMFADevice},
		{"a role session", session, serial, "050471", ErrUnknownMFADevice},
	} {
		err := s.VerifyMFA(tt.caller, tt.serial, tt.code)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && (tt.code != "" && strings.Contains(err.Error(), tt.code) || strings.Contains(err.Error(), seed)) {
			t.Errorf("%s: the error shows a secret: %v", tt.name, err)
		}
	}
}

func TestMFADeviceProblems(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	putUser(t, s, User{AccountID: account, Name: "alice", MFADevices: []MFADevice{{SerialNumber: "GAHT12345678", Seed: seed}}})
	err := s.Load(Snapshot{Users: []User{
		{AccountID: account, Name: "bob", MFADevices: []MFADevice{{SerialNumber: "short", Seed: "GEZDGNBV"}, {SerialNumber: "with space", Seed: "not/base32/secret"}}},
		{AccountID: account, Name: "carol", MFADevices: []MFADevice{{SerialNumber: "GAHT12345678", Seed: seed}}},
	}})
	const bob = `user arn:aws:iam::111122223333:user/bob: MFA device `
	want := strings.Join([]string{
		bob + `"short": a serial number is 9 to 256 letters, digits or _+=/:,.@-`,
		bob + `"short": the seed of an MFA device has 5 bytes: it must have at least 10`,
		bob + `"with space": a serial number is 9 to 256 letters, digits or _+=/:,.@-`,
		bob + `"with space": the seed of an MFA device is not base32`,
		`user arn:aws:iam::111122223333:user/carol: the MFA device GAHT12345678 is taken by arn:aws:iam::111122223333:user/alice`,
	}, "; ")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	// A device is free again when its user is changed or gone.
	putUser(t, s, User{AccountID: account, Name: "alice"})
	putUser(t, s, User{AccountID: account, Name: "carol", MFADevices: []MFADevice{{SerialNumber: "GAHT12345678", Seed: seed}}})
	if err := s.DeleteUser("arn:aws:iam::111122223333:user/carol"); err != nil {
		t.Fatal(err)
	}
	putUser(t, s, User{AccountID: account, Name: "dave", MFADevices: []MFADevice{{SerialNumber: "GAHT12345678", Seed: seed}}})
}
