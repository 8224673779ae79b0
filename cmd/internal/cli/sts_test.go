package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/config"
	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// screen is the standard error of a verb that runs: it tells when a text has appeared.
type screen struct {
	mu       sync.Mutex
	text     bytes.Buffer
	until    string
	appeared chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := strings.Contains(s.text.String(), s.until)
	s.text.Write(p)
	if !before && strings.Contains(s.text.String(), s.until) {
		close(s.appeared)
	}
	return len(p), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// runningSTS runs `eksemu sts` until the test ends, and returns a world for other verbs, what it has printed, and its
// exit code once it has ended.
func runningSTS(t *testing.T, args ...string) (w *world, ready *screen, ended <-chan int) {
	t.Helper()
	server, code := newWorld(t), make(chan int, 1)
	ready = &screen{until: "\nStop it with ", appeared: make(chan struct{})}
	server.ErrOut, server.Now = ready, time.Now
	ctx, interrupt := context.WithCancel(t.Context())
	server.Signals = func() (context.Context, func()) { return ctx, func() {} }
	var running sync.WaitGroup
	running.Go(func() { code <- Main(server.App, append([]string{"sts"}, args...)) })
	t.Cleanup(running.Wait)
	t.Cleanup(interrupt)
	select {
	case <-ready.appeared:
	case c := <-code:
		t.Fatalf("it ended with code %d: %s", c, ready)
	}
	w = newWorld(t)
	w.StateHome, w.Now = server.StateHome, time.Now
	return w, ready, code
}

// whoami is GetCallerIdentity of a profile at the direct endpoint. The error code is "" if there is none.
func (w *world) whoami(t *testing.T, environment, profile string) (arn, refusal string) {
	t.Helper()
	dir := filepath.Join(w.StateHome, environment)
	client, err := emulator.Attach(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	files := emulator.Layout{Dir: dir}
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(),
		awsconfig.WithSharedConfigFiles([]string{files.AWSConfig()}), awsconfig.WithSharedCredentialsFiles([]string{files.AWSCredentials()}),
		awsconfig.WithSharedConfigProfile(profile), awsconfig.WithBaseEndpoint(client.Runtime.Gateway),
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err.Error()
	}
	return *out.Arn, ""
}

// neutralSTS replaces what differs between two runs.
func neutralSTS(w *world, text string) string {
	text = strings.ReplaceAll(text, w.StateHome, "STATE")
	text = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).ReplaceAllString(text, "127.0.0.1:PORT")
	return regexp.MustCompile(`pid [0-9]+`).ReplaceAllString(text, "pid PID")
}

func TestSTS(t *testing.T) {
	t.Parallel()
	w, ready, ended := runningSTS(t)
	golden.Assert(t, neutralSTS(w, ready.String()), "sts-ready.txt")
	for _, profile := range []string{"default", "trurl"} {
		if arn, refusal := w.whoami(t, "sts", profile); arn != "arn:aws:iam::111122223333:user/trurl" {
			t.Errorf("%s is %s, %s", profile, arn, refusal)
		}
	}
	status := w.run("status", "--name", "sts")
	status.want(t, ExitOK, "")
	golden.Assert(t, neutralSTS(w, status.out), "sts-status.txt")
	variables := w.run("env", "--name", "sts", "--as", "alice")
	variables.want(t, ExitOK, "")
	golden.Assert(t, neutralSTS(w, variables.out), "sts-env.txt")
	if got := w.run("trace", "--name", "sts"); !strings.Contains(got.out, "sts:GetCallerIdentity 200 arn:aws:iam::111122223333:user/trurl") {
		t.Errorf("trace %+v", got)
	}
	if got := w.run("explain", "--name", "sts", "--all"); !strings.Contains(got.out, "STS knows the caller as arn:aws:iam::111122223333:user/trurl") {
		t.Errorf("explain %+v", got)
	}
	const noCluster = "error: environment sts has no cluster, it is the AWS side alone: start one that has with `eksemu up`, under another --name\n"
	w.run("kubectl", "--name", "sts", "get", "pods").want(t, ExitStart, noCluster)
	w.run("run", "--name", "sts", "--quiet", "alice-views-pods").want(t, ExitStart, noCluster)
	w.run("sts").want(t, ExitStart, " • prepare the state folder …\n ✗ prepare the state folder\nerror: prepare the state folder: an environment is already running in …")
	w.run("down", "--name", "sts").want(t, ExitOK, "environment sts is stopped and removed\n")
	if code := <-ended; code != ExitOK {
		t.Errorf("it ended with code %d", code)
	}
}

// TestSTSFlags starts one with everything given.
func TestSTSFlags(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env.yaml")
	write(t, file, "apiVersion: eksemu/v1alpha1\nkind: Environment\nregion: eu-central-1\nusers: [{name: zoe}]\n") // no cluster at all
	w, ready, _ := runningSTS(t, "--name", "mine", "--config", file, "--clock-offset", "-2h", "--quiet")
	if arn, refusal := w.whoami(t, "mine", "default"); !strings.Contains(refusal, "SignatureDoesNotMatch: Signature not yet current") {
		t.Errorf("two hours behind: %s, %s", arn, refusal)
	}
	if strings.Contains(ready.String(), "some-other-role") || strings.Contains(ready.String(), "•") {
		t.Errorf("it prints:\n%s", ready)
	}
	w.run("clock", "advance", "--name", "mine", "2h").want(t, ExitOK, "")
	if arn, refusal := w.whoami(t, "mine", "zoe"); arn != "arn:aws:iam::111122223333:user/zoe" {
		t.Errorf("afterwards: %s, %s", arn, refusal)
	}
}

func TestSTSIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, interrupt := context.WithCancel(t.Context())
	w.ErrOut = interrupting{interrupt}
	w.Signals = func() (context.Context, func()) { return ctx, func() {} }
	if code := Main(w.App, []string{"sts"}); code != ExitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if err := emulator.RemoveState(t.Context(), filepath.Join(w.StateHome, "sts"), nil); err != nil {
		t.Errorf("something is left running: %v", err)
	}
}

// interrupting is a terminal whose user interrupts as soon as it is told how.
type interrupting struct{ interrupt func() }

func (i interrupting) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "Stop it with Ctrl-C") {
		i.interrupt()
	}
	return len(p), nil
}

func TestSTSDetached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.background(t, `echo "$@"; echo '{"step":"one"}' >&3; echo '{"ready":true}' >&3`)
	f := w.start(t, "sts") // what the background process would have done
	f.Clusters = nil
	w.publish(t, f)
	w.run("sts", "-d", "--clock-offset", "90s").want(t, ExitOK, " • one …\n\nEnvironment sts is ready: STS at "+f.Gateway+". Now:\n…")
	log := read(t, filepath.Join(w.StateHome, "sts", "logs", "eksemu.log"))
	if want := "sts --name sts --port 0 --wait 5m0s --fallback  --report-fd 3 --clock-offset 1m30s\n"; log != want {
		t.Errorf("the background process has the arguments %q, want %q", log, want)
	}
}

// TestSTSName: a name of one's own comes first, then EKSEMU_NAME, then sts.
func TestSTSName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["EKSEMU_NAME"] = "ci"
	write(t, w.StateHome, "") // so that nothing can start
	for _, tc := range []struct {
		args []string
		name string
	}{{[]string{"sts", "-d"}, "ci"}, {[]string{"sts", "-d", "--name", "own"}, "own"}} {
		w.run(tc.args...).want(t, ExitStart, "error: start environment "+tc.name+" in the background: …")
	}
	delete(w.env, "EKSEMU_NAME")
	w.run("sts", "-d").want(t, ExitStart, "error: start environment sts in the background: …")
}

func TestSTSIsNotRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("status", "--name", "sts").want(t, ExitStart, "error: environment sts is not running: start it with `eksemu sts --detach`\n")
	w.env["EKSEMU_NAME"] = "ci"
	w.run("status", "--name", "sts").want(t, ExitStart, "error: environment sts is not running: start it with `eksemu sts --name sts --detach`\n")
	w.env["EKSEMU_NAME"] = "sts"
	w.run("status").want(t, ExitStart, "error: environment sts is not running: start it with `eksemu sts --detach`\n")
}

func TestFault(t *testing.T) {
	t.Parallel()
	w, _, _ := runningSTS(t, "--name", "default")
	w.run("fault", "list").want(t, ExitOK, "no faults are waiting\n")
	for _, line := range []string{
		"--operation GetCallerIdentity --times 2 --code Throttling", "--operation AssumeRole --delay 10s", "--drop",
		"--status 403 --code AccessDenied --message no", "--delay 1m --drop",
	} {
		w.run(append([]string{"fault", "add"}, strings.Fields(line)...)...).want(t, ExitOK, "")
	}
	if _, refusal := w.whoami(t, "default", "alice"); !strings.Contains(refusal, "Throttling: Rate exceeded") {
		t.Errorf("error %q", refusal)
	}
	if got := w.run("status"); !strings.Contains(got.out, "\nfaults       5 waiting for STS calls (see `eksemu fault list`)\n") {
		t.Errorf("status %s", got.out)
	}
	got := w.run("fault", "list")
	got.want(t, ExitOK, "")
	golden.Assert(t, underline(got.out), "fault-list.txt")
	got = w.run("fault", "list", "-o", "json")
	got.want(t, ExitOK, "")
	var faults []stsfake.Fault
	if err := json.Unmarshal([]byte(got.out), &faults); err != nil || len(faults) != 5 || faults[0].Times != 1 || faults[4].Delay != time.Minute {
		t.Errorf("%s: %v", got.out, err)
	}
	w.run("fault", "clear").want(t, ExitOK, "5 faults forgotten\n")
	w.run("fault", "add", "--drop").want(t, ExitOK, "")
	if arn, refusal := w.whoami(t, "default", "bob"); refusal == "" {
		t.Errorf("an answer in spite of the dropped connection: %s", arn)
	}
	if got := w.run("trace"); !strings.Contains(got.out, "sts:GetCallerIdentity no answer AKIA") || !strings.Contains(got.out, stsfake.FaultReason) {
		t.Errorf("trace %s", got.out)
	}
	if _, refusal := w.whoami(t, "default", "alice"); refusal != "" {
		t.Errorf("error %q", refusal)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	w, _, _ := runningSTS(t, "--name", "default")
	for _, tc := range []struct{ line, want string }{
		{"clock show", "  as the real clock\n"},
		{"clock advance 90m", "  1h30m0s ahead of the real clock\n"},
		{"clock show", "  1h30m0s ahead of the real clock\n"},
		{"clock advance -- -2h", "  30m0s behind the real clock\n"},
		{"clock advance 30m -o json", "\"offset\": 0\n}\n"},
	} {
		got := w.run(strings.Fields(tc.line)...)
		got.want(t, ExitOK, "")
		if !strings.HasSuffix(got.out, tc.want) {
			t.Errorf("%s prints %q, want …%q", tc.line, got.out, tc.want)
		}
	}
	w.run("clock", "advance", "--", "-5m").want(t, ExitOK, "")
	if got := w.run("status"); !strings.Contains(got.out, "\nclock        that of STS is 5m0s behind the real clock (see `eksemu clock`)\n") {
		t.Errorf("status %s", got.out)
	}
	w.run("clock", "advance", "1000000h").want(t, ExitUsage, "error: the clock of the AWS side cannot be moved by 1000000h0m0s: it stays within a hundred years of the real one\n")
}

// TestSTSExplain: where there is no cluster, kubectl is no advice, and calls that were answered are explained with --all.
func TestSTSExplain(t *testing.T) {
	t.Parallel()
	w, _, _ := runningSTS(t)
	const want = "error: nothing to explain yet: no AWS call was refused; `eksemu explain --name sts --all` also explains those that were answered, such as `aws sts get-caller-identity`\n"
	w.run("explain", "--name", "sts").want(t, ExitMismatch, want)
	if _, refusal := w.whoami(t, "sts", "trurl"); refusal != "" {
		t.Fatal(refusal)
	}
	w.run("explain", "--name", "sts").want(t, ExitMismatch, want)
	got := w.run("explain", "--name", "sts", "--all")
	got.want(t, ExitOK, "")
	if !strings.Contains(got.out, "yes  sts:GetCallerIdentity\n") {
		t.Errorf("with --all:\n%s", got.out)
	}
}

// TestSTSKeepsItsState stops one without removing it, and has its keys and sealing key in the next.
func TestSTSKeepsItsState(t *testing.T) {
	t.Parallel()
	w, _, ended := runningSTS(t)
	w.run("down", "--name", "sts", "--keep-state").want(t, ExitOK, "environment sts is stopped; its state is kept in "+filepath.Join(w.StateHome, "sts")+"\n")
	if code := <-ended; code != ExitOK {
		t.Errorf("it ended with code %d", code)
	}
	if _, err := os.Stat(filepath.Join(w.StateHome, "sts", "state.json")); err != nil {
		t.Error(err)
	}
}

// TestSTSSealsLikeUp leaves the clusters out of an environment whose first user did not create them.
func TestSTSSealsLikeUp(t *testing.T) {
	t.Parallel()
	w, path := newWorld(t), filepath.Join(t.TempDir(), "e.yaml")
	write(t, path, strings.Replace(string(config.DefaultYAML()), "users:\n", "users:\n  - name: zed\n", 1))
	whole, err := w.readConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := w.loadIdentities(path)
	if err != nil || len(alone.Clusters) > 0 || !bytes.Equal(alone.SealingKey(), config.Default().SealingKey()) || !bytes.Equal(alone.SealingKey(), whole.SealingKey()) {
		t.Errorf("%v, %d clusters, or another key", err, len(alone.Clusters))
	}
}
