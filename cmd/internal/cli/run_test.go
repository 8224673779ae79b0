package cli

import (
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
	"github.com/eksemu/eksemu/scenarios"
)

// serveAPI gives a fake environment an API server that forbids a service account to list pods, and audits that.
func (w *world) serveAPI(t *testing.T, f *fakeEnvironment) {
	t.Helper()
	const token = "token-of-the-service-account"
	routes := http.NewServeMux()
	routes.HandleFunc("POST /api/v1/namespaces/default/serviceaccounts/default/token", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		answer(out, http.StatusCreated, map[string]any{
			"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "status": map[string]string{"token": token},
		})
	})
	routes.HandleFunc("GET /api/v1/namespaces/default/pods", func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("asked with %q", r.Header.Get("Authorization"))
		}
		f.record(trace.Event{Kind: trace.KindRequest, Time: testNow, Request: &trace.Request{
			AuditID: "audit-1", Verb: "list", URI: r.URL.Path, UserAgent: r.UserAgent(), Username: "system:serviceaccount:default:default",
			Groups: []string{"system:serviceaccounts"}, Resource: "pods", Namespace: "default", Code: http.StatusForbidden, Decision: "forbid",
			Message: "pods is forbidden", Received: testNow, Completed: testNow,
		}})
		out.Header().Set("Audit-Id", "audit-1")
		answer(out, http.StatusForbidden, map[string]string{"message": "pods is forbidden"})
	})
	server := httptest.NewTLSServer(routes)
	t.Cleanup(server.Close)
	info := cluster.Info{
		Endpoint: server.URL, CAPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	write(t, filepath.Join(w.StateHome, f.Name, "admin.kubeconfig"), string(cluster.Kubeconfig(info, "my-cluster", "eksemu-admin", info.Admin)))
	f.Clusters[0].Endpoint = server.URL
	w.publish(t, f)
}

const serviceAccountScenario = `apiVersion: eksemu/v1alpha1
kind: Scenario
metadata: {name: nothing-bound, title: a service account without a binding, outcome: denied}
lesson: Nobody said what the service account may do.
steps:
  - serviceAccount: default/default
    http: {method: GET, path: /api/v1/namespaces/default/pods}
    expect: {outcome: denied, decidedBy: rbac, status: 403}
`

func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	dir := t.TempDir()
	file, junit, report := filepath.Join(dir, "scenario.yaml"), filepath.Join(dir, "junit.xml"), filepath.Join(dir, "report.json")
	write(t, file, serviceAccountScenario)
	got := w.run("run", file, "--explain", "--report", "junit="+junit, "--report", "json="+report)
	got.want(t, ExitOK, " • run 1 scenario on cluster my-cluster …\n")
	table, explanation, _ := strings.Cut(got.out, "\nnothing-bound: a service account without a binding\n")
	if row := regexp.MustCompile(`(?m)^ok +nothing-bound +no +rbac `); !row.MatchString(table) || !strings.Contains(table, "1 passed") {
		t.Errorf("table:\n%s", table)
	}
	if !strings.HasPrefix(explanation, "no  list pods in default\n") || !strings.Contains(explanation, "kube-apiserver: pods is forbidden") {
		t.Errorf("below the table:\n%s", explanation)
	}
	var suites struct {
		Suites []struct {
			Tests int `xml:"tests,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(read(t, junit)), &suites); err != nil || len(suites.Suites) != 1 || suites.Suites[0].Tests != 1 {
		t.Errorf("JUnit: %v\n%s", err, read(t, junit))
	}
	var written scenarios.Report
	if err := json.Unmarshal([]byte(read(t, report)), &written); err != nil || written.Passed != 1 {
		t.Errorf("JSON: %v\n%s", err, read(t, report))
	}
}

func TestRunThatIsNotAsExpected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, strings.Replace(serviceAccountScenario, "status: 403", "status: 404", 1))
	got := w.run("run", "--quiet", "-o", "json", file)
	got.want(t, ExitMismatch, "")
	var report scenarios.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || report.Failed != 1 || report.Scenarios[0].Outcome != explain.Denied {
		t.Errorf("report %v: %+v", err, report)
	}
	if strings.Contains(got.out, "token-of-the-service-account") {
		t.Error("the report has a token")
	}
	got = w.run("run", "--quiet", file)
	got.want(t, ExitMismatch, "")
	if !strings.Contains(got.out, "404") || !strings.Contains(got.out, "nothing-bound") {
		t.Errorf("table:\n%s", got.out)
	}
}

func TestRunReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, serviceAccountScenario)
	got := w.run("run", "--quiet", "--report", "json="+filepath.Join(file, "below"), file)
	got.want(t, ExitUsage, "error: --report \"json="+filepath.Join(file, "below")+"\": choose a file that can be written, nothing was run: open …")
	if got.out != "" {
		t.Errorf("it ran:\n%s", got.out)
	}
	full := "/dev/full" // Linux: takes nothing, and says so only when it is written to
	if _, err := os.Stat(full); err != nil {
		t.Skip("no " + full)
	}
	w.run("run", "--quiet", "--report", "json="+full, file).want(t, ExitStart, "error: write the report as JSON: write /dev/full: no space left on device\n")
}

// TestReportFiles: a file is as it was until there is a report, and shorter afterwards if the report is.
func TestReportFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, fresh := filepath.Join(t.TempDir(), "old.json"), filepath.Join(t.TempDir(), "new.json")
	write(t, old, strings.Repeat("old ", 10_000))
	w.run("run", "--quiet", "--report", "json="+old, "--report", "junit="+fresh, "alice-views-pods").want(t, ExitStart, "…")
	if got := read(t, old); !strings.HasPrefix(got, "old old") {
		t.Errorf("nothing was run, but the old report is now %q", got)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("nothing was run, but there is a report")
	}
	w.serveAPI(t, w.start(t, "default"))
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, serviceAccountScenario)
	w.run("run", "--quiet", "--report", "json="+old, file).want(t, ExitOK, "")
	if err := json.Unmarshal([]byte(read(t, old)), new(scenarios.Report)); err != nil {
		t.Errorf("the old report is not replaced: %v", err)
	}
}

// TestReportsInOneFile: one of them would be lost, however the file is spelled.
func TestReportsInOneFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("report", link); err != nil {
		t.Fatal(err)
	}
	w.run("run", "--report", "json="+filepath.Join(dir, "report"), "--report", "junit="+link, "alice-views-pods").want(t, ExitUsage,
		"error: --report \"junit="+link+"\": another report goes to the same file, nothing was run: choose another\n")
	if _, err := os.Stat(filepath.Join(dir, "report")); err == nil {
		t.Error("nothing was run, but there is a report")
	}
	if reports, err := openReports([]string{"json=" + os.DevNull, "junit=" + os.DevNull}); err != nil {
		t.Error(err) // nothing is lost that was not meant to
	} else {
		abandon(reports)
	}
}

// TestReportOnStandardOutput: what people read makes way for it.
func TestReportOnStandardOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, serviceAccountScenario)
	got := w.run("run", "--quiet", "--explain", "--report", "json=-", file)
	if err := json.Unmarshal([]byte(got.out), new(scenarios.Report)); err != nil || got.code != ExitOK {
		t.Errorf("%d %v:\n%s", got.code, err, got.out)
	}
	if !strings.Contains(got.errOut, "1 passed") || !strings.Contains(got.errOut, "no  list pods in default") {
		t.Errorf("standard error:\n%s", got.errOut)
	}
}

// TestRunFolder: the folder of a killed run goes, and that of this one, too.
func TestRunFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	dir := filepath.Join(w.StateHome, "default", "run")
	write(t, filepath.Join(dir, "left", "by-a-killed-run"), "")
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	write(t, file, serviceAccountScenario)
	w.run("run", "--quiet", file).want(t, ExitOK, "")
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestOwnHome: clients of a run find programs that are installed in the user's home, but neither find nor change the
// user's AWS and Kubernetes files.
func TestOwnHome(t *testing.T) {
	t.Parallel()
	users, own := t.TempDir(), filepath.Join(t.TempDir(), "home")
	for _, name := range []string{".local/bin/aws", ".aws/config", ".kube/config", "notes.txt"} {
		write(t, filepath.Join(users, name), name)
	}
	paths, err := homeOf(users)
	if err != nil {
		t.Fatal(err)
	}
	if err := ownHome(own, paths); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(own, ".aws", "cli", "cache", "session.json"), "x")
	if got := read(t, filepath.Join(own, ".local", "bin", "aws")); got != ".local/bin/aws" {
		t.Errorf("a program is %q", got)
	}
	if _, err := os.Stat(filepath.Join(users, ".aws", "cli")); err == nil {
		t.Error("the session is in the user's home")
	}
	for _, name := range []string{".aws/config", ".kube/config"} {
		if _, err := os.Stat(filepath.Join(own, name)); err == nil {
			t.Errorf("%s is the user's", name)
		}
	}
	if err := os.RemoveAll(own); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(users, "notes.txt")); got != "notes.txt" {
		t.Errorf("the user's file is now %q", got)
	}
	for _, nobodys := range []string{"", filepath.Join(users, "missing"), os.DevNull, filepath.Join(users, "notes.txt")} {
		if paths, err := homeOf(nobodys); len(paths) > 0 || err != nil {
			t.Errorf("home %q: %v, %v", nobodys, paths, err)
		}
	}
}

// TestRelativeHome: links to it would lead nowhere.
func TestRelativeHome(t *testing.T) {
	users := t.TempDir()
	write(t, filepath.Join(users, "notes.txt"), "")
	t.Chdir(filepath.Dir(users))
	paths, err := homeOf(filepath.Base(users))
	if diff := cmp.Diff([]string{filepath.Join(users, "notes.txt")}, paths); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestHomeThatCannotBeRead is known before anything starts.
func TestHomeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["HOME"] = "a\x00b"
	w.run("run", "alice-views-pods").want(t, ExitStart, "error: read the home folder (set HOME to another): open …")
}

func TestTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	w.serveAPI(t, f)
	client, err := (&nameFlag{w.App, "default"}).attach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target, err := newTarget(client)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(w.StateHome, "default")
	want := []string{
		"AWS_PROFILE=bob", "HTTPS_PROXY=" + f.Gateway, "NO_PROXY=127.0.0.1,localhost,::1",
		"AWS_CA_BUNDLE=" + dir + "/ca-bundle.pem", "AWS_CONFIG_FILE=" + dir + "/aws/config", "AWS_SHARED_CREDENTIALS_FILE=" + dir + "/aws/credentials",
		"AWS_EC2_METADATA_DISABLED=true",
	}
	if diff := cmp.Diff(want, target.Environ("bob")); diff != "" {
		t.Errorf("environment of bob (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"trurl", "alice", "bob", "mallory"}, target.Identities()); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	if c := target.Cluster(); c.Name != "my-cluster" || c.Region != "us-west-2" || c.Endpoint != f.Clusters[0].Endpoint || len(c.CAPEM) == 0 {
		t.Errorf("cluster %+v", c)
	}
}

func TestDeciding(t *testing.T) {
	t.Parallel()
	first, second := &explain.Verdict{Cause: "first"}, &explain.Verdict{Cause: "second"}
	for _, tc := range []struct {
		steps []scenarios.StepResult
		want  *explain.Verdict
	}{
		{nil, nil},
		{[]scenarios.StepResult{{}}, nil},
		{[]scenarios.StepResult{{Verdict: first}, {Verdict: second}, {}}, second},
	} {
		if got := deciding(scenarios.Result{Steps: tc.steps}); got != tc.want {
			t.Errorf("of %v: %v", tc.steps, got)
		}
	}
}
