package cli

import (
	"encoding/json"
	"testing"
)

// TestStatusOfAMovedClock has what `eksemu clock` and `eksemu fault` changed in the status for programs.
func TestStatusOfAMovedClock(t *testing.T) {
	t.Parallel()
	w, _, _ := runningSTS(t, "--name", "default", "--clock-offset", "-5m")
	w.run("fault", "add", "--code", "Throttling").want(t, ExitOK, "")
	got := w.run("status", "-o", "json")
	var status struct{ ClockOffset, Faults int }
	if err := json.Unmarshal([]byte(got.out), &status); err != nil || status.ClockOffset != -300e9 || status.Faults != 1 {
		t.Errorf("%v: %s", err, got.out)
	}
}

// TestClockOfADeadEnvironment: the environment no longer does what it is asked.
func TestClockOfADeadEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, "default") // its admin API has no clock
	w.run("clock", "advance", "1h").want(t, ExitStart, "error: environment default: POST clock/advance answered 404 Not Found\n")
}

// TestClockOffsetTooFar: nothing is started.
func TestClockOffsetTooFar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("sts", "--clock-offset", "1000000h").want(t, ExitUsage, "error: --clock-offset: the clock of the AWS side cannot be moved by 1000000h0m0s: it stays within a hundred years of the real one\n")
}
