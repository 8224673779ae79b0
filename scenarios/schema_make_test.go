package scenarios

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/explain"
)

// draft is the version of JSON Schema that the schemas are written in.
const draft = "http://json-schema.org/draft-07/schema#"

// durationForm is that of time.ParseDuration.
const durationForm = `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+)$`

// makeScenarioSchema makes the schema of a scenario file from its types.
func makeScenarioSchema(t *testing.T) []byte {
	t.Helper()
	schema := reflected(t, &jsonschema.Reflector{FieldNameTag: "yaml", Mapper: inFiles, RequiredFromJSONSchemaTags: true}, Scenario{}, commentsOf(t))
	schema.Title = "eksemu scenario"
	for name, fields := range map[string][]string{
		"Scenario": {"apiVersion", "kind", "metadata"}, "Metadata": {"name", "title", "outcome"}, "Expectation": {"outcome"}, "Request": {"path"},
		"Credentials": {"as"}, "User": {"name"}, "AccessKey": {"id"}, "Role": {"name", "trustPolicy"}, "Instance": {"id", "role"}, "Policy": {"name", "document"},
		"Cluster": {"name", "creator", "role"}, "AccessEntry": {"principal"}, "AccessPolicy": {"policy"}, "OIDCProvider": {"clientIds"},
	} {
		definition(t, schema, name).Required = fields
	}
	restrict(t, schema)
	explained := jsonschema.NewProperties()
	explained.Set("metadata", &jsonschema.Schema{Required: []string{"documentationOnly"}})
	definition(t, schema, "Scenario").AnyOf = []*jsonschema.Schema{{Required: []string{"steps"}}, {Properties: explained}}
	definition(t, schema, "Step").OneOf = oneAction()
	return written(t, schema)
}

// makeReportSchema makes the schema of a report from its types.
func makeReportSchema(t *testing.T) []byte {
	t.Helper()
	schema := reflected(t, &jsonschema.Reflector{Mapper: inReports, AllowAdditionalProperties: true}, Report{}, commentsOf(t))
	schema.Title = "eksemu scenario report"
	field(t, schema, "Report.apiVersion").Const = APIVersion
	field(t, schema, "Report.kind").Const = "ScenarioReport"
	for _, name := range []string{"Result.cause", "Expectation.cause", "Verdict.cause"} {
		field(t, schema, name).Enum = anys(causes())
	}
	for _, name := range []string{"Report.passed", "Report.failed", "Report.skipped", "Report.seconds", "Result.seconds", "StepResult.seconds"} {
		field(t, schema, name).Minimum = "0"
	}
	for _, name := range []string{"Report.scenarios", "Result.steps", "Verdict.steps"} { // null where there are none
		field(t, schema, name).Type = ""
		field(t, schema, name).Extras = map[string]any{"type": []string{"array", "null"}}
	}
	return written(t, schema)
}

// restrict adds what the types don't say about single fields.
func restrict(t *testing.T, schema *jsonschema.Schema) {
	t.Helper()
	one := uint64(1)
	for name, do := range map[string]func(*jsonschema.Schema){
		"Scenario.apiVersion":        func(s *jsonschema.Schema) { s.Const = APIVersion },
		"Scenario.kind":              func(s *jsonschema.Schema) { s.Const = Kind },
		"Metadata.name":              func(s *jsonschema.Schema) { s.Pattern = nameForm.String() },
		"Metadata.title":             func(s *jsonschema.Schema) { s.MinLength = &one },
		"Metadata.tags":              func(s *jsonschema.Schema) { s.Items.Pattern = nameForm.String() },
		"Metadata.sources":           func(s *jsonschema.Schema) { s.Items.Pattern = "^https://" },
		"Step.clock":                 func(s *jsonschema.Schema) { s.Pattern = durationForm },
		"Step.serviceAccount":        func(s *jsonschema.Schema) { s.Pattern = serviceAccountForm.String() },
		"Step.env":                   func(s *jsonschema.Schema) { s.PropertyNames = &jsonschema.Schema{Pattern: variableName.String()} },
		"Token.scheme":               func(s *jsonschema.Schema) { s.Enum = []any{"http", "https"} },
		"Fault.delay":                func(s *jsonschema.Schema) { s.Pattern = durationForm },
		"Fault.status":               func(s *jsonschema.Schema) { s.Minimum, s.Maximum = "400", "599" },
		"Fault.times":                func(s *jsonschema.Schema) { s.Minimum = "0" },
		"Kubeconfig.plugin":          func(s *jsonschema.Schema) { s.Enum = []any{pluginAWS} },
		"Request.method":             func(s *jsonschema.Schema) { s.Enum = anys(methods()) },
		"Request.path":               func(s *jsonschema.Schema) { s.Pattern = "^/($|[^/])" },
		"Expectation.cause":          func(s *jsonschema.Schema) { s.Enum = anys(causes()) },
		"Expectation.status":         func(s *jsonschema.Schema) { s.Minimum, s.Maximum = "100", "599" },
		"Expectation.within":         func(s *jsonschema.Schema) { s.Pattern = durationForm },
		"Cluster.authenticationMode": func(s *jsonschema.Schema) { s.Enum = authenticationModes() },
	} {
		do(field(t, schema, name))
	}
}

func authenticationModes() []any {
	return []any{config.AuthenticationModeConfigMap, config.AuthenticationModeAPIAndConfigMap, config.AuthenticationModeAPI}
}

// oneAction says that a step has exactly one action, and who acts and with what expectation.
func oneAction() []*jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, name := range actionNames() {
		s := &jsonschema.Schema{Required: []string{name}}
		switch action := Action(name); {
		case action == ActionAWS:
			s.Required = append(s.Required, "as", "expect")
		case action.Acts():
			s.Required = append(s.Required, "expect")
			s.AnyOf = []*jsonschema.Schema{{Required: []string{"as"}}, {Required: []string{"serviceAccount"}}}
		}
		all = append(all, s)
	}
	return all
}

// inFiles are the types that have a form of their own in a file.
func inFiles(t reflect.Type) *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[Command]():
		word := &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean"}}}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: word}}}
	case reflect.TypeFor[config.PolicyDocument](), reflect.TypeFor[config.KeySet]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "object"}, text}}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationForm}
	case reflect.TypeFor[explain.Hop]():
		return enum(hops())
	case reflect.TypeFor[TokenEncoding]():
		return enum(tokenEncodings())
	case reflect.TypeFor[AuthenticatorState]():
		return enum([]string{string(AuthenticatorStopped), string(AuthenticatorRunning)})
	case reflect.TypeFor[SessionState]():
		return enum([]string{string(SessionExpired)})
	case reflect.TypeFor[config.KeyStatus]():
		return enum([]string{string(config.KeyActive), string(config.KeyInactive)})
	}
	return inBoth(t)
}

// inReports are the enumerations of a report. The hop of a call to an AWS API is whatever service it went to, so that hops
// are examples.
func inReports(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[explain.Hop]():
		return &jsonschema.Schema{Type: "string", Examples: anys(hops())}
	case reflect.TypeFor[Status]():
		return enum([]string{string(StatusPassed), string(StatusFailed), string(StatusSkipped)})
	case reflect.TypeFor[Action]():
		return enum(actionNames())
	case reflect.TypeFor[explain.State]():
		return enum([]string{
			string(explain.StatePassed), string(explain.StateRefused), string(explain.StateDecided), string(explain.StateNoOpinion), string(explain.StateNotReached),
		})
	case reflect.TypeFor[explain.Kind]():
		return enum([]string{
			string(explain.KindIAM), string(explain.KindServiceAccount), string(explain.KindClientCertificate), string(explain.KindAnonymous), string(explain.KindOther),
		})
	}
	return inBoth(t)
}

func inBoth(t reflect.Type) *jsonschema.Schema {
	if t == reflect.TypeFor[explain.Outcome]() {
		return enum(outcomes())
	}
	return nil
}

func enum(values []string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: anys(values)}
}

func anys(values []string) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

// commentsOf reads the doc comments of the packages whose types are in the schemas.
func commentsOf(t *testing.T) map[string]string {
	t.Helper()
	r := &jsonschema.Reflector{}
	for _, folder := range []string{".", "../emulator/config", "../emulator/explain"} {
		if err := r.AddGoComments("github.com/eksemu/eksemu/scenarios", folder, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	for name, comment := range r.CommentMap {
		r.CommentMap[name] = strings.NewReplacer("\n\n", "\n\n", "\n", " ", "[", "", "]", "").Replace(comment)
	}
	return r.CommentMap
}

func reflected(t *testing.T, r *jsonschema.Reflector, value any, comments map[string]string) *jsonschema.Schema {
	t.Helper()
	r.Anonymous, r.CommentMap = true, comments
	schema := r.Reflect(value)
	schema.Version = draft
	unaccompanied(schema)
	for _, d := range schema.Definitions {
		for pair := d.Properties.Oldest(); pair != nil; pair = pair.Next() {
			unaccompanied(pair.Value)
			if first, rest, _ := strings.Cut(pair.Value.Description, " "); strings.EqualFold(first, pair.Key) {
				pair.Value.Description = pair.Key + " " + rest // as it is called in a file
			}
		}
	}
	return schema
}

// unaccompanied moves a reference, next to which draft 7 allows nothing (JSON Schema draft 7, section 8.3).
func unaccompanied(s *jsonschema.Schema) {
	if s.Ref != "" {
		s.AllOf, s.Ref = []*jsonschema.Schema{{Ref: s.Ref}}, ""
	}
}

func definition(t *testing.T, schema *jsonschema.Schema, name string) *jsonschema.Schema {
	t.Helper()
	d := schema.Definitions[name]
	if d == nil {
		t.Fatalf("the schema has no type %s", name)
	}
	return d
}

// field is a field of a type, by "Type.field".
func field(t *testing.T, schema *jsonschema.Schema, name string) *jsonschema.Schema {
	t.Helper()
	owner, key, _ := strings.Cut(name, ".")
	s, ok := definition(t, schema, owner).Properties.Get(key)
	if !ok {
		t.Fatalf("the schema has no field %s", name)
	}
	return s
}

// written is the schema as indented JSON, in the words of draft 7.
func written(t *testing.T, schema *jsonschema.Schema) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(`"$defs"`, `"definitions"`, "#/$defs/", "#/definitions/").Replace(out.String()))
}
