package scenarios

import (
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
)

// TestSecretsThatWereHandedOut are in no report, whatever stands around them.
func TestSecretsThatWereHandedOut(t *testing.T) {
	t.Parallel()
	const secret = "a+made/up+secret"
	for name, steps := range map[string]string{
		"expanded":    "  - as: alice\n    aws: sts it-is-${secretAccessKey:alice}\n    expect: {outcome: denied}\n",
		"credentials": "  - credentials: {as: bob, accessKeyID: AKIABOB, secretAccessKey: " + secret + "}\n  - as: bob\n    aws: sts it-is-" + secret + "\n    expect: {outcome: denied}\n",
		"session":     "  - credentials: {as: bob, session: expired}\n  - as: bob\n    aws: sts it-is-session-of-bob\n    expect: {outcome: denied}\n",
		"an error":    "  - as: alice\n    kubectl: nonsense ${secretAccessKey:alice}\n    expect: {outcome: denied}\n",
	} {
		e := newFakeEnvironment(t)
		e.mu.Lock()
		e.echo = true
		e.mu.Unlock()
		result := runOne(t, e.runner(t), "denied", "steps:\n"+steps)
		last := result.Steps[len(result.Steps)-1]
		said := last.Output + last.Error
		if !strings.Contains(said, "[redacted]") || strings.Contains(said, secret) || strings.Contains(said, "-of-") {
			t.Errorf("%s: %s, it says %q", name, result.Status, said)
		}
	}
}

func TestHide(t *testing.T) {
	t.Parallel()
	r := &run{secrets: map[string]bool{}}
	for _, secret := range []config.Secret{"", "no", "abcdefgh", "abcdefgh+ijk"} {
		r.secret(string(secret))
	}
	const want = "no abc: [redacted], [redacted]"
	if got := r.hide("no abc: abcdefgh, abcdefgh%2Bijk"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
