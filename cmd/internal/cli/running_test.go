package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	got := w.run("status")
	got.want(t, ExitOK, "")
	golden.Assert(t, underline(neutralPaths(w, f, got.out)), "status.txt")
	got = w.run("status", "-o", "json")
	got.want(t, ExitOK, "")
	golden.Assert(t, neutralPaths(w, f, got.out), "status.json")
	if strings.Contains(got.out, f.AdminToken) {
		t.Error("the token of the admin API is printed")
	}
}

// underline makes the blanks at the ends of lines seen.
func underline(text string) string { return strings.ReplaceAll(text, " \n", "_\n") }

// hops are events of every kind, in every form that their text has.
func hops() []trace.Event {
	at := func(e trace.Event) trace.Event {
		e.Time = testNow
		return e
	}
	const token = "a9e6f36035dbb98c"
	return []trace.Event{
		at(trace.Event{Kind: trace.KindProcess, Process: &trace.Process{Name: "etcd", State: "ready", PID: 4715}}),
		at(trace.Event{Kind: trace.KindAWS, Token: token, AWS: &trace.AWSCall{
			Service: "sts", Operation: "GetCallerIdentity", Status: 200, AccessKeyID: testKey, Principal: "arn:aws:iam::111122223333:user/alice",
		}}),
		at(trace.Event{Kind: trace.KindAWS, Token: token, AWS: &trace.AWSCall{
			Service: "sts", Operation: "GetCallerIdentity", Status: 403, AccessKeyID: testKey, Code: "SignatureDoesNotMatch",
			Message: "The request signature we calculated does not match.\n\nThe Canonical String should have been\n'GET\n/'",
		}}),
		at(trace.Event{Kind: trace.KindLog, Token: token, Log: &trace.LogLine{
			Level: "warning", Message: "access denied", Fields: map[string]string{"arn": "arn:aws:iam::111122223333:user/mallory", "error": "ARN is not mapped"},
		}}),
		at(trace.Event{Kind: trace.KindTokenReview, Token: token, TokenReview: &trace.TokenReview{Status: 200, Authenticated: true, Username: "alice", Groups: []string{"developers", "a b"}}}),
		at(trace.Event{Kind: trace.KindTokenReview, Token: token, TokenReview: &trace.TokenReview{Status: 403, Authenticator: "ARN is not mapped"}}),
		at(trace.Event{Kind: trace.KindTokenReview, Token: token, TokenReview: &trace.TokenReview{Error: "connection refused"}}),
		at(trace.Event{Kind: trace.KindRequest, Request: &trace.Request{
			Verb: "create", URI: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Username: "bob", Code: 201,
			Review: &trace.AccessReview{Verb: "get", Resource: "pods", Namespace: "default"},
		}}),
		at(trace.Event{Kind: trace.KindRequest, Request: &trace.Request{Verb: "get", URI: "/api/\x1b[31m\nfake line", Code: 401}}),
		at(trace.Event{Kind: trace.KindAWS, AWS: &trace.AWSCall{
			Service: "iam", Operation: "ListUsers", Status: 403, AccessKeyID: testKey, Principal: "arn:aws:iam::111122223333:user/alice",
			Code: "InvalidClientTokenId", Message: "The security token is invalid", Reason: "the session was made without MFA",
		}}),
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	w.run("trace").want(t, ExitOK, "")
	f.record(hops()...)
	got := w.run("trace")
	got.want(t, ExitOK, "")
	golden.Assert(t, underline(got.out), "trace.txt")
	got = w.run("trace", "-o", "json")
	got.want(t, ExitOK, "")
	decoder := json.NewDecoder(strings.NewReader(got.out))
	for i, want := range f.events {
		var event trace.Event
		if err := decoder.Decode(&event); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, event); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i+1, diff)
		}
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Errorf("more than the events: %v", err)
	}
}

// TestTraceFollows goes on with new events until it is interrupted.
func TestTraceFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	ctx, interrupt := context.WithCancel(t.Context())
	w.Signals = func() (context.Context, func()) { return ctx, func() {} }
	read, write := io.Pipe()
	w.Out = write
	f.record(hops()[0])
	done := make(chan result)
	go func() { done <- w.run("trace", "-f", "-o", "json") }()
	decoder := json.NewDecoder(read)
	for number := range uint64(3) {
		var event trace.Event
		if err := decoder.Decode(&event); err != nil || event.Seq != number+1 {
			t.Errorf("event %d, %v, want %d", event.Seq, err, number+1)
		}
		if number < 2 {
			f.record(hops()[number+1])
		}
	}
	interrupt()
	if got := <-done; got.code != ExitOK || got.errOut != "" {
		t.Errorf("ended with %+v", got)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	w.run("explain").want(t, ExitMismatch, "error: nothing to explain yet: ask something first, such as `kubectl auth can-i get pods`\n")
	if got := w.run("explain", "-o", "json"); got.out != "[]\n" || got.code != ExitOK {
		t.Errorf("nothing as JSON: %+v", got)
	}
	f.record(
		trace.Event{Kind: trace.KindAWS, Time: testNow.Add(-time.Second), AWS: &trace.AWSCall{Service: "sts", Operation: "GetCallerIdentity", Status: 200}},
		trace.Event{Kind: trace.KindRequest, Time: testNow, Request: &trace.Request{
			AuditID: "first", Verb: "get", URI: "/api/v1/namespaces/default/pods/web", Username: "bob", Resource: "pods", Namespace: "default", Name: "web",
			Code: 403, Decision: "forbid", Message: "pods \"web\" is forbidden", Received: testNow, Completed: testNow,
		}},
		trace.Event{Kind: trace.KindRequest, Time: testNow.Add(time.Second), Request: &trace.Request{
			AuditID: "discovery", Verb: "get", URI: "/apis", Username: "bob", Code: 200, Decision: "allow", Received: testNow.Add(time.Second), Completed: testNow.Add(time.Second),
		}},
	)
	ids := func(args ...string) []string {
		var list []explain.Verdict
		got := w.run(append([]string{"explain", "-o", "json"}, args...)...)
		if err := json.Unmarshal([]byte(got.out), &list); err != nil {
			t.Fatalf("%+v: %v", got, err)
		}
		var ids []string
		for _, verdict := range list {
			ids = append(ids, verdict.AuditID)
		}
		return ids
	}
	for _, tc := range []struct{ args, want []string }{
		{nil, []string{"first"}}, // nobody asks about discovery, nor about an AWS call that succeeded
		{[]string{"-n", "5"}, []string{"first"}},
		{[]string{"--all"}, []string{"discovery"}},
		{[]string{"--all", "-n", "9"}, []string{"", "first", "discovery"}},
	} {
		if diff := cmp.Diff(tc.want, ids(tc.args...)); diff != "" {
			t.Errorf("explain %v (-want +got):\n%s", tc.args, diff)
		}
	}
	if got := w.run("explain"); got.code != ExitOK || !strings.Contains(got.out, "forbidden") || strings.Contains(got.out, "\x1b") {
		t.Errorf("as text: %+v", got)
	}
	w.Terminal = true
	if got := w.run("explain"); strings.Contains(got.out, "\x1b") {
		t.Error("colour in a file, because standard error is a terminal")
	}
	w.Terminal, w.OutTerminal = false, true
	if got := w.run("explain"); !strings.Contains(got.out, "\x1b") {
		t.Error("no colour on a terminal")
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{false, nil, false}, {true, nil, true}, {true, map[string]string{"TERM": "xterm"}, true}, {true, map[string]string{"TERM": "dumb"}, false},
		{true, map[string]string{"NO_COLOR": "1"}, false}, {true, map[string]string{"NO_COLOR": ""}, true},
	} {
		w := newWorld(t)
		w.Terminal, w.env = tc.terminal, tc.env
		if w.color(tc.terminal) != tc.want {
			t.Errorf("terminal %t, environment %v: colour %t", tc.terminal, tc.env, !tc.want)
		}
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(w.StateHome, "default")
	w.run("down").want(t, ExitOK, "environment default is not running\n")
	f := w.start(t, "default")
	w.run("down", "--keep-state").want(t, ExitOK, "environment default is stopped; its state is kept in "+dir+"\n")
	if !f.stopped {
		t.Error("it was not asked to stop")
	}
	f = w.start(t, "default")
	w.run("down").want(t, ExitOK, "environment default is stopped and removed\n")
	if _, err := os.Stat(dir); !f.stopped || !os.IsNotExist(err) {
		t.Errorf("stopped %t, folder: %v", f.stopped, err)
	}
	write(t, filepath.Join(dir, "thesis.tex"), "…")
	w.run("down").want(t, ExitStart, "error: environment default: "+dir+" does not look like a state folder of eksemu, so it was not removed\n")
	if read(t, filepath.Join(dir, "thesis.tex")) != "…" {
		t.Error("somebody's file is gone")
	}
}

// TestDownWhileStarting: an environment that is not ready yet can be stopped, too.
func TestDownWhileStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	dir := filepath.Join(w.StateHome, "default")
	if err := os.Rename(filepath.Join(dir, "runtime.json"), filepath.Join(dir, "starting.json")); err != nil {
		t.Fatal(err)
	}
	w.run("down").want(t, ExitOK, "environment default is stopped and removed\n")
	if !f.stopped {
		t.Error("it was not asked to stop")
	}
}

// TestDownTwice: two at the same time stop it once, and neither fails.
func TestDownTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 20 {
		w.start(t, "default")
		var both sync.WaitGroup
		for range 2 {
			other := newWorld(t)
			other.StateHome = w.StateHome
			both.Go(func() { other.run("down").want(t, ExitOK, "environment default …") })
		}
		both.Wait()
		if left := files(t, w.StateHome); len(left) > 1 {
			t.Fatalf("left: %v", left)
		}
	}
}

// TestRemoveStateWaits for another `down` that removes the same folder.
func TestRemoveStateWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock := hold(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = lock.Unlock() }()
	if err := removeState(ctx, dir, nil); err != nil {
		t.Error(err)
	}
	hold(t, dir)
	cancel()
	if err := removeState(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// fakeRunning is an environment that ends.
type fakeRunning struct{ broke, stop error }

func (f fakeRunning) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}
func (f fakeRunning) Err() error                 { return f.broke }
func (f fakeRunning) Stop(context.Context) error { return f.stop }

// TestAwait: an environment that breaks is no success.
func TestAwait(t *testing.T) {
	t.Parallel()
	broke, stop := errors.New("the AWS endpoint broke"), errors.New("etcd was killed")
	for _, tc := range []struct {
		env  fakeRunning
		code int
		want string
	}{
		{fakeRunning{}, ExitOK, ""},
		{fakeRunning{broke: broke}, ExitStart, "the AWS endpoint broke"},
		{fakeRunning{stop: stop}, ExitStart, "etcd was killed"},
		{fakeRunning{broke, stop}, ExitStart, "the AWS endpoint broke\netcd was killed"},
	} {
		err := newWorld(t).await(t.Context(), tc.env)
		if ExitCode(err) != tc.code || err != nil && err.Error() != tc.want {
			t.Errorf("%+v: %v with code %d, want %q with %d", tc.env, err, ExitCode(err), tc.want, tc.code)
		}
	}
}

func TestComponentText(t *testing.T) {
	t.Parallel()
	c := emulator.ComponentStatus{Name: "etcd", State: "ready", PID: 7, Restarts: 1, Error: "exited with status 1"}
	for _, tc := range []struct{ state, err, want string }{
		{"ready", "exited with status 1", "etcd  ready  pid 7  restarts 1"},
		{"exited", "exited with status 1", "etcd  exited  pid 7  restarts 1  exited with status 1 (see `eksemu logs etcd`)"},
		{"exited", "exited with status 1:\n    one\n    no space left on device", "etcd  exited  pid 7  restarts 1  exited with status 1: no space left on device (see `eksemu logs etcd`)"},
		{"exited", "k8s-aws-v1.aHR0cHM6\x1b[31m", "etcd  exited  pid 7  restarts 1  k8s-aws-v1.[redacted] [31m (see `eksemu logs etcd`)"},
		{"started", "", "etcd  started  pid 7  restarts 1"},
	} {
		c.State, c.Error = tc.state, tc.err
		if got := componentText(c); got != tc.want {
			t.Errorf("%s, %q:\n%s, want\n%s", tc.state, tc.err, got, tc.want)
		}
	}
}

// TestTheTraceOfTheLastRun: what happened can be explained when it is over.
func TestTheTraceOfTheLastRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.StateHome, "default", "trace.jsonl")
	write(t, path, `{"seq":1,"time":"2026-11-23T12:00:00Z","kind":"request","request":{"auditID":"a","verb":"list","uri":"/api/v1/namespaces/default/pods","username":"bob","resource":"pods","namespace":"default","code":403,"decision":"forbid","message":"pods is forbidden"}}`+"\n")
	from := "environment default is not running: this is from " + path + ", of its last run\n"
	got := w.run("trace")
	got.want(t, ExitOK, from)
	if !strings.Contains(got.out, "403 list /api/v1/namespaces/default/pods as bob") {
		t.Errorf("trace:\n%s", got.out)
	}
	got = w.run("explain")
	got.want(t, ExitOK, from)
	if !strings.Contains(got.out, "pods is forbidden") {
		t.Errorf("explain:\n%s", got.out)
	}
	w.run("trace", "--follow").want(t, ExitStart, notRunning)
}

func TestInstanceCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(w.StateHome, "default")
	w.run("__instance-credentials", "--state-dir", dir, "i-1").want(t, ExitStart, "error: credentials of i-1: the environment in "+dir+": not running\n")
	f := w.start(t, "default")
	f.credentials["i-1"] = `{"Version":1}`
	got := w.run(append(instanceCredentials(dir), "i-1")...)
	got.want(t, ExitOK, "")
	if got.out != "{\"Version\":1}\n" {
		t.Errorf("printed %q", got.out)
	}
	w.run("__instance-credentials", "--state-dir", dir, "i-2").want(t, ExitMismatch, "error: no instance or cluster i-2\n")
}

func TestKubectl(t *testing.T) {
	const unset = "not set"
	t.Setenv("KUBECONFIG", unset) // restored when the test ends: the verb sets it for the linked kubectl
	w := newWorld(t)
	var got []string
	w.Programs["kubectl"] = func(args []string) int {
		got = slices.Concat(args, []string{os.Getenv("KUBECONFIG")})
		t.Setenv("KUBECONFIG", unset)
		return len(args)
	}
	w.start(t, "default")
	w.start(t, "other")
	kubeconfig := func(name string) string { return filepath.Join(w.StateHome, name, "kubeconfig") }
	for _, tc := range []struct {
		line string
		want []string // and KUBECONFIG
	}{
		{"get pods", []string{"get", "pods", kubeconfig("default")}},
		{"--name other get pods --name x", []string{"get", "pods", "--name", "x", kubeconfig("other")}},
		{"--name=other get pods", []string{"get", "pods", kubeconfig("other")}},
		{"get pods --kubeconfig mine", []string{"get", "pods", "--kubeconfig", "mine", unset}},
		{"--kubeconfig=mine get pods", []string{"--kubeconfig=mine", "get", "pods", unset}},
		{"--help", []string{"--help", unset}},
		{"", []string{unset}},
	} {
		args := append([]string{"kubectl"}, strings.Fields(tc.line)...)
		w.run(args...).want(t, len(tc.want)-1, "") // the exit code is kubectl's
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("kubectl %s (-want +got):\n%s", tc.line, diff)
		}
	}
	w.env["KUBECONFIG"] = "mine"
	if w.run("kubectl", "get", "pods"); got[len(got)-1] != unset {
		t.Errorf("KUBECONFIG was replaced by %s", got[len(got)-1])
	}
	if w.run("kubectl", "--name", "other", "get", "pods"); got[len(got)-1] != kubeconfig("other") {
		t.Errorf("--name other, but KUBECONFIG is %s", got[len(got)-1])
	}
}

func TestChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []string
	w.Programs["etcd"] = func(args []string) int { got = args; return 7 }
	w.ExitWith = func(parent io.Reader, program func() int) int {
		if parent != w.In {
			t.Error("the child does not watch its standard input")
		}
		return program()
	}
	w.run(childCommand("etcd", []string{"--config-file=x", "--help"})...).want(t, 7, "")
	if diff := cmp.Diff([]string{"--config-file=x", "--help"}, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.run("version")
	got.want(t, ExitOK, "")
	if !strings.HasPrefix(got.out, "eksemu ") || strings.Count(got.out, "\n") != 5 {
		t.Errorf("version %q", got.out)
	}
	var versions map[string]string
	if err := json.Unmarshal([]byte(w.run("version", "-o", "json").out), &versions); err != nil || versions["eksemu"] == "" {
		t.Errorf("versions %v, %v", versions, err)
	}
}

// badPipe is a standard output that cannot be written.
type badPipe struct{ err error }

func (p badPipe) Write([]byte) (int, error) { return 0, p.err }

// TestOutputThatIsLost: no verb calls it success when its answer was not written.
func TestOutputThatIsLost(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"status", "status -o json", "env", "env --format json", "logs", "scenarios list", "scenarios show alice-views-pods", "config init", "version", "version -o json"} {
		w := newWorld(t)
		w.start(t, "default")
		write(t, filepath.Join(w.StateHome, "default", "logs", "etcd.log"), "")
		w.Out = badPipe{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}}
		got := w.run(strings.Fields(line)...)
		if got.want(t, ExitStart, "error: write to standard output: write /dev/stdout: no space left on device\n"); t.Failed() {
			t.Fatal(line)
		}
		w.Out = badPipe{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}}
		w.run(strings.Fields(line)...).want(t, ExitPipe, "") // `eksemu … | head` has what it wants
	}
	w := newWorld(t)
	w.Out = badPipe{syscall.ENOSPC}
	w.run("status").want(t, ExitStart, notRunning)
}

// TestCompletionOfEnvironments offers the names of state folders, and no private ones.
func TestCompletionOfEnvironments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"default", "pr-17", "run.4711", "Other"} {
		write(t, filepath.Join(w.StateHome, name, "lock"), "")
	}
	write(t, filepath.Join(w.StateHome, "file"), "")
	for _, verb := range []string{"up", "down", "status", "env", "run", "explain", "trace", "logs"} {
		if got := w.run("__complete", verb, "--name", ""); got.out != "default\npr-17\n:4\n" {
			t.Errorf("%s --name: %q", verb, got.out)
		}
	}
}
