package process

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for _, test := range []struct {
		name   string
		writes []string
		lines  []string
		words  string
	}{
		{"nothing", nil, nil, ""},
		{"one line", []string{"a\n"}, []string{"a"}, ": a"},
		{"in pieces", []string{"a", "b\nc", "\r\n", "\n", "d"}, []string{"ab", "c", "", "d"}, ":\n    ab\n    c\n    \n    d"},
		{"long line", []string{long[:50_000], long, "\nb\n"}, []string{long[:65_536], "b"}, ":\n    " + long[:1024] + "\n    b"},
		{"cut inside a character", []string{strings.Repeat("x", 1023) + "é\n"}, []string{strings.Repeat("x", 1023) + "é"}, ": " + strings.Repeat("x", 1023)},
		{"not UTF-8", []string{"a\xff\n"}, []string{"a\uFFFD"}, ": a\uFFFD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			var log bytes.Buffer
			o := &output{log: &log, onLine: func(line string) { lines = append(lines, line) }}
			for _, text := range test.writes {
				if n, err := o.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("Write: %d, %v", n, err)
				}
			}
			o.flush()
			if diff := cmp.Diff(test.lines, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if got := o.lastWords(); got != test.words {
				t.Errorf("last words are %q, want %q", got, test.words)
			}
			if got, want := log.String(), strings.Join(test.writes, ""); got != want {
				t.Errorf("the log has %d bytes, want the %d printed ones", len(got), len(want))
			}
		})
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputSurvivesFullDisk(t *testing.T) {
	t.Parallel()
	o := &output{log: fullDisk{}}
	if n, err := o.Write([]byte("a\n")); n != 2 || err != nil {
		t.Errorf("Write: %d, %v; the child would get a broken pipe", n, err)
	}
	if got := o.lastWords(); got != ": a" {
		t.Errorf("last words are %q", got)
	}
}
