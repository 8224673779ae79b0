package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/internal/process"
	"github.com/eksemu/eksemu/emulator/trace"
)

// request asks the gateway directly. change may alter the request, which has the admin token.
func (e *Environment) request(t *testing.T, method, path, body string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, e.runtime.Gateway+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+e.runtime.AdminToken)
	if change != nil {
		change(r)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// adminRoutes are the verbs of the admin API.
var adminRoutes = []struct{ method, path string }{
	{"GET", "status"},
	{"GET", "events?after=0&wait=0s"},
	{"POST", "identities"},
	{"DELETE", "identities/1"},
	{"POST", "clusters"},
	{"DELETE", "clusters/c"},
	{"PUT", "clusters/my-cluster/authenticator"},
	{"POST", "marks"},
	{"DELETE", "marks/1"},
	{"GET", "credentials/my-cluster"},
	{"GET", "clock"},
	{"POST", "clock/advance"},
	{"GET", "faults"},
	{"POST", "faults"},
	{"DELETE", "faults"},
	{"DELETE", "faults/a"},
	{"GET", "mfa"},
	{"POST", "stop"},
}

func TestAdminNeedsItsToken(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	const want = `{"error":"the admin API needs the adminToken of the environment's runtime.json"}` + "\n"
	for _, route := range adminRoutes {
		for name, authorization := range map[string]string{
			"none": "", "another": "Bearer x", "no scheme": e.runtime.AdminToken, "another scheme": "Basic " + e.runtime.AdminToken,
			"the beginning": "Bearer " + e.runtime.AdminToken[:5], "more": "Bearer " + e.runtime.AdminToken + "x",
		} {
			status, body := e.request(t, route.method, adminPrefix+route.path, "{}", func(r *http.Request) { r.Header.Set("Authorization", authorization) })
			if status != http.StatusUnauthorized || body != want {
				t.Errorf("%s %s with %s token: %d %s", route.method, route.path, name, status, body)
			}
		}
	}
	select {
	case <-e.Done():
		t.Error("it was stopped without the token")
	default:
	}
}

// TestAdminIsForLoopbackNamesOnly has a browser led here by a name of somebody else's: that is no admin request.
func TestAdminIsForLoopbackNamesOnly(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1:4500": true, "[::1]:4500": true, "127.9.9.9:1": true,
		"evil.example:4500": false, "localhost:4500": false, "10.0.0.1:4500": false, "127.0.0.1": false, "": false,
		"127.0.0.1.evil.example:4500": false,
	} {
		r := httptest.NewRequest(http.MethodGet, adminPrefix+"status", nil)
		r.Host = host
		if isAdmin(r) != want {
			t.Errorf("host %q: admin %t", host, !want)
		}
	}
	if isAdmin(httptest.NewRequest(http.MethodGet, "http://127.0.0.1:4500/clusters", nil)) {
		t.Error("a path of the EKS API is one of the admin API")
	}
	e := awsEnvironment(t)
	for _, path := range []string{adminPrefix + "status", "/_eksemu/healthz"} {
		if status, body := e.request(t, http.MethodGet, path, "", func(r *http.Request) { r.Host = "evil.example:4500" }); status != http.StatusNotFound {
			t.Errorf("%s under another name: %d %s", path, status, body)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	status, body := awsEnvironment(t).request(t, http.MethodGet, "/_eksemu/healthz", "", func(r *http.Request) { r.Header.Del("Authorization") })
	if status != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestAdminRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "events", "", 400, "after must be the number of an event"},
		{"GET", "events?after=-1&wait=0s", "", 400, "after must be the number of an event"},
		{"GET", "events?after=1", "", 400, "wait must be a duration from 0s to 30s"},
		{"GET", "events?after=1&wait=31s", "", 400, "wait must be a duration from 0s to 30s"},
		{"GET", "events?after=1&wait=-1s", "", 400, "wait must be a duration from 0s to 30s"},
		{"POST", "identities", "", 400, "decode the identities: EOF"},
		{"POST", "identities", `{"Users":[{"Nmae":"carol"}]}`, 400, `unknown field \"Nmae\"`},
		{"POST", "identities", `{"Users":"` + strings.Repeat("x", maxAdminBodySize) + `"}`, 400, "request body too large"},
		{"POST", "identities", `{"Users":[{"Name":"alice"}]}`, 409, "alice"},
		{"DELETE", "identities/7", "", 404, `no identities were added under \"7\"`},
		{"GET", "credentials/nobody", "", 404, `no instance or cluster \"nobody\"`},
		{"GET", "credentials/alice", "", 404, `no instance or cluster \"alice\"`},
		{"POST", "clock/advance", "", 400, "decode the clock's move: EOF"},
		{"POST", "clock/advance", `{"by":1} {"by":2}`, 400, "decode the clock's move: there is more behind it"},
		{"POST", "clock/advance", `{"by":1}]`, 400, "decode the clock's move: there is more behind it"},
		{"POST", "clock/advance", `{"By":"2h"}`, 400, "decode the clock's move: "},
		{"POST", "clock/advance", `{"by":9223372036854775807}`, 400, "cannot be moved by 2562047h47m16.854775807s: it stays within a hundred years of the real one"},
		{"POST", "faults", `{"kode":"Throttling"}`, 400, `unknown field \"kode\"`},
		{"POST", "faults", `{"operation":"GetCalerIdentity","drop":true}`, 400, `did you mean \"GetCallerIdentity\"?`},
		{"POST", "faults", `{}`, 400, "fault: it does nothing"},
		{"GET", "frobnicate", "", 404, ""},
	} {
		status, body := e.request(t, tc.method, adminPrefix+tc.path, tc.body, nil)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: %d %s, want %d and %q", tc.method, tc.path, status, body, tc.status, tc.want)
		}
	}
}

func TestClientStatus(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	if diff := cmp.Diff(e.Runtime(), client.Runtime); diff != "" {
		t.Errorf("runtime (-want +got):\n%s", diff)
	}
	for _, event := range []process.Event{
		{Name: "etcd", State: process.Started, PID: 10}, {Name: "etcd", State: process.Ready, PID: 10},
		{Name: "kube-apiserver", State: process.Started, PID: 11},
		{Name: "etcd", State: process.Exited, PID: 10, Err: errors.New("signal: killed")},
		{Name: "etcd", State: process.Restarted, PID: 12},
		{Name: "kube-apiserver", State: process.Exited, PID: 11, Err: errors.New("exit status 1")},
	} {
		e.observe(event)
	}
	got, err := client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Status{
		Name: "test", PID: os.Getpid(), Started: e.runtime.Started, Events: 6,
		Components: []ComponentStatus{
			{Name: "kube-apiserver", State: "exited", Error: "exit status 1"},
			{Name: "etcd", State: "restarted", PID: 12, Restarts: 1, Error: "signal: killed"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestClientEvents(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	if events, err := client.Events(t.Context(), 0, 0); err != nil || events == nil || len(events) > 0 {
		t.Errorf("before the first event: %v, %v", events, err)
	}
	e.trace.Record(trace.Event{Kind: trace.KindLog, Log: &trace.LogLine{Message: "first"}})
	waiting := make(chan []trace.Event)
	go func() {
		events, err := client.Events(t.Context(), 1, maxEventsWait)
		if err != nil {
			t.Error(err)
		}
		waiting <- events
	}()
	e.trace.Record(trace.Event{Kind: trace.KindLog, Log: &trace.LogLine{Message: "second"}})
	if events := <-waiting; len(events) != 1 || events[0].Log.Message != "second" {
		t.Errorf("waited for %v", events)
	}
	events, err := client.Events(t.Context(), 0, 0)
	if err != nil || len(events) != 2 || events[0].Log.Message != "first" {
		t.Errorf("all events: %v, %v", events, err)
	}
}

func TestClientStop(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if err := attached(t, e).Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	<-e.Done()
}

// TestAttachFindsOnlyTheLiving attaches to what a killed environment leaves behind.
func TestAttachFindsOnlyTheLiving(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	dead := func(change func(*Runtime)) string {
		r := e.Runtime()
		change(&r)
		dir := t.TempDir()
		if err := r.write(dir); err != nil {
			t.Fatal(err)
		}
		locked(t, dir) // by one that is starting
		return dir
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for name, dir := range map[string]string{
		"nothing":                          t.TempDir(),
		"nobody listens":                   dead(func(r *Runtime) { r.Gateway = closed.URL }),
		"another program has its port":     dead(func(r *Runtime) { r.Gateway = other.URL }),
		"another environment has its port": dead(func(r *Runtime) { r.AdminToken = "old" }),
		"another process":                  dead(func(r *Runtime) { r.PID++ }),
		"a gateway that is no URL":         dead(func(r *Runtime) { r.Gateway = "\x00" }),
	} {
		if _, err := Attach(t.Context(), dir); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Attach(ctx, e.opts.Dir); !errors.Is(err, context.Canceled) {
		t.Errorf("an attempt that was interrupted says %v", err)
	}
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	var status int
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	r := testRuntime()
	r.Gateway = server.URL
	client := &Client{Runtime: r, http: server.Client()}
	for _, tc := range []struct {
		status     int
		body, want string
	}{
		{409, `{"error":"user alice is there"}`, "user alice is there"},
		{502, "<html>", "environment test: GET status answered 502 Bad Gateway"},
		{500, "{}", "environment test: GET status answered 500 Internal Server Error"},
		{200, "<html>", "environment test: decode the answer of GET status: invalid character '<' looking for beginning of value"},
	} {
		status, body = tc.status, tc.body
		if _, err := client.Status(t.Context()); err == nil || err.Error() != tc.want {
			t.Errorf("%d %s: error %v, want %s", tc.status, tc.body, err, tc.want)
		}
	}
	server.Close()
	_, err := client.Status(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "environment test: ") || strings.Contains(err.Error(), r.AdminToken) {
		t.Errorf("error %v", err)
	}
}

func TestClientEscapesNames(t *testing.T) {
	t.Parallel()
	client := attached(t, publishedEnvironment(t))
	for _, name := range []string{"../status", "a/b", "a?b", "%2e%2e", ""} {
		raw, err := client.Credentials(t.Context(), name)
		if err == nil {
			t.Errorf("credentials of %q: %s", name, raw)
		}
	}
}

// TestOverlayTravels sends an overlay with everything in it through the admin API's JSON.
func TestOverlayTravels(t *testing.T) {
	t.Parallel()
	overlay := testOverlay()
	raw, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	var got config.Overlay
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(overlay, got); diff != "" {
		t.Errorf("overlay (-want +got):\n%s", diff)
	}
}
