package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	t.Parallel()
	s, w := spec(t, "serve")
	s.Argv0, s.Args = "/nowhere/kube-apiserver", []string{"--flag=1", "two words"}
	asked := 0
	s.Ready = func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	c := w.begin(s, hurried())
	if asked != 3 {
		t.Errorf("Ready was asked %d times, want 3", asked)
	}
	if got, want := w.line(), "serving as kube-apiserver [--flag=1 two words]"; got != want {
		t.Errorf("child printed %q, want %q", got, want)
	}
	started, ready := w.event(Started), w.event(Ready)
	if started.PID != c.PID() || ready.PID != c.PID() || c.PID() == 0 {
		t.Errorf("events have PIDs %d and %d, the child has %d", started.PID, ready.PID, c.PID())
	}
	select {
	case <-c.Done():
		t.Error("Done while the child is fine")
	default:
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	never := func(context.Context) error { return errors.New("connection refused") }
	lines := []string{"start etcd: exited with status 1:"}
	for n := 6; n <= 25; n++ {
		lines = append(lines, fmt.Sprintf("    line %d", n))
	}
	for _, test := range []struct {
		role string
		spec func(*Spec)
		want string
	}{
		{"fail", func(s *Spec) {}, strings.Join(lines, "\n")},
		{"fail-quietly", func(s *Spec) {}, "start etcd: exited with status 2"},
		{"environment", func(s *Spec) {}, "start etcd: exited with status 1:\n    " + childRole + "\n    GOCOVERDIR\n    end"},
		{"serve", func(s *Spec) { s.ReadyTimeout = time.Millisecond },
			"start etcd: not ready after 1ms: connection refused"},
		{"serve", func(s *Spec) { s.Path = "/does/not/exist" },
			"start etcd: fork/exec /does/not/exist: no such file or directory"},
		{"serve", func(s *Spec) { s.LogFile = "/does/not/exist" },
			"start etcd: open its log file: open /does/not/exist: no such file or directory"},
	} {
		s, w := spec(t, test.role)
		s.Ready = never
		test.spec(&s)
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			_, err := start(t.Context(), s, hurried())
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error is\n%v, want\n%s", err, test.want)
			}
			if len(w.events) == 0 {
				return // it was never started
			}
			w.event(Started)
			if e := w.event(Exited); e.Err == nil || "start etcd: "+e.Err.Error() != err.Error() {
				t.Errorf("the event says %v", e.Err)
			}
		})
	}
}

// A program of another kind may answer the readiness check on a port that the child could not get.
func TestStartReadyButDead(t *testing.T) {
	t.Parallel()
	s, _ := spec(t, "fail")
	s.Ready = func(ctx context.Context) error {
		<-ctx.Done() // the child has exited
		return nil
	}
	if _, err := start(t.Context(), s, hurried()); err == nil || !strings.Contains(err.Error(), "exited with status 1") {
		t.Errorf("error is %v, want the exit", err)
	}
}

func TestStartInterrupted(t *testing.T) {
	t.Parallel()
	s, w := spec(t, "serve")
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupt := errors.New("Ctrl-C")
	s.Ready = func(ctx context.Context) error {
		w.line()
		cancel(interrupt)
		<-ctx.Done()
		return ctx.Err()
	}
	_, err := start(ctx, s, hurried())
	if !errors.Is(err, interrupt) || err.Error() != "start etcd: interrupted before it was ready: Ctrl-C" {
		t.Errorf("error is %v", err)
	}
	if got := w.line(); got != "goodbye" {
		t.Errorf("the child said %q at its end, want the goodbye of SIGTERM", got)
	}
	w.event(Started)
	w.event(Exited)
}

func TestLogFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "etcd.log")
	for range 2 {
		s, w := spec(t, "serve")
		s.LogFile = path
		c, err := Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		w.line()
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Base(os.Args[0])
	want := strings.Repeat("serving as "+name+" []\ngoodbye", 2)
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("log is %q (%v), want %q", got, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("log has mode %v (%v), want 0600", info.Mode(), err)
	}
}

// The emulator is killed with SIGKILL; its child must not stay behind.
func TestChildEndsWithParent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s, w := spec(t, "middle="+listener.Addr().String())
	middle := w.begin(s, pace{first: time.Hour, longest: time.Hour, stable: time.Hour, deaths: 3})
	grandchild, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer grandchild.Close()
	answer := make([]byte, 5)
	if _, err := grandchild.Read(answer); err != nil || string(answer) != "here\n" {
		t.Fatalf("grandchild says %q (%v)", answer, err)
	}
	process, err := os.FindProcess(middle.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := grandchild.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := grandchild.Read(answer); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the grandchild outlived its parent (%v)", err)
	}
}
