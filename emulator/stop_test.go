package emulator

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hangingOptions are those of an environment whose control plane never gets ready. begun is told each step.
func hangingOptions(t *testing.T) (o Options, begun chan string) {
	t.Helper()
	begun = make(chan string, 10)
	o = testOptions(t)
	o.Path, o.Executable, o.Command = os.Getenv("PATH"), "/bin/sh", func(string, []string) []string { return []string{"-c", "exec cat"} }
	o.Progress = func(step string) { begun <- step }
	return o, begun
}

// await waits for a step to begin.
func await(t *testing.T, begun <-chan string, step string) {
	t.Helper()
	for {
		select {
		case got := <-begun:
			if got == step {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("step %q does not begin", step)
		}
	}
}

func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	o, begun := hangingOptions(t)
	ended := make(chan error, 1)
	go func() {
		_, err := Start(context.WithoutCancel(t.Context()), o)
		ended <- err
	}()
	await(t, begun, "start etcd and kube-apiserver")
	if _, err := Attach(t.Context(), o.Dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("attached to one that is not ready: %v", err)
	}
	if stopped, err := Stop(t.Context(), o.Dir, false); !stopped || err != nil {
		t.Errorf("stopped %t, %v", stopped, err)
	}
	err := <-ended
	if !errors.Is(err, ErrStopped) || err.Error() != "start etcd and kube-apiserver: stopped before it was ready" {
		t.Errorf("the start ended with %v", err)
	}
	if err := RemoveState(t.Context(), o.Dir, nil); err != nil {
		t.Error(err)
	}
}

func TestStopWhenReady(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if _, err := os.Stat(filepath.Join(e.opts.Dir, "starting.json")); err == nil {
		t.Error("it is ready, but still said to be starting")
	}
	go func() {
		<-e.Done()
		_ = e.Stop(context.WithoutCancel(t.Context()))
	}()
	if stopped, err := Stop(t.Context(), e.opts.Dir, false); !stopped || err != nil {
		t.Errorf("stopped %t, %v", stopped, err)
	}
	if err := e.Err(); err != nil {
		t.Errorf("to be stopped is no trouble: %v", err)
	}
}

func TestStopNothing(t *testing.T) {
	t.Parallel()
	missing, left := filepath.Join(t.TempDir(), "missing"), t.TempDir()
	write(t, filepath.Join(left, "lock"), "")
	if err := testRuntime().writeAs(left, startingFile); err != nil { // of one that was killed while it started
		t.Fatal(err)
	}
	for _, dir := range []string{missing, t.TempDir(), left} {
		if stopped, err := Stop(t.Context(), dir, false); stopped || err != nil {
			t.Errorf("%s: stopped %t, %v", dir, stopped, err)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("it made a folder")
	}
}

// TestStopGivesUp has a process hold the folder that says nothing of itself.
func TestStopGivesUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	locked(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if stopped, err := Stop(ctx, dir, false); stopped || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "fuser "+dir) {
		t.Errorf("stopped %t, %v", stopped, err)
	}
}

// TestAttachToOneThatHangs: whoever asks is told, instead of waiting.
func TestAttachToOneThatHangs(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(end) })
	dir := t.TempDir()
	r := testRuntime()
	r.Gateway = server.URL
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("one that was killed, and something silent has its port: %v", err)
	}
	if stopped, err := Stop(t.Context(), dir, false); stopped || err != nil {
		t.Errorf("stopped %t, %v", stopped, err)
	}
	locked(t, dir)
	_, err := attach(t.Context(), dir, 10*time.Millisecond)
	if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), "does not answer within 10ms, though its process "+strconv.Itoa(r.PID)+" listens") {
		t.Errorf("error %v", err)
	}
}

// TestStopAsksAgain when one that has just begun to start does not answer at first.
func TestStopAsksAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock := locked(t, dir)
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			<-r.Context().Done()
			return
		}
		_ = lock.release()
	}))
	t.Cleanup(server.Close)
	r := testRuntime()
	r.Gateway = server.URL
	if err := r.writeAs(dir, startingFile); err != nil {
		t.Fatal(err)
	}
	if stopped, err := Stop(t.Context(), dir, false); !stopped || err != nil || asked != 2 {
		t.Errorf("stopped %t, %v, asked %d times", stopped, err, asked)
	}
}

// TestBreaking: what ends an environment by itself is told.
func TestBreaking(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if e.Err() != nil {
		t.Errorf("it runs, but broke: %v", e.Err())
	}
	e.finish(errors.New("the AWS endpoint broke"))
	e.finish(ErrStopped) // what comes second does not count
	select {
	case <-e.Done():
	default:
		t.Error("it goes on")
	}
	if err := e.Err(); err == nil || err.Error() != "the AWS endpoint broke" {
		t.Errorf("reason %v", err)
	}
}

// TestBreakingWhileStarting: the step that was interrupted is not the reason.
func TestBreakingWhileStarting(t *testing.T) {
	t.Parallel()
	o, begun := hangingOptions(t)
	e := newEnvironment(t.Context(), o)
	ended := make(chan error, 1)
	go func() { ended <- e.start(context.WithoutCancel(t.Context())) }()
	await(t, begun, "start etcd and kube-apiserver")
	e.finish(errors.New("the AWS endpoint broke"))
	if err := <-ended; err == nil || err.Error() != "start etcd and kube-apiserver: the AWS endpoint broke" {
		t.Errorf("the start ended with %v", err)
	}
}

// TestPortIsKept: a shell that uses the gateway can go on after a restart, if nobody took the port.
func TestPortIsKept(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	alone := *o.Config
	alone.Clusters = nil
	o.Config = &alone
	run := func(notes ...string) string {
		t.Helper()
		e, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(e.Notes(), notes) {
			t.Errorf("notes %q, want %q", e.Notes(), notes)
		}
		gateway := strings.TrimPrefix(e.Runtime().Gateway, "http://")
		if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		return gateway
	}
	first := run()
	if second := run(); second != first {
		t.Errorf("the gateway was at %s and is now at %s", first, second)
	}
	other, err := net.Listen("tcp", first)
	if err != nil {
		t.Skipf("somebody took the port: %v", err)
	}
	defer other.Close()
	_, port, _ := strings.Cut(first, ":")
	third := run("port " + port + ", where the AWS endpoint was before, is somebody else's by now: evaluate `eksemu env` again in every shell that has it")
	if third == first {
		t.Errorf("%s has two listeners", first)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if fourth := run(); fourth != third {
		t.Errorf("the gateway was at %s and is now at %s", third, fourth)
	}
}
