package scenarios

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The schemas are those of the types as they are.
func TestSchemasAreUpToDate(t *testing.T) {
	t.Parallel()
	folder, err := filepath.Abs("schema")
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range map[string][]byte{"scenario.json": makeScenarioSchema(t), "report.json": makeReportSchema(t)} {
		golden.Assert(t, string(made), filepath.Join(folder, name))
	}
}

// compiled is a schema that validates.
func compiled(t *testing.T, raw []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance is a YAML document as a schema sees it.
func instance(t *testing.T, text []byte) any {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	raw, err := strictyaml.JSON(node.Content[0])
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestCatalogueMatchesTheSchema(t *testing.T) {
	t.Parallel()
	schema := compiled(t, Schema())
	for _, name := range shippedNames() {
		text, err := catalogue.ReadFile("catalogue/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaRefuses: what the schema refuses, eksemu refuses, too; and what eksemu refuses for its form, the schema refuses.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compiled(t, Schema())
	replaced := func(old, text string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good one", old)
		}
		return strings.ReplaceAll(good, old, text)
	}
	for name, text := range map[string]string{
		"unknown field":       good + "lessons: x\n",
		"misspelt in a step":  replaced("kubectl:", "kubctl:"),
		"misspelt in expect":  replaced("{outcome: allowed}\n", "{outcome: allowed, whyy: x}\n"),
		"version":             replaced("v1alpha1", "v2"),
		"kind":                replaced("kind: Scenario", "kind: Environment"),
		"name":                replaced("name: one", "name: One thing"),
		"no title":            replaced(", title: one", ""),
		"outcome":             replaced("outcome: allowed", "outcome: alowed"),
		"no steps":            head,
		"hop":                 replaced("{outcome: allowed}\n", "{outcome: allowed, decidedBy: maper}\n"),
		"cause":               replaced("{outcome: allowed}\n", "{outcome: allowed, cause: no-such-cause}\n"),
		"within":              replaced("{outcome: allowed}\n", "{outcome: allowed, within: 15}\n"),
		"within in words":     replaced("{outcome: allowed}\n", "{outcome: allowed, within: 15 seconds}\n"),
		"status as text":      replaced("{outcome: allowed}\n", "{outcome: allowed, status: none}\n"),
		"no action":           good + "  - as: alice\n",
		"two actions":         good + "    aws: sts get-caller-identity\n",
		"nobody acts":         replaced("as: alice", "name: somebody"),
		"no expectation":      strings.Replace(good, "    expect: {outcome: allowed}\n", "", 1),
		"service account":     replaced("as: alice", "serviceAccount: default"),
		"clock":               good + "  - clock: 16 minutes\n",
		"encoding":            good + "  - token: {encoding: thrice}\n",
		"authenticator":       good + "  - authenticator: down\n",
		"fault":               good + "  - fault: {status: 200}\n",
		"session":             good + "  - credentials: {as: alice, session: old}\n",
		"variable":            good + "    env: {A-B: c}\n",
		"number in arguments": replaced("auth can-i get pods", "[get, [pods]]"),
		"method":              good + "  - as: alice\n    http: {method: get, path: /}\n    expect: {outcome: allowed}\n",
		"path":                good + "  - as: alice\n    http: {path: api}\n    expect: {outcome: allowed}\n",
		"source":              replaced("title: one", "title: one, sources: ['http://x.example']"),
		"tag":                 replaced("title: one", "title: one, tags: [A tag]"),
		"overlay":             good + "environment: {users: [{nmae: klapaucius}]}\n",
		"nameless user":       good + "environment: {users: [{path: /}]}\n",
		"key status":          good + "environment: {users: [{name: k, accessKeys: [{status: inactive}]}]}\n",
		"duration":            good + "environment: {roles: [{name: r, trustPolicy: {}, maxSessionDuration: 3600}]}\n",
		"mode":                good + "environment: {clusters: [{name: c, creator: alice, role: r, authenticationMode: CONFIGMAP}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if schema.Validate(instance(t, []byte(text))) == nil {
				t.Errorf("the schema accepts\n%s", text)
			}
			if _, problems := Decode("f", []byte(text), config.Default()); len(problems) == 0 {
				t.Errorf("eksemu accepts\n%s", text)
			}
		})
	}
	if err := schema.Validate(instance(t, []byte(good))); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestReportsMatchTheSchema(t *testing.T) {
	t.Parallel()
	schema := compiled(t, ReportSchema())
	ran, err := newFakeEnvironment(t).runner(t).Run(t.Context(), []*Scenario{
		scenarioOf(t, "allowed", "steps:\n  - as: mallory"+canI+"{outcome: allowed}\n  - clock: 0s\n"),
		scenarioOf(t, "allowed", "steps:\n  - clock: -1m\n  - as: alice"+canI+"{outcome: allowed}\n"),
		scenarioOf(t, "denied", "steps:\n  - as: bob\n    aws: sts assume-role\n    expect: {outcome: denied}\n"),
	})
	if err != nil || ran.Passed != 2 || ran.Failed != 1 {
		t.Fatalf("%v: %d passed, %d failed", err, ran.Passed, ran.Failed)
	}
	for name, report := range map[string]Report{"of a run": ran, "of the golden files": exampleReport(), "of nothing": {APIVersion: APIVersion, Kind: "ScenarioReport"}} {
		var raw bytes.Buffer
		if err := report.WriteJSON(&raw); err != nil {
			t.Fatal(err)
		}
		for old, text := range map[string]string{"": "", `"kind"`: `"King"`, `"passed": `: `"passed": 0.5, "x": `, `"seconds": `: `"seconds": "soon", "x": `} {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(raw.String(), old, text)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != (old == "") {
				t.Errorf("the report %s with %q for %q: %v", name, text, old, err)
			}
		}
	}
}
