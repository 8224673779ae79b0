package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestRunStepByStep waits for Enter before the steps that may wait, and tells what was done when nobody presses it.
func TestRunStepByStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	const step = `  - serviceAccount: default/default
    http: {method: GET, path: /api/v1/namespaces/default/pods}
    expect: {outcome: denied, decidedBy: rbac, status: 403}
`
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, serviceAccountScenario+strings.Replace(step, "expect", "atOnce: true\n    expect", 1)+step)
	for _, try := range []struct {
		in   string
		code int
		row  string
		says string
	}{
		{"\n\n", ExitOK, "1 passed", "2 of 3: default/default: GET /api/v1/namespaces/default/pods  [at once] passed"},
		{"\n", ExitUsage, "1 skipped", "--step waits for Enter on standard input, which has ended"},
	} {
		w.In = strings.NewReader(try.in)
		got := w.run("run", "--step", file)
		if got.code != try.code || !strings.Contains(got.out, try.row) || !strings.Contains(got.errOut, try.says) {
			t.Errorf("%q: code %d, want %d with %q and %q\n%s%s", try.in, got.code, try.code, try.row, try.says, got.out, got.errOut)
		}
	}
}
