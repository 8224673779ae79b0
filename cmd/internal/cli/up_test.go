package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

// stepsToTheFirstChild are shown before the first child process is started, which in these tests cannot be.
const stepsToTheFirstChild = " • prepare the state folder …\n • start the AWS endpoints …\n • start etcd and kube-apiserver …\n"

func TestUpThatCannotStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("up").want(t, ExitStart, stepsToTheFirstChild+" ✗ start etcd and kube-apiserver\nerror: start etcd and kube-apiserver: …")
	if got := w.run("up", "--quiet"); got.code != ExitStart || !strings.HasPrefix(got.errOut, "error: ") {
		t.Errorf("quietly: %+v", got)
	}
	w.run("down").want(t, ExitOK, "environment default was not running; its state is removed\n")
}

func TestUpThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.run("up", "--quiet", "--wait", "1ns")
	got.want(t, ExitTimeout, "error: environment default: not ready after 1ns (give it more with --wait): …")
}

func TestUpThatIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	w.Signals = func() (context.Context, func()) { return ctx, func() {} }
	w.run("up", "--quiet").want(t, ExitInterrupted, "error: interrupted while starting environment default; nothing is left running\n")
}

func TestPrintReady(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, environment string
		detached          bool
		users             int
	}{{"ready-foreground", "default", false, 4}, {"ready-detached", "other", true, 4}, {"ready-own-users", "default", false, 1}} {
		w := newWorld(t)
		f := w.start(t, tc.environment)
		f.Identities = f.Identities[:tc.users]
		w.printReady(&nameFlag{w.App, tc.environment}, f.Runtime, tc.detached)
		golden.Assert(t, w.errOut.String(), tc.name+".txt")
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	const notReady = "the background process ended before it was ready"
	for _, tc := range []struct {
		name, reports string
		code          int
		err, shown    string
	}{
		{"ready", `{"step":"one"}{"step":"two"}{"ready":true}`, ExitOK, "", " • one …\n • two …\n"},
		{"ready, with a note", `{"step":"one"}{"note":"mind this"}{"ready":true}`, ExitOK, "", " • one …\n"},
		{"failed", `{"step":"one"}` + "\n" + `{"error":"no luck","code":4}`, ExitTimeout, "no luck", " • one …\n"},
		{"interrupted", `{"error":"interrupted","code":130}`, ExitInterrupted, "interrupted", ""},
		{"an early end", `{"step":"one"}`, ExitStart, notReady, " • one …\n"},
		{"an end in the middle", `{"step":"on`, ExitStart, notReady, ""},
		{"nothing", "", ExitStart, notReady, ""},
		{"something else", "panic: runtime error", ExitStart, notReady, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			notes, err := follow(strings.NewReader(tc.reports), w.progress(false))
			if want := tc.name == "ready, with a note"; want != slices.Equal(notes, []string{"mind this"}) {
				t.Errorf("notes %q", notes)
			}
			if ExitCode(err) != tc.code || err != nil && err.Error() != tc.err || err == nil && tc.err != "" {
				t.Errorf("error %v with code %d, want %q with %d", err, ExitCode(err), tc.err, tc.code)
			}
			if got := w.errOut.String(); got != tc.shown {
				t.Errorf("shown %q, want %q", got, tc.shown)
			}
		})
	}
}

// backgroundScript is the variable that turns this test's binary into a shell script.
const backgroundScript = "EKSEMU_TEST_SCRIPT"

func TestMain(m *testing.M) {
	if script := os.Getenv(backgroundScript); script != "" {
		err := syscall.Exec("/bin/sh", append([]string{"sh", "-c", script, "eksemu"}, os.Args[1:]...), os.Environ())
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// background is a shell script in the place of this binary, which reports as `eksemu up --report-fd 3` does.
func (w *world) background(t *testing.T, script string) {
	t.Helper()
	var err error
	if w.Executable, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	w.Environ = []string{backgroundScript + "=" + script}
}

func TestDetach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.background(t, `echo "$@"; echo >&2 "to standard error"; echo '{"step":"one"}' >&3; echo '{"ready":true}' >&3`)
	w.start(t, "other") // what the background process would have done
	config := filepath.Join(t.TempDir(), "env.yaml")
	w.run("config", "init", config)
	got := w.run("up", "--detach", "--name", "other", "--config", config, "--port", "4500", "--wait", "90s", "--fallback", "http://127.0.0.1:4566")
	got.want(t, ExitOK, " • one …\n\nEnvironment other is ready: cluster my-cluster at https://127.0.0.1:6443. Now:\n…")
	log := read(t, filepath.Join(w.StateHome, "other", "logs", "eksemu.log"))
	want := "up --name other --port 4500 --wait 1m30s --fallback http://127.0.0.1:4566 --report-fd 3 --config " + config + "\nto standard error\n"
	if log != want {
		t.Errorf("the background process printed %q, want %q", log, want)
	}
}

func TestDetachFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		script string
		code   int
		want   string
	}{
		{`echo '{"step":"one"}' >&3; echo '{"error":"no luck","code":4}' >&3`, ExitTimeout, " • one …\n ✗ one\nerror: no luck\n"},
		{"exit 1", ExitStart, "error: environment default: the background process ended before it was ready: see STATE/default/logs/eksemu.log\n"},
		{`echo '{"ready":true}' >&3`, ExitStart, notRunning}, // and died since
	} {
		w := newWorld(t)
		w.background(t, tc.script)
		w.run("up", "--detach").want(t, tc.code, strings.ReplaceAll(tc.want, "STATE", w.StateHome))
	}
	w := newWorld(t)
	w.run("up", "-d").want(t, ExitStart, "error: start environment default in the background: fork/exec "+w.Executable+": no such file or directory\n")
	w.StateHome = filepath.Join(t.TempDir(), "file")
	write(t, w.StateHome, "")
	w.run("up", "-d").want(t, ExitStart, "error: start environment default in the background: make the state folder (set XDG_STATE_HOME to a folder that you can write to): …")
}

// TestReports is the other side of the pipe.
func TestReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options, err := (&upFlags{wait: time.Minute}).options(w.App, &nameFlag{w.App, "default"})
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	removed := w.upInBackground(t.Context(), options, time.Minute, write)
	if want := "environment default was removed by `eksemu down` before it was started"; ExitCode(removed) != ExitStart || removed.Error() != want {
		t.Errorf("error %v with code %d, want %s", removed, ExitCode(removed), want)
	}
	logs := filepath.Dir(backgroundLog(options.Dir))
	if err := errors.Join(os.MkdirAll(logs, 0o700), os.WriteFile(backgroundLog(options.Dir), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	err = w.upInBackground(t.Context(), options, time.Minute, write)
	if ExitCode(err) != ExitStart {
		t.Errorf("error %v with code %d", err, ExitCode(err))
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	var got []report
	decoder := json.NewDecoder(read)
	for {
		var r report
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	want := []report{
		{Error: removed.Error(), Code: ExitStart},
		{Step: "prepare the state folder"}, {Step: "start the AWS endpoints"}, {Step: "start etcd and kube-apiserver"},
		{Error: err.Error(), Code: ExitStart},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

func TestRunThatCannotStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("run", "alice-views-pods").want(t, ExitStart, stepsToTheFirstChild+" ✗ start etcd and kube-apiserver\nerror: start etcd and kube-apiserver: …")
	if made := files(t, w.StateHome); len(made) > 1 {
		t.Errorf("left behind: %v", made)
	}
}

func TestRunAgainstARunningOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, "default")
	config := filepath.Join(t.TempDir(), "env.yaml")
	w.run("config", "init", config)
	for _, flags := range [][]string{{"--config", config}, {"--port", "4500"}, {"--fallback", "http://127.0.0.1:4566"}} {
		w.run(append([]string{"run", "alice-views-pods"}, flags...)...).want(t, ExitUsage,
			"error: environment default is running as it was configured: leave out --config, --port, --fallback, --backend and its flags, or choose another --name\n")
	}
	w.run("run", "alice-views-pods").want(t, ExitStart, "error: read the administrator's kubeconfig: …") // the played one has none
}

// hold locks a state folder for the rest of the test, as the process of its environment does.
func hold(t *testing.T, dir string) *flock.Flock {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatalf("lock %s: %t, %v", dir, locked, err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
	return lock
}

func TestRemoveAbandoned(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	now := time.Now() // of the file system
	for name, age := range map[string]time.Duration{
		"run.1": 2 * time.Minute, "run.2": time.Second, "run.3": 2 * time.Minute, "run.4": 2 * time.Minute, "run-5": time.Hour, "default": time.Hour, "run.x": time.Hour,
		"run.7": time.Second, "run.8": time.Second, "run.9": 2 * time.Minute,
	} {
		dir := filepath.Join(home, name)
		switch name {
		case "run.4":
			write(t, filepath.Join(dir, "thesis.tex"), "…") // no environment
		case "run.7": // another run has just made it, and will lock it in a moment
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		case "run.8": // another run has it
			hold(t, dir)
		case "run.9": // a run was killed before it locked it
			if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o700); err != nil {
				t.Fatal(err)
			}
		default:
			write(t, filepath.Join(dir, "lock"), "")
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(home, "run.6"), "a file")
	app := &App{StateHome: home, Now: func() time.Time { return now }, LookupEnv: func(string) (string, bool) { return "", false }}
	app.removeAbandoned(t.Context())
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{"default", "run-5", "run.4", "run.6", "run.7", "run.8", "run.x"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	app.StateHome = filepath.Join(home, "missing")
	app.removeAbandoned(t.Context())
}

func TestBaseEnviron(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Environ = []string{
		"PATH=/bin", "HOME=/home/me", "AWS_PROFILE=work", "AWS_CA_BUNDLE=x", "HTTPS_PROXY=x", "no_proxy=x", "KUBECONFIG=x", "KUBERNETES_EXEC_INFO=x",
		"DEFAULT_ROLE=x", "LANG=C", "SSL_CERT_FILE=x", "AWSOME=yes",
	}
	if diff := cmp.Diff([]string{"PATH=/bin", "LANG=C", "SSL_CERT_FILE=x", "AWSOME=yes", "HOME=/run/home"}, w.baseEnviron("/run/home")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if len(w.Environ) != 12 {
		t.Error("the App's own environment was changed")
	}
}

// TestInterruptedExitCode: an interrupted verb that failed has the exit code of an interruption, whatever it returned.
func TestInterruptedExitCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	w.Signals = func() (context.Context, func()) { return ctx, func() {} }
	w.run("version").want(t, ExitOK, "")
	w.start(t, "default")
	if got := w.run("status"); got.code != ExitInterrupted {
		t.Errorf("%+v", got)
	}
}
