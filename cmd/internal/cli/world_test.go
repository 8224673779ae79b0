package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/trace"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// world is an App whose outside is made of values.
type world struct {
	*App
	env         map[string]string
	out, errOut bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{env: map[string]string{}}
	w.App = &App{
		In: strings.NewReader(""), Out: &w.out, ErrOut: &w.errOut, Args0: "eksemu",
		Executable: filepath.Join(t.TempDir(), "eksemu"), // there is none: nothing can be started
		LookupEnv:  func(name string) (string, bool) { value, ok := w.env[name]; return value, ok },
		LookPath:   func(string) (string, error) { return "", errors.New("not found") },
		Now:        func() time.Time { return testNow },
		StateHome:  filepath.Join(t.TempDir(), "state"),
		Programs:   map[string]func([]string) int{},
		KeepPipes:  func() {},
		Signals:    func() (context.Context, func()) { return t.Context(), func() {} },
	}
	return w
}

// result is how a command line ended.
type result struct {
	code        int
	out, errOut string
}

func (w *world) run(args ...string) result {
	w.out.Reset()
	w.errOut.Reset()
	code := Main(w.App, args)
	return result{code, w.out.String(), w.errOut.String()}
}

// want fails the test unless a command line ended with a code and its standard error is or, with an ellipsis at its
// end, begins with a text.
func (r result) want(t *testing.T, code int, errOut string) {
	t.Helper()
	start, cut := strings.CutSuffix(errOut, "…")
	if r.code != code || cut && !strings.HasPrefix(r.errOut, start) || !cut && r.errOut != errOut {
		t.Errorf("exit code %d, want %d; standard error:\n%s\nwant:\n%s", r.code, code, r.errOut, errOut)
	}
}

const notRunning = "error: environment default is not running: start it with `eksemu up --detach`\n"

// fakeEnvironment plays the admin API of a running environment.
type fakeEnvironment struct {
	emulator.Runtime

	mu          sync.Mutex
	events      []trace.Event
	credentials map[string]string // JSON, by name
	stopped     bool
	lock        *flock.Flock  // held until it is stopped
	more        chan struct{} // closed when events were added
}

// start writes the runtime file of a fake environment and serves its admin API.
func (w *world) start(t *testing.T, name string) *fakeEnvironment {
	t.Helper()
	f := &fakeEnvironment{credentials: map[string]string{}, more: make(chan struct{})}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /_eksemu/v1/status", f.status)
	routes.HandleFunc("GET /_eksemu/v1/events", f.since)
	routes.HandleFunc("GET /_eksemu/v1/credentials/{name}", f.credential)
	routes.HandleFunc("POST /_eksemu/v1/stop", f.stop)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-of-the-admin-api" {
			answer(out, http.StatusUnauthorized, map[string]string{"error": "no token"})
			return
		}
		routes.ServeHTTP(out, r)
	}))
	t.Cleanup(server.Close)
	f.Runtime = emulator.Runtime{
		Name: name, PID: 4711, Version: "1.2.3", Started: testNow, Gateway: server.URL, AdminToken: "secret-of-the-admin-api",
		Account: "111122223333", Region: "us-west-2",
		Clusters: []emulator.RuntimeCluster{{
			Name: "my-cluster", ARN: "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster", Endpoint: "https://127.0.0.1:6443",
		}},
	}
	for _, user := range []string{"trurl", "alice", "bob", "mallory"} {
		f.Identities = append(f.Identities, emulator.Identity{Name: user, Kind: "user", ARN: "arn:aws:iam::111122223333:user/" + user})
	}
	w.publish(t, f)
	f.lock = hold(t, filepath.Join(w.StateHome, name))
	return f
}

// publish writes the runtime file of a fake environment.
func (w *world) publish(t *testing.T, f *fakeEnvironment) {
	t.Helper()
	raw, err := json.Marshal(f.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(w.StateHome, f.Name, "runtime.json"), string(raw))
}

func answer(out http.ResponseWriter, status int, body any) {
	out.WriteHeader(status)
	_ = json.NewEncoder(out).Encode(body)
}

// record adds events to the trace.
func (f *fakeEnvironment) record(events ...trace.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		e.Seq = uint64(len(f.events) + 1)
		f.events = append(f.events, e)
	}
	close(f.more)
	f.more = make(chan struct{})
}

func (f *fakeEnvironment) status(out http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer(out, http.StatusOK, emulator.Status{
		Name: f.Name, PID: f.PID, Started: f.Started, Events: uint64(len(f.events)),
		Components: []emulator.ComponentStatus{
			{Name: "aws-iam-authenticator", State: "ready", PID: 4712},
			{Name: "etcd", State: "restarted", PID: 4715, Restarts: 2, Error: "signal: killed"},
		},
	})
}

func (f *fakeEnvironment) since(out http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	more := f.more
	events := slices.Clone(f.events)
	f.mu.Unlock()
	after := func() []trace.Event {
		return slices.DeleteFunc(events, func(e trace.Event) bool { return json.Number(r.FormValue("after")) >= seq(e) })
	}
	if events = after(); len(events) == 0 && r.FormValue("wait") != "0s" {
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
		f.mu.Lock()
		events = slices.Clone(f.events)
		f.mu.Unlock()
		events = after()
	}
	answer(out, http.StatusOK, events)
}

// seq is the number of an event, which here has one digit.
func seq(e trace.Event) json.Number { return json.Number(rune('0' + e.Seq)) }

func (f *fakeEnvironment) credential(out http.ResponseWriter, r *http.Request) {
	raw, ok := f.credentials[r.PathValue("name")]
	if !ok {
		answer(out, http.StatusNotFound, map[string]string{"error": "no instance or cluster " + r.PathValue("name")})
		return
	}
	answer(out, http.StatusOK, json.RawMessage(raw))
}

func (f *fakeEnvironment) stop(out http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	answer(out, http.StatusAccepted, map[string]string{})
	_ = f.lock.Unlock()
}

// files are the paths of everything in a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found := map[string]bool{}
	_ = filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err == nil {
			found[path] = true
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found))
}
