package iam

import (
	"strconv"
	"testing"
)

// The cost of finding a caller and the secret to verify its signature with, which every request pays.
func BenchmarkCredential(b *testing.B) {
	s := newStore(b, newClock())
	caller := user(b, s, account, "alice")
	session, _ := issue(b, s, devRole(b, s), "me", SessionOptions{})
	tagged, _ := issue(b, s, devRole(b, s), "me", SessionOptions{Tags: []Tag{{"team", "blue", true}, {"cost", "1", false}}})
	bound, _ := issue(b, s, devRole(b, s), "me", SessionOptions{Policies: []Policy{policy(b, everything)}})
	for _, bb := range []struct{ name, id, token string }{
		{"long-term key", caller.AccessKeyID, ""},
		{"session", session.AccessKeyID, session.SessionToken},
		{"session with tags", tagged.AccessKeyID, tagged.SessionToken},
		{"session with a policy", bound.AccessKeyID, bound.SessionToken},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Credential(bb.id, bb.token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A million identities: -benchtime=1000000x. The store keeps none of them (see TestSessionsTakeNoMemory).
func BenchmarkIdentities(b *testing.B) {
	s := newStore(b, newClock())
	arn := devRole(b, s)
	b.ReportAllocs()
	for i := range b.N {
		credentials, _ := issue(b, s, arn, "session-"+strconv.Itoa(i), SessionOptions{})
		if _, _, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken); err != nil {
			b.Fatal(err)
		}
	}
}
