package iam

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// accountOf decodes the account of an access key ID by the published recipe: the first six bytes behind the
// prefix, masked and shifted (spec/sts.md section 4.1).
func accountOf(t *testing.T, id string) string {
	t.Helper()
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		t.Fatal(err)
	}
	word := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[:6]...))
	return fmt.Sprintf("%012d", (word&0x7fffffffff80)>>7)
}

func TestAccessKeyIDs(t *testing.T) {
	t.Parallel()
	// The recipe itself, against real keys whose account is known (spec/sts.md section 4.1).
	for id, want := range map[string]string{"ASIAY34FZKBOKMUTVV7A": "609629065308", "ASIARZPUZDIKJDW6CMBJ": "123456789012"} {
		if got := accountOf(t, id); got != want {
			t.Errorf("%s: decoded %s, want %s", id, got, want)
		}
	}
	for _, accountID := range []string{"000000000000", "000000000001", account, "609629065308", "999999999999"} {
		for _, random := range []uint64{0, 1, 1<<39 - 1, 1<<64 - 1} {
			id, err := NewAccessKeyID("AKIA", accountID, random)
			if err != nil {
				t.Fatal(err)
			}
			if got := accountOf(t, id); got != accountID || len(id) != 20 {
				t.Errorf("%s decodes to %s, want %s", id, got, accountID)
			}
			if first := id[4]; !('Q' <= first && first <= 'Z' || '2' <= first && first <= '7') {
				t.Errorf("%s: %c is no first character of the new generation", id, first)
			}
		}
	}
	for _, bad := range []string{"", "1", "11112222333", "1111222233334", "11112222333x", "-11112222333"} {
		if _, err := NewAccessKeyID("AKIA", bad, 0); err == nil {
			t.Errorf("account %q is accepted", bad)
		}
	}
}

// The same configuration always has the same keys: the values are pinned.
func TestFixturesAreDeterministic(t *testing.T) {
	t.Parallel()
	key, err := FixtureAccessKey(account, "trurl")
	if err != nil {
		t.Fatal(err)
	}
	want := AccessKey{ID: "AKIARTX3GSDSQCTAWIXT", Secret: "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"}
	if key != want {
		t.Errorf("got %+v, want %+v", key, want)
	}
	if len(key.Secret) != 40 || accountOf(t, key.ID) != account {
		t.Errorf("secret of %d characters, account %s", len(key.Secret), accountOf(t, key.ID))
	}
	second, err := FixtureAccessKey(account, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if second.ID == key.ID || second.Secret == key.Secret {
		t.Error("two seeds have the same key")
	}
	if id := uniqueID("AIDA", account, "/", "trurl", 0); id != "AIDA6UFJAN35SXXKWOCXJ" {
		t.Errorf("unique ID is %s", id)
	}
}

func TestUniqueIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, prefix := range []string{"AIDA", "AROA"} {
		for _, accountID := range []string{account, other} {
			for _, path := range []string{"/", "/a/"} {
				for generation := range 3 {
					id := uniqueID(prefix, accountID, path, "name", generation)
					if seen[strings.TrimPrefix(id, prefix)] || !isUniqueID(id) {
						t.Errorf("%s is no unique ID or is there twice", id)
					}
					seen[strings.TrimPrefix(id, prefix)] = true
				}
			}
		}
	}
}

func TestParseARN(t *testing.T) {
	t.Parallel()
	// The first five are recorded refusals of STS, the sixth passed its check (spec/sts.md section 3).
	for text, want := range map[string]bool{
		"nothing-valid-in-here":            false,
		"arn::b:::something/test-role":     false,
		"arn:a::::something/test-role":     false,
		"arn:a:::something/test-role":      false,
		"arn:a:a::aaaaaaaaaa:":             false,
		"arn:a:b:::something/test-role":    true,
		"arn:aws:iam::111122223333:role/x": true,
		"arn:aws:iam::111122223333:role:x": true,
		"":                                 false,
		"xrn:aws:iam::111122223333:role/x": false,
	} {
		if _, ok := ParseARN(text); ok != want {
			t.Errorf("%q: got %t, want %t", text, ok, want)
		}
	}
}
