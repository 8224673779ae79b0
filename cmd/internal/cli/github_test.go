package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failing runs a scenario that does not come out as expected, from its own folder, in a workflow of GitHub Actions.
func failing(t *testing.T, args ...string) (*world, result) {
	t.Helper()
	w := newWorld(t)
	w.serveAPI(t, w.start(t, "default"))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "scenario.yaml"), strings.Replace(serviceAccountScenario, "status: 403", "status: 404", 1))
	t.Chdir(dir)
	w.env["GITHUB_ACTIONS"] = "true"
	w.env["GITHUB_STEP_SUMMARY"] = filepath.Join(dir, "summary.md")
	return w, w.run(append([]string{"run", "--quiet", "./scenario.yaml"}, args...)...)
}

// TestGitHub: the step that failed is annotated where it is in its file, and the summary has what the step had in it before.
func TestGitHub(t *testing.T) {
	w, got := failing(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	got.want(t, ExitMismatch, "::error file="+here+"/scenario.yaml,line=6,title=nothing-bound%2C step 1 of 1%3A default/default%3A GET /api/v1/namespaces/default/pods::"+
		"HTTP status: expected 404, got 403%0Adecided by rbac: …")
	summary := w.env["GITHUB_STEP_SUMMARY"]
	if text := read(t, summary); !strings.HasPrefix(text, "### eksemu on my-cluster: 0 passed, 1 failed in ") || !strings.Contains(text, "\n| FAIL | nothing-bound | no | rbac | ") ||
		!strings.Contains(text, "kube-apiserver: pods is forbidden") || strings.Contains(text, "token-of-the-service-account") {
		t.Errorf("summary:\n%s", text)
	}
	write(t, summary, "what was there\n")
	w.run("run", "--quiet", "./scenario.yaml").want(t, ExitMismatch, "::error …")
	if text := read(t, summary); !strings.HasPrefix(text, "what was there\n### eksemu on ") {
		t.Errorf("summary:\n%s", text)
	}
}

// TestGitHubSummaryByName: the same summary as a report, which replaces what a file holds.
func TestGitHubSummaryByName(t *testing.T) {
	w, _ := failing(t)
	summary := w.env["GITHUB_STEP_SUMMARY"]
	for _, path := range []string{filepath.Join(t.TempDir(), "other.md"), summary} {
		w.run("run", "--quiet", "./scenario.yaml", "--report", "github="+path).want(t, ExitMismatch, "::error …")
		if text := read(t, path); strings.Count(text, "### eksemu on my-cluster") != 1 {
			t.Errorf("%s:\n%s", path, text)
		}
	}
}

// TestGitHubElsewhere: without the variables of a workflow there are neither annotations nor a summary.
func TestGitHubElsewhere(t *testing.T) {
	w, _ := failing(t)
	clear(w.env)
	w.env["GITHUB_ACTIONS"] = "false"
	w.run("run", "--quiet", "./scenario.yaml").want(t, ExitMismatch, "")
}

// TestGitHubSummaryThatCannotBeWritten is no reason not to run.
func TestGitHubSummaryThatCannotBeWritten(t *testing.T) {
	w, _ := failing(t)
	delete(w.env, "GITHUB_ACTIONS")
	w.env["GITHUB_STEP_SUMMARY"] = filepath.Join(t.TempDir(), "missing", "summary.md")
	got := w.run("run", "--quiet", "./scenario.yaml")
	got.want(t, ExitMismatch, "no job summary: open the file of GITHUB_STEP_SUMMARY (unset it if this is no workflow): open …")
	if !strings.Contains(got.out, "1 failed") {
		t.Errorf("it printed\n%s", got.out)
	}
}

// TestGitHubNothingRun: a summary of nothing is not left behind.
func TestGitHubNothingRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["GITHUB_STEP_SUMMARY"] = filepath.Join(t.TempDir(), "summary.md")
	w.run("run", "--quiet", "alice-views-pods").want(t, ExitStart, "…")
	if _, err := os.Stat(w.env["GITHUB_STEP_SUMMARY"]); err == nil {
		t.Error("nothing was run, but there is a summary")
	}
}
