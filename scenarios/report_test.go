package scenarios

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/explain"
)

// exampleReport has a scenario of every kind: passed, partly skipped, failed in every way, skipped.
func exampleReport() Report {
	allowed := &explain.Verdict{
		Outcome: explain.Allowed, DecidedBy: explain.HopRBAC, Cause: "allowed-rbac", Question: "get pods in default",
		Summary: "RoleBinding pod-viewer/default allows alice to get pods in default",
	}
	denied := &explain.Verdict{
		Outcome: explain.Denied, DecidedBy: explain.HopRBAC, Cause: "no-rule", Question: "get pods in default",
		Summary:  "no binding lets bob or a group of it (guests) get pods in default",
		Evidence: explain.Evidence{Component: "kube-apiserver", Text: `"status": {"allowed": false}`},
		Fix:      "Grant it, as an administrator:\nkubectl create rolebinding bob-view --clusterrole=view --user=bob",
		Identity: explain.Identity{Username: "bob", ARN: "arn:aws:iam::111122223333:user/bob"},
		Steps:    []explain.Step{{Hop: explain.HopMapper, State: explain.StatePassed}, {Hop: explain.HopRBAC, State: explain.StateRefused, Detail: "no rule matches"}},
	}
	refused := &explain.Verdict{Outcome: explain.Unauthorized, DecidedBy: explain.HopMapper, Cause: "not-mapped-user",
		Summary: "AWS knows the caller as arn:aws:iam::111122223333:user/mallory, but nothing maps that user to a Kubernetes user"}
	canI := Command{"auth", "can-i", "get", "pods"}
	step := func(as string, outcome explain.Outcome, got attempt, ms int) StepResult {
		step := Step{As: as, Kubectl: canI, Expect: &Expectation{Outcome: outcome, Text: map[explain.Outcome]string{explain.Allowed: "yes"}[outcome]}}
		result := newStepResult(step)
		result.Attempts = 1
		got.shown = got.output
		result.judge(step, got)
		result.Seconds = float64(ms) / 1000
		return result
	}
	failed := newStepResult(Step{Apply: "…"})
	failed.fail(os.ErrDeadlineExceeded)

	report := Report{APIVersion: APIVersion, Kind: "ScenarioReport", Cluster: "my-cluster", Started: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), Seconds: 7.25}
	for _, s := range []struct {
		name, title string
		steps       []StepResult
		err         error
	}{
		{"alice-views-pods", "alice is mapped, and her group may view pods", []StepResult{step("alice", explain.Allowed, attempt{verdict: allowed, output: "yes\n"}, 312)}, nil},
		{"mallory-is-not-mapped", "mallory is mapped nowhere", []StepResult{
			step("mallory", explain.Allowed, attempt{skip: noAWS}, 0), step("mallory", explain.Unauthorized, attempt{verdict: refused}, 280),
		}, nil},
		{"bob-may", "bob may after all", []StepResult{
			step("bob", explain.Allowed, attempt{verdict: denied, output: "no\nk8s-aws-v1.c2VjcmV0\x1b[2J\n"}, 5100), newStepResult(Step{Clock: "-16m"}).skip("an earlier step failed"),
		}, nil},
		{"apply-too-long", "what could not be done", []StepResult{failed}, nil},
		{"not-put-back", "what could not be put back", []StepResult{step("alice", explain.Allowed, attempt{verdict: allowed, output: "yes\n"}, 290)}, os.ErrPermission},
		{"aws-cli", "the aws CLI", []StepResult{step("trurl", explain.Allowed, attempt{skip: noAWS}, 0)}, nil},
	} {
		result := Result{Name: s.name, Title: s.title, File: "catalogue/" + s.name + ".yaml", Status: StatusPassed, Steps: s.steps}
		for _, step := range s.steps {
			result.Seconds += step.Seconds
			if step.Status == StatusFailed {
				result.Status = StatusFailed
			}
			result.decide(step)
		}
		if s.err != nil {
			result.fail(s.err)
		}
		if result.Name == "mallory-is-not-mapped" {
			result.Status = StatusPassed // its skipped step does not decide
		}
		if result.Name == "bob-may" {
			result.Status = StatusFailed
			result.decide(s.steps[0])
		}
		report.add(result)
	}
	return report
}

func TestReportGolden(t *testing.T) {
	t.Parallel()
	report := exampleReport()
	for name, write := range map[string]func(io.Writer) error{
		"report.txt":       func(w io.Writer) error { return report.WriteTable(w, TableOptions{}) },
		"report-color.txt": func(w io.Writer) error { return report.WriteTable(w, TableOptions{Color: true}) },
		"report.json":      report.WriteJSON,
		"report.xml":       report.WriteJUnit,
		"report.md":        oddReport().WriteGitHubSummary,
		"annotations.txt": func(w io.Writer) error {
			return oddReport().WriteAnnotations(w, func(file string) string { return "/repo/" + file })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, got.String(), name)
		})
	}
}

// What programs read must be readable by programs.
func TestReportsAreWellFormed(t *testing.T) {
	t.Parallel()
	report := exampleReport()
	var document, tests bytes.Buffer
	if err := report.WriteJSON(&document); err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(document.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, again); diff != "" {
		t.Errorf("the report after a round trip through JSON (-want +got):\n%s", diff)
	}
	if err := report.WriteJUnit(&tests); err != nil {
		t.Fatal(err)
	}
	var suites junit.Testsuites
	if err := xml.Unmarshal(tests.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 9 || suites.Failures != 1 || suites.Errors != 2 || suites.Skipped != 3 {
		t.Errorf("JUnit counts %d tests, %d failures, %d errors, %d skipped", suites.Tests, suites.Failures, suites.Errors, suites.Skipped)
	}
	for _, text := range []string{document.String(), tests.String()} {
		if bytes.Contains([]byte(text), []byte("c2VjcmV0")) {
			t.Errorf("a token is in the report:\n%s", text)
		}
	}
}
