package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"environment":  "run etcd: exited with status 1:\n    ",
		"fail-quietly": "run etcd: exited with status 2",
	} {
		s, _ := spec(t, role)
		s.LogFile = filepath.Join(t.TempDir(), "log")
		var lines []string
		s.OnLine = func(line string) { lines = append(lines, line) }
		err := Run(t.Context(), s)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", role, err, want)
		}
		raw, readErr := os.ReadFile(s.LogFile)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if got := strings.Join(lines, "\n"); got != strings.TrimSuffix(string(raw), "\n") {
			t.Errorf("%s: lines %q, log %q", role, got, raw)
		}
	}
}

func TestRunToTheEnd(t *testing.T) {
	t.Parallel()
	s, _ := spec(t, "succeed")
	if err := Run(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestRunIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	s, _ := spec(t, "serve")
	s.OnLine = func(string) { cancel(reason) }
	if err := Run(ctx, s); !errors.Is(err, reason) {
		t.Errorf("error %v, want %v", err, reason)
	}
}

func TestRunCannotStart(t *testing.T) {
	t.Parallel()
	s, _ := spec(t, "serve")
	s.LogFile = filepath.Join(t.TempDir(), "no", "log")
	if err := Run(t.Context(), s); err == nil || !strings.Contains(err.Error(), "open its log file") {
		t.Errorf("error %v", err)
	}
	s.LogFile, s.Path = "", filepath.Join(t.TempDir(), "nothing")
	if err := Run(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), "run etcd: ") {
		t.Errorf("error %v", err)
	}
}
