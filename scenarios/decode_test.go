package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
)

const head = `apiVersion: eksemu/v1alpha1
kind: Scenario
metadata: {name: one, title: one, outcome: allowed}
`

const good = head + `steps:
  - as: alice
    kubectl: auth can-i get pods
    expect: {outcome: allowed}
`

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"empty":          {"", `f:1: the file is empty (write at least one key)`},
		"another kind":   {strings.Replace(good, "kind: Scenario", "kind: Environment", 1), `f:2: kind: the kind is "Environment" (write kind: Scenario)`},
		"version":        {strings.Replace(good, "v1alpha1", "v2", 1), `f:1: apiVersion: the apiVersion is "eksemu/v2" (write apiVersion: eksemu/v1alpha1)`},
		"name":           {strings.Replace(good, "name: one", "name: One thing", 1), `f:3: metadata.name: the name is "One thing" (use lower-case letters, digits and hyphens, at most 63)`},
		"no title":       {strings.Replace(good, "title: one, ", "", 1), `f:3: metadata: the scenario has no title (write title: and one line that says what happens)`},
		"no outcome":     {strings.Replace(good, ", outcome: allowed}\n", "}\n", 1), `f:3: metadata: the scenario has no outcome (write outcome: and that of the last step that acts)`},
		"other outcome":  {strings.Replace(good, "one, outcome: allowed", "one, outcome: denied", 1), `f:3: metadata.outcome: the scenario's outcome is "denied", but its last step that acts expects "allowed" (write outcome: allowed, or correct steps[0].expect)`},
		"no steps":       {head, `f:1: a scenario needs steps (write at least one step that acts)`},
		"nobody acts":    {head + "steps:\n  - clock: -1m\n", `f:4: steps: no step acts, so the scenario has no outcome (add a step with kubectl, aws or http)`},
		"two actions":    {good + "    aws: sts get-caller-identity\n", `f:5: steps[0]: the step has more than one action: kubectl, aws (make it several steps)`},
		"no action":      {good + "  - as: alice\n", `f:8: steps[1]: the step does nothing (write one of apply, delete, clock, cluster, credentials, token, fault, authenticator, kubectl, aws, http)`},
		"nobody":         {strings.Replace(good, "as: alice", "name: it", 1), `f:5: steps[0]: nobody runs the step's kubectl (write as: and the name of an identity)`},
		"two actors":     {good + "    serviceAccount: default/default\n", `f:5: steps[0]: the step has both as and serviceAccount (keep one of them)`},
		"identity":       {strings.Replace(good, "alice", "alcie", 1), `f:5: steps[0].as: unknown identity "alcie" (did you mean "alice"?)`},
		"an aws service": {head + "steps:\n  - serviceAccount: a/b\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n", `f:5: steps[0].serviceAccount: a service account has no AWS credentials (write as: and the name of an identity)`},
		"account form":   {strings.Replace(good, "as: alice", "serviceAccount: default", 1), `f:5: steps[0].serviceAccount: the service account is "default" (write namespace/name, such as default/default)`},
		"no expectation": {strings.Replace(good, "    expect: {outcome: allowed}\n", "", 1), `f:5: steps[0]: the step expects nothing (write expect: {outcome: unauthorized, denied or allowed})`},
		"expectation":    {good + "  - clock: 1m\n    expect: {outcome: allowed}\n", `f:9: steps[1].expect: clock changes state and takes no expect (remove it, or make it a step of its own with kubectl, aws or http)`},
		"empty expect":   {strings.Replace(good, "{outcome: allowed}\n", "{}\n", 2), `f:7: steps[0].expect: the expectation has no outcome (write outcome: unauthorized, denied or allowed)`},
		"hop":            {strings.Replace(good, "{outcome: allowed}\n", "{outcome: allowed, decidedBy: maper}\n", 2), `f:7: steps[0].expect.decidedBy: unknown hop "maper" (did you mean "mapper"?)`},
		"cause":          {strings.Replace(good, "{outcome: allowed}\n", "{outcome: allowed, cause: allowed-rbca}\n", 2), `f:7: steps[0].expect.cause: unknown cause "allowed-rbca" (did you mean "allowed-rbac"?)`},
		"status":         {strings.Replace(good, "{outcome: allowed}\n", "{outcome: allowed, status: 200}\n", 2), `f:7: steps[0].expect.status: kubectl has no HTTP status of its own (remove it, or make it an http step)`},
		"clock":          {good + "  - clock: 16 minutes\n", `f:8: steps[1].clock: the clock's offset is "16 minutes" (write an offset such as "-16m")`},
		"far clock":      {good + "  - clock: -16h30m\n  - clock: -160h\n", `f:9: steps[2].clock: the clock's offset is "-160h" (stay within 24h)`},
		"credentials":    {good + "  - credentials: {as: alice}\n", `f:8: steps[1].credentials: the credentials have no secret access key (write secretAccessKey: and any text)`},
		"whose":          {good + "  - credentials: {as: bbo, secretAccessKey: x}\n", `f:8: steps[1].credentials.as: unknown identity "bbo" (did you mean "bob"?)`},
		"bare secret":    {good + "  - credentials: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", `f:8: steps[1].credentials: expected a mapping, found text`},
		"secret as name": {good + "  - credentials: {as: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, secretAccessKey: bob}\n", `f:8: steps[1].credentials.as: unknown identity (write the name of an identity)`},
		"secret as key":  {good + "  - credentials: {as: bob, secretAccessKey:wJalrXUtnFEMI}\n", `f:8: steps[1].credentials: unknown field (known: accessKeyID, as, own, secretAccessKey, session)`},
		"quotes":         {strings.Replace(good, "get pods", "get 'pods", 1), `f:6: steps[0].kubectl: the command line has a single quote (') that is not closed`},
		"a list of maps": {strings.Replace(good, "auth can-i get pods", "[{a: b}]", 1), `f:6: steps[0].kubectl: expected a command line or a list of arguments`},
		"kubectl twice":  {strings.Replace(good, "auth can", "kubectl auth can", 1), `f:6: steps[0].kubectl: the arguments start with "kubectl" (leave "kubectl" out)`},
		"manifest":       {good + "  - delete: |\n      apiVersion: v1\n      kind: Pod\n      ---\n      [\n", "f:9: steps[1].delete: a manifest without metadata.name (write the object's apiVersion, kind and metadata.name)\nf:12: steps[1].delete: did not find expected node content"},
		"nameless":       {good + "  - apply: |\n      apiVersion: v1\n      kind: Pod\n", `f:9: steps[1].apply: a manifest without metadata.name (write the object's apiVersion, kind and metadata.name)`},
		"http path":      {head + "steps:\n  - as: alice\n    http: {method: get, path: api}\n    expect: {outcome: allowed}\n", "f:6: steps[0].http: the path is \"api\" (write a path of the API server, such as /api/v1/namespaces/default/pods)\nf:6: steps[0].http.method: the method is \"get\" (write GET, POST, PUT, PATCH or DELETE)"},
		"overlay":        {strings.Replace(good, "steps:", "environment:\n  users: [{name: alice, accessKeys: []}]\nsteps:", 1), "f:5: environment.users[0].name: a user of the environment is named \"alice\" too (choose another: it is also the name of an AWS profile)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario, problems := Decode("f", []byte(c.text), config.Default())
			if got := problems.Error(); got != c.want {
				t.Errorf("problems:\n%s\nwant:\n%s", got, c.want)
			}
			if scenario != nil {
				t.Errorf("a scenario in spite of problems")
			}
		})
	}
}

// One reading of a file shows all of its mistakes, those of form and those of meaning.
func TestDecodeListsEverything(t *testing.T) {
	t.Parallel()
	err := Loader{Environment: config.Default()}.Lint("testdata/broken/broken.yaml")
	if err == nil {
		t.Fatal("no problems")
	}
	const f = "testdata/broken/broken.yaml:"
	want := []string{
		f + `3: metadata.outcome: unknown outcome "alowed" (did you mean "allowed"?)`,
		f + `5: steps[0].as: unknown identity "alise" (did you mean "alice"?)`,
		f + `7: steps[0].expect.decidedBy: unknown hop "rbca" (did you mean "rbac"?)`,
		f + `9: steps[1].apply: a manifest without metadata.name (write the object's apiVersion, kind and metadata.name)`,
		f + `13: steps[2].kubctl: unknown field (did you mean "kubectl"?)`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	text := head + `steps:
  - as: carol
    kubectl: [get, pods, -o, "jsonpath={.items}"]
    expect: {outcome: denied}
  - as: whoever
    aws: sts assume-role --role-arn 'a b'
    expect: {outcome: allowed}
`
	scenario, problems := Decode("f", []byte(text), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, want := scenario.Steps[0].Kubectl, (Command{"get", "pods", "-o", "jsonpath={.items}"}); !cmp.Equal(got, want) {
		t.Errorf("a list of arguments became %q", got)
	}
	if got, want := scenario.Steps[1].AWS, (Command{"sts", "assume-role", "--role-arn", "a b"}); !cmp.Equal(got, want) {
		t.Errorf("a command line became %q", got)
	}
	if scenario.Deciding() != 1 || scenario.File != "f" {
		t.Errorf("deciding step %d, file %q", scenario.Deciding(), scenario.File)
	}
}

func TestSplitCommand(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]Command{
		"":                              nil,
		"  auth  can-i get\tpods\n":     {"auth", "can-i", "get", "pods"},
		`get -o 'jsonpath={.a b}'`:      {"get", "-o", "jsonpath={.a b}"},
		`"a b"c 'd'"e" ''`:              {"a bc", "de", ""},
		`a\ b \'c "\"\\\$ \n" 'x\y'`:    {"a b", "'c", `"\$ \n`, `x\y`},
		"one \\\n two":                  {"one", "two"},
		"\"one\\\ntwo\"":                {"onetwo"},
		`$HOME * | ; > x`:               {"$HOME", "*", "|", ";", ">", "x"},
		`get pods -l "app in (a, b)" -`: {"get", "pods", "-l", "app in (a, b)", "-"},
	} {
		got, err := SplitCommand(line)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("SplitCommand(%q) = %q, %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`'a`, `a "b`, `a \`, `"a\"`} {
		if got, err := SplitCommand(line); err == nil {
			t.Errorf("SplitCommand(%q) = %q, want an error", line, got)
		}
	}
}

func FuzzSplitCommand(f *testing.F) {
	for _, line := range []string{"auth can-i get pods", `a 'b c' "d\"e" \f`, "'", `"`, `\`, "''", "a\\\nb"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := SplitCommand(line)
		if err != nil {
			return
		}
		again, err := SplitCommand(words.String())
		if err != nil || !cmp.Equal(words, again) {
			t.Errorf("%q is %q, written as %q, which is %q, %v", line, words, words.String(), again, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	for _, name := range shippedNames() {
		data, err := catalogue.ReadFile("catalogue/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	env := config.Default()
	f.Fuzz(func(t *testing.T, data []byte) {
		scenario, problems := Decode("f", data, env)
		if (scenario == nil) == (len(problems) == 0) {
			t.Fatalf("scenario %v with problems %v", scenario, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Message == "" {
				t.Errorf("a problem without place or message: %+v", p)
			}
		}
		if scenario != nil && scenario.Metadata.DocumentationOnly == "" && (scenario.Deciding() < 0 || scenario.Steps[scenario.Deciding()].Expect.Outcome != scenario.Metadata.Outcome) {
			t.Errorf("a scenario whose outcome is not that of its last step: %+v", scenario)
		}
	})
}
