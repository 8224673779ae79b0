package scenarios

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
)

// plainToken is a token of a URL.
func plainToken(url string) string {
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(url))
}

func TestTokenChange(t *testing.T) {
	t.Parallel()
	const url = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"
	for name, test := range map[string]struct {
		change Token
		want   string
	}{
		"nothing":        {Token{}, plainToken(url)},
		"scheme":         {Token{Scheme: "http"}, plainToken("http" + strings.TrimPrefix(url, "https"))},
		"host":           {Token{Host: "example.com"}, plainToken(strings.Replace(url, "sts.us-west-2.amazonaws.com", "example.com", 1))},
		"parameter":      {Token{Query: map[string]string{"X-Amz-SignedHeaders": "host"}}, plainToken("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-SignedHeaders=host")},
		"no parameter":   {Token{Query: map[string]string{"X-Amz-SignedHeaders": ""}}, plainToken("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity")},
		"prefix":         {Token{Prefix: "k8s-aws-v2."}, "k8s-aws-v2." + strings.TrimPrefix(plainToken(url), "k8s-aws-v1.")},
		"twice":          {Token{Encoding: EncodingTwice}, plainToken(strings.TrimPrefix(plainToken(url), "k8s-aws-v1."))},
		"not at all":     {Token{Encoding: EncodingNone}, "k8s-aws-v1." + url},
		"padded":         {Token{Encoding: EncodingPadded}, "k8s-aws-v1." + base64.URLEncoding.EncodeToString([]byte(url))},
		"other alphabet": {Token{Encoding: EncodingStandard}, "k8s-aws-v1." + base64.StdEncoding.EncodeToString([]byte(url))},
	} {
		got, err := test.change.change(plainToken(url))
		if err != nil || got != test.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, test.want)
		}
	}
	for _, token := range []string{"", "ey.x.y", "k8s-aws-v1.!secret!", plainToken("%zz secret")} {
		if got, err := (Token{Host: "x"}).change(token); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %s, %v", token, got, err)
		}
	}
}

func TestReusedToken(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	wantPassed(t, runOne(t, e.runner(t), "allowed", "steps:\n  - token: {reuse: true}\n"+
		strings.Repeat("  - as: alice"+canI+"{outcome: allowed}\n", 3)+"  - token: {}\n  - as: alice"+canI+"{outcome: allowed}\n"))
	if len(e.tokens) != 2 {
		t.Errorf("%d tokens were shown, want one for three steps and one for the last", len(e.tokens))
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ steps, fails string }{
		"met":            {"  - fault: {code: Throttling}\n  - as: alice" + canI + "{outcome: allowed}\n", ""},
		"ended":          {"  - fault: {code: Throttling, times: 9}\n  - as: mallory" + canI + "{outcome: unauthorized}\n  - fault: {}\n  - as: alice" + canI + "{outcome: allowed}\n", ""},
		"not met":        {"  - as: alice" + canI + "{outcome: allowed}\n  - fault: {code: Throttling}\n", "no call has met the fault"},
		"first not met":  {"  - fault: {code: Throttling}\n  - fault: {code: Throttling, times: 9}\n  - as: alice" + canI + "{outcome: allowed}\n", "no call has met the fault"},
		"second not met": {"  - fault: {code: Throttling}\n  - as: alice" + canI + "{outcome: allowed}\n  - fault: {code: Throttling}\n", "no call has met the fault"},
		"ended soon":     {"  - as: alice" + canI + "{outcome: allowed}\n  - fault: {code: Throttling}\n  - fault: {}\n", "no call has met the fault"},
	} {
		e := newFakeEnvironment(t)
		result := runOne(t, e.runner(t), "allowed", "steps:\n"+test.steps)
		if test.fails == "" {
			wantPassed(t, result)
		} else if text := said(result); result.Status != StatusFailed || !strings.Contains(text, test.fails) {
			t.Errorf("%s: %s, %q; want a failure with %q", name, result.Status, text, test.fails)
		}
		if len(e.faults) != 0 {
			t.Errorf("%s: %d faults are left", name, len(e.faults))
		}
	}
}

// TestFaultThatWaitsForAStepLeftOut: without the aws CLI its step is skipped, and the scenario with it.
func TestFaultThatWaitsForAStepLeftOut(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	r := e.runner(t)
	r.LookPath = func(string) (string, error) { return "", os.ErrNotExist }
	result := runOne(t, r, "allowed", "steps:\n  - fault: {code: Throttling}\n  - as: alice\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n")
	if result.Status != StatusSkipped || len(result.Errors) > 0 || len(e.faults) != 0 {
		t.Errorf("%s, %q; %d faults are left", result.Status, said(result), len(e.faults))
	}
}

// said is everything that went wrong with a scenario.
func said(result Result) string {
	text := strings.Join(result.Errors, "\n")
	for _, step := range result.Steps {
		text += step.Error
	}
	return text
}

// TestFaultsOfOthers are neither counted nor forgotten.
func TestFaultsOfOthers(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	s := &session{run: &run{Runner: e.runner(t), id: rand.Text}, Environment: e}
	if err := s.failNext(t.Context(), Fault{Code: "Throttling"}); err != nil {
		t.Fatal(err)
	}
	if err := e.FailNext(t.Context(), "another's", Fault{Times: 2}); err != nil {
		t.Fatal(err)
	}
	e.faults = e.faults[1:] // a call met the scenario's
	if err := s.noFaults(t.Context()); err != nil || len(e.faults) != 2 {
		t.Errorf("%v, %q are left", err, e.faults)
	}
}

func TestAuthenticatorRunsAgain(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	wantPassed(t, runOne(t, e.runner(t), "allowed", "steps:\n  - authenticator: stopped\n  - as: alice"+canI+"{outcome: allowed}\n"))
	if diff := cmp.Diff([]string{"authenticator false", "authenticator true"}, e.log); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestCredentialsComeAndGo(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	wantPassed(t, runOne(t, e.runner(t), "allowed", "steps:\n  - credentials: {as: alice, secretAccessKey: wrong}\n  - as: alice"+canI+
		"{outcome: unauthorized, cause: signature-mismatch}\n  - credentials: {as: alice, own: true}\n  - as: alice"+canI+"{outcome: allowed}\n"))
}

func TestVariablesOfAStep(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	s := &session{run: &run{Runner: e.runner(t)}, Environment: e}
	for text, want := range map[string]string{
		"${cluster} in ${region} at ${gateway}":            "my-cluster in us-west-2 at " + e.gateway.URL,
		"${accessKeyID:alice}=${secretAccessKey:alice}":    "AKIAALICE=secret-of-alice",
		"$${cluster} $$${cluster:x} $${a-b}":               "${cluster} $${cluster:x} $${a-b}",
		"$HOME $(x) ${ {\"a\": 1}":                         "$HOME $(x) ${ {\"a\": 1}",
		"{{SessionName}} stays, and so does a lone dollar": "{{SessionName}} stays, and so does a lone dollar",
	} {
		if got, err := s.expand(t.Context(), text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := s.expand(t.Context(), "${custer}"); err == nil || !strings.Contains(err.Error(), `did you mean "cluster"`) {
		t.Errorf("a misspelt variable: %q, %v", got, err)
	}
}

func TestDocumentationOnly(t *testing.T) {
	t.Parallel()
	text := "apiVersion: eksemu/v1alpha1\nkind: Scenario\nmetadata: {name: test, title: a test, outcome: unauthorized, documentationOnly: it cannot be made}\nlesson: x\n"
	scenario, problems := Decode("f", []byte(text), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	e := newFakeEnvironment(t)
	report, err := e.runner(t).Run(t.Context(), []*Scenario{scenario})
	if err != nil || report.Skipped != 1 || report.Scenarios[0].Why != "documentation only: it cannot be made" || e.requests != 0 {
		t.Errorf("%+v, %v, %d requests", report, err, e.requests)
	}
	if _, problems = Decode("f", []byte(text+"steps:\n  - {as: a, kubectl: get, expect: {outcome: unauthorized}}\n"), nil); len(problems) != 1 {
		t.Errorf("with steps: %v", problems)
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	r := e.runner(t)
	r.Keep = true
	const change = "steps:\n  - apply: |\n      {apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth, annotations: {a: user/MALLORY developers}}}\n"
	fails := scenarioOf(t, "denied", change+"  - as: mallory\n    kubectl: auth can-i get pods\n    expect: {outcome: denied}\n")
	passes := scenarioOf(t, "allowed", change+"  - as: mallory"+canI+"{outcome: allowed}\n")
	report, err := r.Run(t.Context(), []*Scenario{passes, fails, passes})
	if err != nil || len(report.Scenarios) != 2 || report.Scenarios[0].Kept || !report.Scenarios[1].Kept {
		t.Fatalf("%+v, %v", report, err)
	}
	if n := len(slices.DeleteFunc(slices.Clone(e.log), func(line string) bool { return !strings.HasPrefix(line, "undo") })); n != 1 {
		t.Errorf("%d changes were put back, want that of the scenario that passed: %v", n, e.log)
	}
}

func TestStepByStep(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	r := e.runner(t)
	var seen []string
	enough := errors.New("enough")
	r.Before = func(_ context.Context, scenario *Scenario, i int) error {
		if len(seen) >= 2 {
			return enough
		}
		seen = append(seen, "before "+scenario.AllSteps()[i].Title())
		return nil
	}
	r.After = func(_ *Scenario, _ int, result StepResult) { seen = append(seen, "after "+string(result.Status)) }
	two := scenarioOf(t, "allowed", "steps:\n  - clock: 0s\n  - as: alice"+canI+"{outcome: allowed}\n")
	report, err := r.Run(t.Context(), []*Scenario{two, two})
	if !errors.Is(err, enough) || len(report.Scenarios) != 1 || report.Skipped != 1 || e.requests != 0 {
		t.Errorf("%+v, %v, %d requests", report, err, e.requests)
	}
	if diff := cmp.Diff([]string{"before clock 0s", "after passed"}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func TestChangeProblems(t *testing.T) {
	t.Parallel()
	head := "apiVersion: eksemu/v1alpha1\nkind: Scenario\nmetadata: {name: test, title: a test, outcome: allowed, sources: [%s]}\nsteps:\n"
	act := "  - {as: alice, kubectl: auth can-i get pods, expect: {outcome: allowed}}\n"
	for steps, want := range map[string]string{
		"  - token: {scheme: ftp}\n" + act:                                                                     `unknown scheme "ftp"`,
		"  - token: {encoding: twise}\n" + act:                                                                 `did you mean "twice"`,
		"  - token: {host: \"https://x/\"}\n" + act:                                                            "the token's host is",
		"  - fault: {delay: soon}\n" + act:                                                                     `the delay is "soon"`,
		"  - fault: {status: 200}\n" + act:                                                                     "200",
		"  - fault: {operation: GetCallerIdentety, code: Throttling}\n" + act:                                  "GetCallerIdentity",
		"  - authenticator: gone\n" + act:                                                                      `unknown state of the authenticator "gone"`,
		"  - credentials: {as: alice, session: expird}\n" + act:                                                `did you mean "expired"`,
		"  - credentials: {as: alice, session: expired, secretAccessKey: x}\n" + act:                           "a session brings its own keys",
		"  - credentials: {as: alice, own: true, secretAccessKey: x}\n" + act:                                  "the identity's own and others",
		"  - {as: alice, http: {path: /api}, stdin: x, expect: {outcome: allowed}}\n":                          "http takes no stdin",
		"  - {as: alice, aws: sts get-caller-identity, kubeconfig: {plugin: aws}, expect: {outcome: allowed}}": "aws takes no kubeconfig",
		"  - {as: alice, kubectl: get, kubeconfig: {plugin: awz}, expect: {outcome: allowed}}\n":               `did you mean "aws"`,
		"  - {as: alice, kubectl: get, env: {A-B: x}, expect: {outcome: allowed}}\n":                           `the variable is "A-B"`,
		"  - {as: alice, kubectl: \"get ${custer}\", expect: {outcome: allowed}}\n":                            `did you mean "cluster"`,
		"  - {as: alice, kubectl: \"get $${custer} ${custer}\", expect: {outcome: allowed}}\n":                 `did you mean "cluster"`,
		"  - {as: alice, http: {path: \"/${custer}\"}, expect: {outcome: allowed}}\n":                          `did you mean "cluster"`,
		"  - {as: alice, http: {path: /api, body: {a: [\"${custer}\"]}}, expect: {outcome: allowed}}\n":        `did you mean "cluster"`,
		"  - {as: alice, kubectl: \"get ${accessKeyID}\", expect: {outcome: allowed}}\n":                       "nobody's accessKeyID",
		"  - {as: alice, kubectl: \"get ${region:alice}\", expect: {outcome: allowed}}\n":                      "region is nobody's",
		"  - {as: alice, kubectl: \"get ${accessKeyID:alise}\", expect: {outcome: allowed}}\n":                 `did you mean "alice"`,
		"  - {as: alice, kubectl: get, expect: {outcome: allowed, within: 1h}}\n":                              `within is "1h"`,
		act + "fixed:\n  - {as: bob, kubectl: get, expect: {outcome: denied}}\n":                               "what is fixed ends denied",
		act + "fixed:\n  - clock: 0s\n":                                                                        "no step shows that it is fixed",
		act + "fixed:\n  - {as: bob, kubectl: kubectl, expect: {outcome: allowed}}\n":                          "",
	} {
		_, problems := Decode("f", []byte(strings.Replace(head, "%s", "https://example.com/1", 1)+steps), config.Default())
		if len(problems) != 1 || !strings.Contains(problems.Error(), want) || problems[0].Line < 5 {
			t.Errorf("%s: problems %v, want one with %q", steps, problems, want)
		}
	}
	if _, problems := Decode("f", []byte(strings.Replace(head, "%s", "example.com", 1)+act), config.Default()); len(problems) != 1 || !strings.Contains(problems.Error(), "sources[0]") {
		t.Errorf("a source without https: %v", problems)
	}
}
