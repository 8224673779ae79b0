package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func killHard(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	s, w := spec(t, "serve")
	c := w.begin(s, hurried())
	first := w.event(Started).PID
	w.event(Ready)
	w.line()
	killHard(t, first)
	if e := w.event(Exited); e.PID != first || e.Err == nil || !strings.HasPrefix(e.Err.Error(), "ended by signal: killed: serving as ") {
		t.Errorf("exit of %d is %v, want the kill of %d with its last line", e.PID, e.Err, first)
	}
	second := w.event(Restarted).PID
	if e := w.event(Ready); e.PID != second || second == first || c.PID() != second {
		t.Errorf("ready is %d, restarted %d, PID %d, first %d", e.PID, second, c.PID(), first)
	}
	if err := c.Err(); err != nil {
		t.Errorf("one death is reported as a failure: %v", err)
	}
}

func TestKeepsDying(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	s, w := spec(t, "fail-again="+mark)
	s.Ready = func(ctx context.Context) error {
		for {
			select {
			case line := <-w.lines:
				if strings.HasPrefix(line, "serving") {
					return nil
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	p := hurried()
	p.stable = 0 // who gets ready has recovered
	c := w.begin(s, p)
	killHard(t, c.PID())
	<-c.Done()
	err := c.Err()
	if err == nil || !strings.HasPrefix(err.Error(), "etcd died ") || !strings.HasSuffix(err.Error(), " times in a row: exited with status 1: address in use") {
		t.Fatalf("error is %v", err)
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	for c.Err() != nil {
		runtime.Gosched() // until it has been started all the same, and has recovered
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("gently", func(t *testing.T) {
		t.Parallel()
		s, w := spec(t, "serve")
		c := w.begin(s, hurried())
		w.line()
		var stops sync.WaitGroup
		for range 3 {
			stops.Go(func() {
				if err := c.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		stops.Wait()
		if got := w.line(); got != "goodbye" {
			t.Errorf("last line is %q, want the goodbye of SIGTERM", got)
		}
		w.event(Started)
		w.event(Ready)
		if e := w.event(Exited); e.Err != nil || c.Err() != nil || c.PID() != 0 || len(w.events) != 0 {
			t.Errorf("after Stop: event %v, Err %v, PID %d, %d more events", e.Err, c.Err(), c.PID(), len(w.events))
		}
		<-c.Done()
	})
	t.Run("by force", func(t *testing.T) {
		t.Parallel()
		s, w := spec(t, "stubborn")
		s.StopTimeout = 10 * time.Millisecond
		c := w.begin(s, hurried())
		w.line()
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		w.event(Started)
		w.event(Ready)
		if e := w.event(Exited); e.Err == nil || e.Err.Error() != "killed: it did not end within 10ms of being asked to" {
			t.Errorf("event says %v", e.Err)
		}
	})
	t.Run("out of patience", func(t *testing.T) {
		t.Parallel()
		s, w := spec(t, "stubborn")
		s.StopTimeout = time.Hour
		c := w.begin(s, hurried())
		w.line()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Stop(ctx); !errors.Is(err, context.Canceled) || c.PID() != 0 {
			t.Errorf("error is %v, PID %d", err, c.PID())
		}
	})
}

func TestStopWhileDown(t *testing.T) {
	t.Parallel()
	t.Run("between two lives", func(t *testing.T) {
		t.Parallel()
		s, w := spec(t, "serve")
		c := w.begin(s, pace{first: time.Hour, longest: time.Hour, stable: time.Hour, deaths: 3})
		w.event(Started)
		w.event(Ready)
		killHard(t, c.PID())
		w.event(Exited)
		if err := c.Stop(t.Context()); err != nil || len(w.events) != 0 {
			t.Errorf("error %v, %d more events", err, len(w.events))
		}
	})
	t.Run("while it starts again", func(t *testing.T) {
		t.Parallel()
		s, w := spec(t, "serve")
		first := true
		s.Ready = func(ctx context.Context) error {
			if first {
				first = false
				return nil
			}
			return errors.New("not yet")
		}
		c := w.begin(s, hurried())
		w.event(Started)
		w.event(Ready)
		killHard(t, c.PID())
		w.event(Exited)
		w.event(Restarted)
		if err := c.Stop(t.Context()); err != nil || c.PID() != 0 {
			t.Errorf("error %v, PID %d", err, c.PID())
		}
		w.event(Exited)
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	p := defaultPace()
	var got []time.Duration
	for _, n := range []int{1, 2, 3, 7, 8, 1_000_000} {
		got = append(got, p.pause(n))
	}
	want := []time.Duration{
		100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
		6400 * time.Millisecond, 10 * time.Second, 10 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}
