package iam

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tokens may have 4,096 characters [D] (spec/sts.md section 2.2), and every one of them is used.
func TestTokenLengthBound(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	arn := devRole(t, s)
	fits, over := 0, 0
	for length := 2900; length < 3100; length++ {
		noise := make([]byte, length) // does not deflate
		rand.Read(noise)
		tags := []Tag{{"k", string(noise), true}}
		credentials, caller, err := s.IssueRoleSession(arn, "me", SessionOptions{Tags: tags})
		var tooLarge *TokenTooLargeError
		switch {
		case err == nil:
			fits = max(fits, len(credentials.SessionToken))
			if over > 0 || fits > MaxSessionTokenLength {
				t.Fatalf("a value of %d bytes makes a token of %d", length, fits)
			}
			if percent := PackedPercent(tags, nil); percent < 90 || percent > 100 {
				t.Fatalf("tags in a token of %d take %d%%", fits, percent)
			}
			if _, opened, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken); err != nil || opened.Tags[0] != caller.Tags[0] {
				t.Fatalf("does not open: %v", err)
			}
		case errors.As(err, &tooLarge):
			over++
			if tooLarge.Percent <= 100 {
				t.Fatalf("%d%% is too large", tooLarge.Percent)
			}
		default:
			t.Fatal(err)
		}
	}
	if over == 0 || fits != MaxSessionTokenLength {
		t.Errorf("the longest token has %d characters", fits)
	}
}

// Text that repeats itself takes less than its length, and the figure for it is of what it takes.
func TestTokensAreDeflated(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	arn := devRole(t, s)
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i))
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	long := policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":%s}}`, text)
	credentials, _ := issue(t, s, arn, "me", SessionOptions{Policies: []Policy{long}})
	_, opened, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken)
	if err != nil || len(opened.SessionPolicies) != 1 || !comparePolicies(opened.SessionPolicies[0], long) {
		t.Errorf("the policy does not come back: %v", err)
	}
	if len(text) < 4800 || len(credentials.SessionToken) > 2048 {
		t.Errorf("%d characters of policy make a token of %d", len(text), len(credentials.SessionToken))
	}
	if got, want := PackedPercent(nil, []Policy{long}), len(credentials.SessionToken)*100/MaxSessionTokenLength; got > want || got < want-8 {
		t.Errorf("the policy takes %d%%, its token is %d%%", got, want)
	}
	if got := PackedPercent(nil, nil); got != 0 {
		t.Errorf("nothing takes %d%%", got)
	}
	if got := PackedPercent([]Tag{{"a", "b", false}}, nil); got != 1 {
		t.Errorf("next to nothing takes %d%%", got)
	}
}

// MinimumTokenSize: padding up to the next multiple of four, as base64 has it.
func TestMinimumTokenSize(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	arn := devRole(t, s)
	plain, _ := issue(t, s, arn, "me", SessionOptions{})
	for _, minimum := range []int{1, len(plain.SessionToken), 1001, 4000, 4093, 4096} {
		credentials, caller := issue(t, s, arn, "me", SessionOptions{MinimumTokenSize: minimum})
		want := max(len(plain.SessionToken), (minimum+3)/4*4)
		if got := len(credentials.SessionToken); got != want {
			t.Errorf("minimum %d: %d characters, want %d", minimum, got, want)
		}
		if _, opened, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken); err != nil || opened.ARN != caller.ARN {
			t.Errorf("minimum %d: %v", minimum, err)
		}
	}
}

// What is issued opens again, however much longer its policies are once they are written.
func TestLongPolicies(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	arn := devRole(t, s)
	of := func(resource string) Policy {
		return policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/%s"}}`, resource)
	}
	long := of(strings.Repeat("<&>", 20000))
	credentials, _ := issue(t, s, arn, "me", SessionOptions{Policies: []Policy{long}})
	_, opened, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken)
	if err != nil || !comparePolicies(opened.SessionPolicies[0], long) {
		t.Errorf("the policy does not come back: %v", err)
	}
	growing := of(strings.Repeat("\u2028", 20000)) // JSON is written with it as an escape
	_, _, err = s.IssueRoleSession(arn, "me", SessionOptions{Policies: []Policy{long, growing}})
	if err == nil || !strings.Contains(err.Error(), "session policy 2: has 120") {
		t.Errorf("a policy that is too long to be read again: %v", err)
	}
	var tooLarge *TokenTooLargeError
	_, _, err = s.IssueRoleSession(arn, "me", SessionOptions{Policies: slices.Repeat([]Policy{long}, 20)})
	if !errors.As(err, &tooLarge) || tooLarge.Percent <= 100 {
		t.Errorf("policies that no token unpacks to: %v", err)
	}
}

func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	r := record{
		kind: federatedSession, secret: []byte(strings.Repeat("s", secretBytes)), principalID: "AIDAX", name: "n", issued: -1, expires: 1 << 40, mfa: 7,
		sourceIdentity: "é", provider: "p", tags: []Tag{{"a", "", true}, {"", "b", false}}, policies: []string{"{}", ""},
	}
	data := r.encode()
	got, err := decodeRecord(data)
	if diff := cmp.Diff(r, got, cmp.AllowUnexported(record{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for size := range len(data) {
		if _, err := decodeRecord(data[:size]); err == nil {
			t.Errorf("the first %d of %d bytes are a record", size, len(data))
		}
	}
	if _, err := decodeRecord(append(data, 0)); err == nil {
		t.Error("a record and a byte are a record")
	}
}

// Whatever bytes are in a token, reading them ends in a record or an error.
func FuzzDecodeRecord(f *testing.F) {
	r := record{kind: roleSession, secret: make([]byte, secretBytes), principalID: "AROAX", name: "n", expires: 1, tags: []Tag{{"a", "b", true}}, policies: []string{"{}"}}
	f.Add(pack(r.encode()))
	r.policies = []string{strings.Repeat("{}", 1000)}
	f.Add(pack(r.encode()))
	f.Add([]byte{packedDeflate, 0})
	f.Add([]byte{packedPlain, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, packed []byte) {
		data, ok := unpack(packed)
		if !ok {
			return
		}
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		again, err := decodeRecord(r.encode())
		if diff := cmp.Diff(r, again, cmp.AllowUnexported(record{})); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// The store keeps nothing of the sessions it issues and opens.
func TestSessionsTakeNoMemory(t *testing.T) { // not parallel: it measures the heap
	s := newStore(t, newClock())
	arn := devRole(t, s)
	alice := user(t, s, account, "alice")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	identities := func(n int) {
		for i := range n {
			credentials, _ := issue(t, s, arn, fmt.Sprintf("session-%d", i), SessionOptions{SourceIdentity: "alice"})
			if _, _, err := s.Credential(credentials.AccessKeyID, credentials.SessionToken); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.IssueFederatedSession(alice, fmt.Sprintf("fed-%d", i), SessionOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	identities(100)
	before := heap()
	identities(10_000)
	if after := heap(); after > before+256<<10 {
		t.Errorf("20,000 sessions left %d kB behind", (after-before)>>10)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s, replica := newStore(t, newClock()), newStore(t, newClock())
	document := `{"allowed":false,"explicitDeny":true,"context":"` + strings.Repeat("principal ", 500) + `"}`
	message, err := s.SealMessage(document)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := replica.OpenMessage(message); !ok || got != document || len(message) > 1000 || strings.ContainsAny(message, "+/=") {
		t.Errorf("opened %t: %d characters, message of %d", ok, len(got), len(message))
	}
	foreign, err := NewStore(Options{Now: newClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	session, _ := issue(t, s, devRole(t, s), "me", SessionOptions{})
	if _, ok := foreign.OpenMessage(message); ok {
		t.Error("another key opens it")
	}
	for _, forged := range []string{
		"", "AA", message + "A", message[1:], "\n" + message, message[:9] + "\n" + message[9:], strings.Repeat("A", MaxEncodedMessage+1), session.SessionToken,
	} {
		if _, ok := s.OpenMessage(forged); ok {
			t.Errorf("%q opens", forged)
		}
	}
	most := strings.Repeat("a", maxUnpacked)
	if message, err = s.SealMessage(most); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.OpenMessage(message); !ok || got != most {
		t.Errorf("a document of %d bytes opens %t with %d", len(most), ok, len(got))
	}
	if _, err := s.SealMessage(most + "a"); err == nil || !strings.Contains(err.Error(), "the document has 1048577 bytes, and at most 1048576 are allowed") {
		t.Errorf("a document that is too long: %v", err)
	}
	if data, ok := unpack(pack([]byte(most + "a"))); ok {
		t.Errorf("of a longer one %d bytes are unpacked", len(data))
	}
	noise := make([]byte, 9000)
	rand.Read(noise)
	if _, err := s.SealMessage(string(noise)); err == nil || !strings.Contains(err.Error(), "at most 10240") {
		t.Errorf("a message that is too long: %v", err)
	}
}
