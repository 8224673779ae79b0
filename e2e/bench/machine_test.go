package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// machine runs the binary with a home folder and a state folder of the benchmark's own.
type machine struct {
	binary, home string
	environ      []string
}

func newMachine(t *testing.T, binary string) *machine {
	t.Helper()
	home := t.TempDir()
	return &machine{binary, home, []string{
		"HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(home, "state"), "PATH=" + filepath.Join(home, "bin"),
	}}
}

// run runs eksemu, which has to succeed, and returns what it printed and how long it took.
func (m *machine) run(t *testing.T, args ...string) ([]byte, time.Duration) {
	t.Helper()
	command := exec.CommandContext(t.Context(), m.binary, args...)
	command.Env, command.Dir = m.environ, m.home
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	begin := time.Now()
	err := command.Run()
	took := time.Since(begin)
	if err != nil {
		t.Fatalf("eksemu %v: %v\n%s%s", args, err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), took
}

// down stops what still runs, also after a failure.
func (m *machine) down() {
	command := exec.Command(m.binary, "down")
	command.Env = m.environ
	_ = command.Run() // it may have been stopped before
}

// firstYes runs a scenario in an environment that is started for it. It returns the time from the start of the process
// to the answer "allowed", and to its end.
func (m *machine) firstYes(t *testing.T) (yes, whole time.Duration) {
	t.Helper()
	begin := time.Now()
	out, whole := m.run(t, "run", "--quiet", "--output", "json", "alice-views-pods")
	var report struct {
		Scenarios []struct {
			Steps []struct {
				Verdict struct {
					Outcome string
					Time    time.Time
				}
			}
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("decode the report: %v\n%s", err, out)
	}
	for _, scenario := range report.Scenarios {
		for _, step := range scenario.Steps {
			if step.Verdict.Outcome == "allowed" {
				return step.Verdict.Time.Sub(begin), whole
			}
		}
	}
	t.Fatalf("nothing was allowed:\n%s", out)
	return 0, 0
}

// summary returns the least, the middle and the greatest of some times.
func summary(times []time.Duration) (least, middle, most time.Duration) {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	return sorted[0], (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[n-1]
}

// ratio is that of two medians.
func ratio(a, b []time.Duration) float64 {
	_, above, _ := summary(a)
	_, below, _ := summary(b)
	return float64(above) / float64(below)
}

// anonymous reads RssAnon of /proc/PID/status, in MB of 1,000,000 bytes.
func anonymous(t *testing.T, pid int) float64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		var kib float64
		if _, err := fmt.Sscanf(string(line), "RssAnon: %f kB", &kib); err == nil {
			return kib * 1024 / 1e6
		}
	}
	t.Fatalf("no RssAnon in the status of process %d", pid)
	return 0
}
