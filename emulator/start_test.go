package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/cluster"
)

func tlsOf(e *Environment) *tls.Config {
	return &tls.Config{RootCAs: e.ca.Pool(), MinVersion: tls.VersionTLS12}
}

// connect is a request for a tunnel through the gateway.
func connect(t *testing.T, e *Environment, host string) *http.Request {
	t.Helper()
	target, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	target.Opaque = host
	return (&http.Request{Method: http.MethodConnect, URL: target, Host: host, Header: http.Header{}}).WithContext(t.Context())
}

// TestStartFails has each step fail that can without Kubernetes: the error names the step, and nothing stays.
func TestStartFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		steps      int // begun
		spoil      func(t *testing.T, o *Options)
	}{
		{"a file where the folder shall be", "prepare the state folder: make the state folder: mkdir ", 1,
			func(t *testing.T, o *Options) { write(t, o.Dir, "") }},
		{"a folder in use", "prepare the state folder: an environment is already running in ", 1,
			func(t *testing.T, o *Options) {
				if err := os.MkdirAll(o.Dir, 0o700); err != nil {
					t.Fatal(err)
				}
				locked(t, o.Dir)
			}},
		{"damaged state", "prepare the state folder: state file ", 1,
			func(t *testing.T, o *Options) {
				if err := os.MkdirAll(o.Dir, 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(o.Dir, "state.json"), "?")
			}},
		{"logs that cannot be opened", "prepare the state folder: open the log: ", 1,
			func(t *testing.T, o *Options) {
				if err := os.MkdirAll(filepath.Join(o.Dir, "logs", "gateway.log"), 0o700); err != nil {
					t.Fatal(err)
				}
			}},
		{"a port in use", "start the AWS endpoints: listen for AWS clients (choose another --port, or leave it out for any free one): ", 2,
			func(t *testing.T, o *Options) {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = listener.Close() })
				o.Port = listener.Addr().(*net.TCPAddr).Port
			}},
		{"no executable", "start etcd and kube-apiserver: ", 3, func(*testing.T, *Options) {}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(t)
			o.Executable = filepath.Join(t.TempDir(), "eksemu")
			tc.spoil(t, &o)
			var steps []string
			o.Progress = func(step string) { steps = append(steps, step) }
			e, err := Start(t.Context(), o)
			if e != nil || err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Fatalf("error %v, want one that begins with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "\n") && tc.name != "no executable" {
				t.Errorf("taking it down had errors of its own: %v", err)
			}
			if len(steps) != tc.steps || !strings.HasPrefix(tc.want, steps[len(steps)-1]+": ") {
				t.Errorf("steps %q", steps)
			}
			if _, err := os.Stat(filepath.Join(o.Dir, "runtime.json")); err == nil {
				t.Error("there is a runtime.json")
			}
		})
	}
}

// TestStateFolderThatCannotBeUsed: the error says what to do about it.
func TestStateFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	write(t, o.Dir, "")
	_, err := Start(t.Context(), o)
	want := " (set XDG_STATE_HOME to a folder that you can write to, or make " + o.Dir + " one)"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one that ends with %q", err, want)
	}
}

// TestFailedStartFreesEverything starts twice in the same folder, on the same port.
func TestFailedStartFreesEverything(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(t)
	o.Port, o.Executable = listener.Addr().(*net.TCPAddr).Port, filepath.Join(t.TempDir(), "eksemu")
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Start(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "start etcd and kube-apiserver: ") {
			t.Errorf("error %v", err)
		}
	}
	again, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		t.Errorf("the port is still taken: %v", err)
	} else {
		_ = again.Close()
	}
	if err := RemoveState(t.Context(), o.Dir, nil); err != nil {
		t.Errorf("the folder is still in use: %v", err)
	}
}

// TestStartDoesNotTouchAFolderInUse has a second start refused: the first one's runtime file stays.
func TestStartDoesNotTouchAFolderInUse(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	before := read(t, filepath.Join(e.opts.Dir, "runtime.json"))
	if _, err := Start(t.Context(), e.opts); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("error %v", err)
	}
	if after := read(t, filepath.Join(e.opts.Dir, "runtime.json")); after != before {
		t.Errorf("runtime.json is now %s", after)
	}
	attached(t, e)
}

// TestStartRemovesWhatAKilledOneLeft has a runtime file of a process that is gone.
func TestStartRemovesWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := testRuntime().write(o.Dir); err != nil {
		t.Fatal(err)
	}
	e := &Environment{opts: o, files: Layout{o.Dir}}
	e.done, e.finish = context.WithCancelCause(t.Context())
	if err := e.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRuntime(o.Dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("runtime: %v", err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestInterruptionKeepsWhatIsLeft: that the user asked for the end does not hide what did not end.
func TestInterruptionKeepsWhatIsLeft(t *testing.T) {
	t.Parallel()
	e := newEnvironment(t.Context(), testOptions(t))
	e.finish(ErrStopped)
	left := &cluster.LeftError{What: "the kind cluster dev", Err: errors.New("daemon is busy")}
	err := e.take(t.Context(), step{"start a kind cluster", func(context.Context) error { return errors.Join(context.Canceled, left) }})
	if !errors.Is(err, ErrStopped) || !errors.As(err, &left) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestStartIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := testOptions(t)
	o.Path, o.Executable, o.Command = os.Getenv("PATH"), "/bin/sh", func(string, []string) []string { return []string{"-c", "exec cat"} }
	var steps []string
	o.Progress = func(step string) {
		if steps = append(steps, step); len(steps) == 3 {
			cancel()
		}
	}
	if _, err := Start(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if slices.Contains(steps, "apply aws-auth and RBAC") {
		t.Errorf("it went on: %q", steps)
	}
	if err := RemoveState(t.Context(), o.Dir, nil); err != nil {
		t.Errorf("something is left running: %v", err)
	}
}
