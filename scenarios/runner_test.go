package scenarios

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// scenarioOf is a scenario of the steps that a test writes down.
func scenarioOf(t *testing.T, outcome, steps string) *Scenario {
	t.Helper()
	text := "apiVersion: eksemu/v1alpha1\nkind: Scenario\nmetadata: {name: test, title: a test, outcome: " + outcome + "}\n" + steps
	scenario, problems := Decode("test.yaml", []byte(text), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return scenario
}

func runOne(t *testing.T, r *Runner, outcome, steps string) Result {
	t.Helper()
	report, err := r.Run(t.Context(), []*Scenario{scenarioOf(t, outcome, steps)})
	if err != nil {
		t.Fatal(err)
	}
	return report.Scenarios[0]
}

// wantPassed fails the test with everything that the report says about a scenario that did not pass.
func wantPassed(t *testing.T, result Result) {
	t.Helper()
	if result.Status == StatusPassed {
		return
	}
	var text strings.Builder
	if err := (Report{Scenarios: []Result{result}}).WriteTable(&text, TableOptions{}); err != nil {
		t.Error(err)
	}
	t.Fatalf("the scenario did not pass:\n%s", text.String())
}

const canI = "\n    kubectl: auth can-i get pods\n    expect: "

func TestRunOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ outcome, steps string }{
		"allowed":      {"allowed", "  - as: alice" + canI + `{outcome: allowed, decidedBy: rbac, cause: allowed-rbac, text: "yes"}`},
		"denied":       {"denied", "  - as: bob" + canI + `{outcome: denied, decidedBy: rbac, text: "no"}`},
		"unauthorized": {"unauthorized", "  - as: mallory" + canI + `{outcome: unauthorized, decidedBy: mapper, why: identity is not mapped, text: You must be logged in}`},
		"service account": {"allowed", "  - delete: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth}}\n" +
			"  - serviceAccount: default/default" + canI + `{outcome: allowed, cause: allowed-service-account}`},
		"clock": {"allowed", "  - clock: -16m\n  - as: alice" + canI + "{outcome: unauthorized, decidedBy: token, cause: token-expired}\n" +
			"  - clock: 0s\n  - as: alice" + canI + "{outcome: allowed}"},
		"another cluster": {"unauthorized", "  - cluster: other\n  - as: alice" + canI + "{outcome: unauthorized, decidedBy: sts, cause: signature-mismatch}"},
		"wrong secret": {"unauthorized", "  - credentials: {as: alice, secretAccessKey: made-up}\n  - as: alice" + canI +
			"{outcome: unauthorized, decidedBy: sts, cause: signature-mismatch}"},
		"another key": {"allowed", "  - credentials: {as: mallory, accessKeyID: AKIAALICE, secretAccessKey: secret-of-alice}\n  - as: mallory" + canI + "{outcome: allowed}"},
		"http": {"denied", "  - as: alice\n    http: {path: /api}\n    expect: {outcome: allowed, status: 200, text: '{}'}\n" +
			"  - as: mallory\n    http: {path: /api}\n    expect: {outcome: unauthorized, decidedBy: mapper, status: 401}\n" +
			"  - as: bob\n    http: {method: POST, path: " + reviewPath + ", body: {kind: x}}\n" +
			`    expect: {outcome: denied, decidedBy: rbac, status: 201, text: '"allowed":false'}`},
		"http of a service account": {"allowed", "  - serviceAccount: a/b\n    http: {path: /api}\n    expect: {outcome: allowed, status: 200}"},
		"aws":                       {"allowed", "  - as: bob\n    aws: sts get-caller-identity\n    expect: {outcome: allowed, decidedBy: sts, cause: aws-allowed, text: as bob}"},
		"aws refuses":               {"denied", "  - as: bob\n    aws: sts assume-role\n    expect: {outcome: denied, decidedBy: sts, cause: assume-role-denied, why: AccessDenied}"},
		"no credentials for kubectl": {"denied", "  - as: locked-role" + canI +
			"{outcome: denied, decidedBy: sts, cause: assume-role-denied, text: getting credentials}"},
		"no credentials for http": {"denied", "  - as: locked-role\n    http: {path: /api}\n    expect: {outcome: denied, cause: assume-role-denied}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := runOne(t, newFakeEnvironment(t).runner(t), c.outcome, "steps:\n"+c.steps+"\n")
			wantPassed(t, result)
			if string(result.Outcome) != c.outcome || result.Why == "" {
				t.Errorf("outcome %q, why %q", result.Outcome, result.Why)
			}
		})
	}
}

// The API server caches the result of a token, so no two tokens of a run may be the same.
func TestRunMakesNewTokens(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	step := "  - as: alice" + canI + "{outcome: allowed}\n"
	steps := "steps:\n" + strings.Repeat(step, 4)
	scenario := scenarioOf(t, "allowed", steps)
	r := e.runner(t)
	var done []Result
	r.Done = func(result Result) { done = append(done, result) }
	report, err := r.Run(t.Context(), []*Scenario{scenario, scenario})
	if err != nil || report.Passed != 2 {
		t.Fatalf("report %+v, %v", report, err)
	}
	if diff := cmp.Diff(report.Scenarios, done); diff != "" {
		t.Errorf("what Done was told (-report +done):\n%s", diff)
	}
	if len(e.tokens) != 8 {
		t.Errorf("%d different tokens for 8 steps", len(e.tokens))
	}
}

// A change takes effect late; the step after it is tried again, with a new token each time.
func TestRunRetriesAfterAChange(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	e.lag = 4 // a kubectl makes two requests
	result := runOne(t, e.runner(t), "allowed", "steps:\n"+
		"  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: user/mallory developers}}\n"+
		"  - as: mallory"+canI+"{outcome: allowed}\n")
	wantPassed(t, result)
	if result.Steps[1].Attempts != 3 || len(e.tokens) != 3 {
		t.Errorf("%d attempts with %d tokens, want 3 of both", result.Steps[1].Attempts, len(e.tokens))
	}
}

// After a change, too, a step is tried once where a second try would be another thing: a fault that was asked for is met by
// the first, and an AWS call that should have been refused has done its work.
func TestRunTriesOnce(t *testing.T) {
	t.Parallel()
	const change = "steps:\n  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: user/mallory developers}}\n"
	for name, steps := range map[string]string{
		"fault":        "  - fault: {code: Throttling}\n  - as: mallory" + canI + "{outcome: denied}\n",
		"aws, allowed": "  - as: alice\n    aws: sts get-caller-identity\n    expect: {outcome: denied}\n",
	} {
		result := runOne(t, newFakeEnvironment(t).runner(t), "denied", change+steps)
		if last := result.Steps[len(result.Steps)-1]; last.Status != StatusFailed || last.Attempts != 1 {
			t.Errorf("%s: %s after %d attempts, want a failure after one: %q", name, last.Status, last.Attempts, last.Mismatch)
		}
	}
}

// Without a change there is nothing to wait for.
func TestRunMismatch(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	result := runOne(t, e.runner(t), "allowed", "steps:\n"+
		"  - as: bob"+canI+"{outcome: allowed, decidedBy: rbac, cause: allowed-rbac, text: 'yes', why: pod-viewer}\n"+
		"  - as: alice"+canI+"{outcome: allowed}\n")
	if result.Status != StatusFailed || result.Steps[0].Attempts != 1 || result.Steps[0].Output != "no\n" {
		t.Errorf("status %s, %d attempts, output %q", result.Status, result.Steps[0].Attempts, result.Steps[0].Output)
	}
	want := []string{
		"outcome: expected allowed, got denied",
		"cause: expected allowed-rbac, got no-rule",
		`the evidence: "pod-viewer" is not in it`,
		`what the client printed: "yes" is not in it`,
	}
	if diff := cmp.Diff(want, result.Steps[0].Mismatch); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	if got := result.Steps[1]; got.Status != StatusSkipped || got.Reason != "an earlier step failed" {
		t.Errorf("the step after a failed one: %+v", got)
	}
	if len(e.tokens) != 1 {
		t.Errorf("%d tokens were shown, want bob's only", len(e.tokens))
	}
}

// Events may come after the client has ended, and discovery says nothing about the question.
func TestRunAwaitsEvents(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	e.withhold = true
	result := runOne(t, e.runner(t), "unauthorized", "steps:\n"+
		"  - as: alice"+canI+"{outcome: allowed, cause: allowed-rbac, why: pod-viewer}\n"+
		"  - as: bob"+canI+"{outcome: denied}\n"+
		"  - as: mallory"+canI+"{outcome: unauthorized, decidedBy: mapper}\n")
	wantPassed(t, result)
}

func TestRunUndoes(t *testing.T) {
	t.Parallel()
	overlay := "environment:\n  users: [{name: carol}]\nsteps:\n"
	apply := "  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: user/alice developers}}\n"
	remove := "  - delete: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth}}\n"
	want := []string{"identities carol", "apply", "delete", "undo delete", "undo apply", "undo identities"}
	for name, c := range map[string]struct {
		last   string
		status Status
	}{
		"passed": {"  - as: alice" + canI + "{outcome: unauthorized}\n", StatusPassed},
		"failed": {"  - as: alice\n    kubectl: nonsense\n    expect: {outcome: unauthorized}\n", StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newFakeEnvironment(t)
			result := runOne(t, e.runner(t), "unauthorized", overlay+apply+remove+c.last)
			if result.Status != c.status {
				t.Errorf("status %s, want %s: %+v", result.Status, c.status, result)
			}
			if diff := cmp.Diff(want, e.log); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunUndoesAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		interrupted(t, keep)
	}
}

func interrupted(t *testing.T, keep bool) {
	t.Helper()
	e := newFakeEnvironment(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := e.runner(t)
	r.Keep = keep
	r.LookPath = func(string) (string, error) { // in the midst of a step
		cancel()
		return r.Executable, nil
	}
	first := scenarioOf(t, "allowed", "steps:\n  - delete: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth}}\n"+
		"  - as: bob\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n")
	report, err := r.Run(ctx, []*Scenario{first, first})
	if !errors.Is(err, context.Canceled) || len(report.Scenarios) != 1 || report.Scenarios[0].Status != StatusFailed || report.Scenarios[0].Kept {
		t.Errorf("report %+v, %v", report, err)
	}
	if diff := cmp.Diff([]string{"delete", "undo delete"}, e.log); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if errs := report.Scenarios[0].Errors; len(errs) > 0 {
		t.Errorf("the undo ran with the ended context: %q", errs)
	}
}

func TestRunReportsWhatWentWrong(t *testing.T) {
	t.Parallel()
	alice := "  - as: alice" + canI + "{outcome: allowed}\n"
	for name, c := range map[string]struct {
		steps string
		undo  error
		want  string
	}{
		"an undo":          {"  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: user/alice developers}}\n" + alice, errors.New("the API server is away"), "put back what was applied: the API server is away"},
		"an apply":         {"  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: refused}}\n" + alice, nil, "the API server refused it"},
		"no request":       {"  - as: alice\n    kubectl: nonsense\n    expect: {outcome: allowed}\n", nil, `kubectl ended without a request to the API server: error: unknown command "nonsense"`},
		"no access key ID": {"  - credentials: {as: locked-role, secretAccessKey: x}\n" + alice, nil, `find the access key ID of "locked-role": `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newFakeEnvironment(t)
			e.undoErr = c.undo
			result := runOne(t, e.runner(t), "allowed", "steps:\n"+c.steps)
			said := result.Errors
			for _, step := range result.Steps {
				said = append(said, step.Error)
			}
			if result.Status != StatusFailed || !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("status %s, errors %q, want %q", result.Status, said, c.want)
			}
		})
	}
}

func TestRunWithoutAWS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps  string
		status Status
	}{
		"deciding step": {"  - as: bob\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n", StatusSkipped},
		"another step":  {"  - as: bob\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n  - as: alice" + canI + "{outcome: allowed}\n", StatusPassed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newFakeEnvironment(t).runner(t)
			r.LookPath = func(string) (string, error) { return "", os.ErrNotExist }
			result := runOne(t, r, "allowed", "steps:\n"+c.steps)
			if result.Status != c.status || result.Steps[0].Status != StatusSkipped || result.Steps[0].Reason != noAWS {
				t.Errorf("got %+v", result)
			}
		})
	}
}

func TestRunRefusesUnknownIdentities(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	scenario := scenarioOf(t, "denied", "steps:\n  - apply: |\n      {apiVersion: v1, kind: Pod, metadata: {name: a}}\n  - as: alcie"+canI+"{outcome: denied}\n"+
		"fixed:\n  - as: alice\n    kubectl: get pods -l key=${accessKeyID:bbo}\n    expect: {outcome: allowed}\n")
	_, err := e.runner(t).Run(t.Context(), []*Scenario{scenario})
	var problems strictyaml.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("error %v", err)
	}
	var got []string
	for _, problem := range problems {
		got = append(got, problem.String())
	}
	want := []string{
		`test.yaml:7: steps[1]: the environment has no identity "alcie" (did you mean "alice"?)`,
		`test.yaml:11: fixed[0]: the environment has no identity "bbo" (did you mean "bob"?)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(e.log) > 0 {
		t.Errorf("state was changed: %q", e.log)
	}
}

func TestLabelled(t *testing.T) {
	t.Parallel()
	got := labelled([]string{"AWS_PROFILE=alice", "HTTPS_PROXY=http://127.0.0.1:4000", "NO_PROXY=127.0.0.1", "https_proxy=", "X=HTTPS_PROXY=http://a"}, "step-1")
	want := []string{"AWS_PROFILE=alice", "HTTPS_PROXY=http://step-1:x@127.0.0.1:4000", "NO_PROXY=127.0.0.1", "https_proxy=", "X=HTTPS_PROXY=http://a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

func TestIsDiscovery(t *testing.T) {
	t.Parallel()
	discovery := []string{"/api", "/api?timeout=32s", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1?timeout=32s", "/version", "/openapi/v3/apis/apps/v1"}
	for _, uri := range append(slices.Clone(discovery), "/api/v1/pods", "/api/v1/namespaces/default/pods?limit=500", reviewPath, "/healthz", "") {
		if got, want := isDiscovery(uri), slices.Contains(discovery, uri); got != want {
			t.Errorf("isDiscovery(%q) = %t", uri, got)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"token: k8s-aws-v1.aHR0cHM6Ly9zdHM_-=":                            "token: k8s-aws-v1.[redacted]",
		"SessionToken: IQoJ\x1b[2Jb3Ji, and\r\n\ttwo\x00 lines\ufffe\xff": "SessionToken: [redacted], and\n\ttwo lines\ufffd",
		`Error from server (Forbidden): User "bob" cannot list`:           `Error from server (Forbidden): User "bob" cannot list`,
	} {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}

// The built-in environment has every identity that the catalogue needs.
func TestRunnerTakesTheCatalogue(t *testing.T) {
	t.Parallel()
	env := config.Default()
	r := Runner{Environment: named{names: namesOf(config.Overlay{Users: env.Users, Roles: env.Roles, Instances: env.Instances})}}
	if problems := r.check(shipped(t)); len(problems) > 0 {
		t.Error(problems)
	}
}

// named is an environment that only has names.
type named struct {
	Environment
	names []string
}

func (n named) Identities() []string { return n.names }
