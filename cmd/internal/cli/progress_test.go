package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressAsLines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		quiet bool
		ok    bool
		want  string
	}{
		{"ready", false, true, " • one …\n • two …\n"},
		{"failed", false, false, " • one …\n • two …\n ✗ two\n"},
		{"quiet", true, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.progress(tc.quiet)
			p.begin("one")
			p.begin("two")
			p.end(tc.ok)
			p.end(tc.ok) // nothing is at hand any more
			if got := w.errOut.String(); got != tc.want {
				t.Errorf("progress %q, want %q", got, tc.want)
			}
			if w.out.Len() > 0 {
				t.Errorf("standard output: %q", w.out.String())
			}
		})
	}
}

// TestProgressOnATerminal spins on a clock that nobody waits for.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	const line = "\r\x1b[K "
	for _, tc := range []struct {
		name string
		env  map[string]string
		ok   bool
		want string
	}{
		{"ready", nil, true, line + "⠋ one" + line + "⠙ one" + line + "⠹ one" + line + "\x1b[32m✓\x1b[0m one\n" + line + "⠋ two" + line + "\x1b[32m✓\x1b[0m two\n"},
		{"failed", nil, false, line + "⠋ one" + line + "⠙ one" + line + "⠹ one" + line + "\x1b[32m✓\x1b[0m one\n" + line + "⠋ two" + line + "\x1b[31m✗\x1b[0m two\n"},
		{"no colour", map[string]string{"NO_COLOR": "1"}, true, line + "⠋ one" + line + "⠙ one" + line + "⠹ one" + line + "✓ one\n" + line + "⠋ two" + line + "✓ two\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.Terminal, w.env = true, tc.env
				p := w.progress(false)
				p.begin("one")
				time.Sleep(250 * time.Millisecond)
				p.begin("two")
				synctest.Wait()
				p.end(tc.ok)
				if got := w.errOut.String(); got != tc.want {
					t.Errorf("progress\n%q\nwant\n%q", got, tc.want)
				}
			})
		})
	}
}

func TestQuietOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Terminal = true
	p := w.progress(true)
	p.begin("one")
	p.end(false)
	if got := w.errOut.String(); got != "" {
		t.Errorf("progress %q", got)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	got := strings.Join([]string{count(0, "problem"), count(1, "problem"), count(2, "scenario")}, ", ")
	if got != "0 problems, 1 problem, 2 scenarios" {
		t.Error(got)
	}
}
