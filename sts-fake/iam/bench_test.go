package iam

import "testing"

// The cost of finding a caller and the secret to verify its signature with, which every request pays.
func BenchmarkCredential(b *testing.B) {
	s := newStore(b, newClock())
	caller := user(b, s, account, "alice")
	session, _ := issue(b, s, devRole(b, s), "me", SessionOptions{})
	tagged, _ := issue(b, s, devRole(b, s), "me", SessionOptions{Tags: []Tag{{"team", "blue", true}, {"cost", "1", false}}})
	for _, bb := range []struct{ name, id, token string }{
		{"long-term key", caller.AccessKeyID, ""},
		{"session", session.AccessKeyID, session.SessionToken},
		{"session with tags", tagged.AccessKeyID, tagged.SessionToken},
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
