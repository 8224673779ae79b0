package strictyaml_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// garage uses every kind of field that the checker knows.
type garage struct {
	Name     string            `yaml:"name"`
	Open     bool              `yaml:"open"`
	Spaces   int               `yaml:"spaces"`
	Level    uint8             `yaml:"level"`
	Height   float64           `yaml:"height"`
	MaxStay  time.Duration     `yaml:"maxStay"`
	Built    time.Time         `yaml:"built"`
	Owner    *person           `yaml:"owner"`
	Cars     []car             `yaml:"cars"`
	Labels   map[string]string `yaml:"labels"`
	Floors   map[int]person    `yaml:"floors"`
	Notes    any               `yaml:"notes"`
	Color    color             `yaml:"color"`
	Location `yaml:",inline"`
	hidden   string //nolint:unused // a key must not reach it
}

type person struct {
	Name string `yaml:"name"`
	Age  int    `yaml:"age"`
}

type car struct {
	Plate string   `yaml:"plate"`
	Doors int      `yaml:"doors"`
	Tags  []string `yaml:"tags,omitempty"`
}

type Location struct {
	Street string `yaml:"street"`
	City   string `yaml:"city"`
}

// color reads itself: a type that only takes two words.
type color string

func (c *color) UnmarshalYAML(n *yaml.Node) error {
	if n.Value != "red" && n.Value != "blue" {
		return errors.New("no such color: " + n.Value)
	}
	*c = color(n.Value)
	return nil
}

const good = `# a comment
name: north
open: true
spaces: 12
level: 2
height: 2.5
maxStay: 1h30m
built: 2020-01-02T03:04:05Z
owner: &owner {name: ada, age: 40}
cars:
  - plate: "111"
    doors: 4
  - {plate: BB-2, tags: [a, b]}
labels: {a: b}
floors:
  1: *owner
  2:
    <<: *owner
    age: 41
notes: {free: [1, true, text]}
color: red
street: Main
city: Springfield
`

func TestDecode(t *testing.T) {
	t.Parallel()
	var got garage
	doc, problems := strictyaml.Decode("g.yaml", []byte(good), &got)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	ada := person{"ada", 40}
	want := garage{Name: "north", Open: true, Spaces: 12, Level: 2, Height: 2.5, MaxStay: 90 * time.Minute,
		Built: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Owner: &ada,
		Cars:   []car{{Plate: "111", Doors: 4}, {Plate: "BB-2", Tags: []string{"a", "b"}}},
		Labels: map[string]string{"a": "b"}, Floors: map[int]person{1: ada, 2: {"ada", 41}},
		Notes: map[string]any{"free": []any{1, true, "text"}}, Color: "red",
		Location: Location{Street: "Main", City: "Springfield"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(garage{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	for _, place := range []struct {
		line int
		path []any
	}{
		{2, nil}, {2, []any{"name"}}, {10, []any{"cars"}}, {11, []any{"cars", 0}}, {12, []any{"cars", 0, "doors"}},
		{13, []any{"cars", 1, "tags", 1}}, {13, []any{"cars", 1, "doors"}}, {10, []any{"cars", 9}},
		{9, []any{"owner", "age"}}, {9, []any{"floors", "1", "name"}}, {9, []any{"floors", "2", "name"}},
		{19, []any{"floors", "2", "age"}}, {2, []any{"nothing", "at", "all"}},
	} {
		if got := doc.Line(place.path...); got != place.line {
			t.Errorf("Line(%v) = %d, want %d", place.path, got, place.line)
		}
	}
	if got := doc.Value("cars", 0, "plate"); got != "111" {
		t.Errorf("Value = %q, want 111", got)
	}
	if got := doc.Value("cars", 0, "wheels") + doc.Value("cars"); got != "" {
		t.Errorf("Value of what is no scalar = %q", got)
	}
}

// TestProblems checks each kind of mistake alone: the one line that a user gets to read.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, yaml, want string }{
		{"unknown", "nmae: x", `g.yaml:1: nmae: unknown field (did you mean "name"?)`},
		{"unknown, other case", "maxstay: 1h", `g.yaml:1: maxstay: unknown field (did you mean "maxStay"?)`},
		{"unknown, nothing near", "owner: {zzzzzz: 1}", `g.yaml:1: owner.zzzzzz: unknown field (known: age, name)`},
		{"unexported", "hidden: x", `g.yaml:1: hidden: unknown field (known: built, cars, city, color, floors, height, labels, level, maxStay, name, notes, open, owner, spaces, street)`},
		{"unknown, deep", "cars:\n- plate: a\n- doors: 2\n  tag: [x]", `g.yaml:4: cars[1].tag: unknown field (did you mean "tags"?)`},
		{"unknown, merged", "floors: {1: {<<: {nme: x}}}", `g.yaml:1: floors.1.nme: unknown field (did you mean "name"?)`},
		{"twice", "name: a\nopen: true\nname: b", `g.yaml:3: name: written twice, first on line 1 (remove one of them)`},
		{"twice in any", "notes: {a: 1, a: 2}", `g.yaml:1: notes.a: written twice, first on line 1 (remove one of them)`},
		{"no value", "name:", `g.yaml:1: name: no value (write text, or remove the key)`},
		{"number as text", "name: 0123", `g.yaml:1: name: expected text, found the number 0123 (put it in quotes: "0123")`},
		{"boolean as text", "name: true", `g.yaml:1: name: expected text, found the boolean true (put it in quotes: "true")`},
		{"list as text", "name: [a]", `g.yaml:1: name: expected text, found a list`},
		{"text as boolean", "open: yes", `g.yaml:1: open: expected true or false, found "yes" (write true)`},
		{"text as number", "spaces: twelve", `g.yaml:1: spaces: expected a whole number, found "twelve"`},
		{"fraction", "spaces: 1.5", `g.yaml:1: spaces: expected a whole number, found the number 1.5`},
		{"overflow", "level: 300", `g.yaml:1: level: the number 300 does not fit a whole number from 0 (write a whole number from 0)`},
		{"negative", "level: -1", `g.yaml:1: level: the number -1 does not fit a whole number from 0 (write a whole number from 0)`},
		{"no unit", "maxStay: 15", `g.yaml:1: maxStay: expected a duration, found the number 15 (write a number with a unit, such as "15m" or "1h30m")`},
		{"bad unit", "maxStay: 15 min", `g.yaml:1: maxStay: expected a duration, found "15 min" (write a number with a unit, such as "15m" or "1h30m")`},
		{"bad time", "built: tomorrow", `g.yaml:1: built: expected a date and time, found "tomorrow"`},
		{"scalar as struct", "owner: ada", `g.yaml:1: owner: expected a mapping, found "ada"`},
		{"struct as list", "cars: {plate: x}", `g.yaml:1: cars: expected a list, found a mapping (start each item with "- ")`},
		{"item", "labels: {a: [1]}", `g.yaml:1: labels.a: expected text, found a list`},
		{"item key", "floors: {one: {age: 1}}", `g.yaml:1: floors: expected a whole number, found "one"`},
		{"key of any", "notes: {1: x}", `g.yaml:1: notes: the key 1 is not text (write "1")`},
		{"complex key", "notes: {[a]: x}", `g.yaml:1: notes: a key must be text, not a list (write a word)`},
		{"own type", "color: green", `g.yaml:1: color: no such color: green`},
		{"tag", "name: !Ref x", `g.yaml:1: name: the YAML tag !Ref is not supported (remove it)`},
		{"cycle", "notes: &n [*n]", `g.yaml:1: notes[0][0]: the anchor &n contains itself (write the value out)`},
		{"unknown anchor", "name: a\nstreet: *b", `g.yaml:2: unknown anchor 'b' referenced (define it with &b before it is used)`},
		{"bad merge", "owner: {<<: [1]}", `g.yaml:1: owner: "<<" merges mappings, not the number 1 (write the alias of a mapping, such as *defaults)`},
		{"empty", "# nothing\n", `g.yaml:1: the file is empty (write at least one key)`},
		{"no mapping", "- a", `g.yaml:1: expected a mapping, found a list`},
		{"two documents", "name: a\n---\nname: b", `g.yaml:3: a second YAML document where one is expected (keep one document and move the others to files of their own)`},
		{"syntax", "name: a\nopen: [true", "g.yaml:2: did not find expected ',' or ']'"},
		{"tab", "owner:\n\tname: x", `g.yaml:2: found character that cannot start any token (indent with spaces, not with tabs)`},
		{"not UTF-8", "name: a\nstreet: \xff", `g.yaml:2: not valid UTF-8 (save the file as UTF-8)`},
		{"too many keys", "labels:\n" + manyKeys(10_001), `g.yaml:2: labels: a mapping of more than 10000 keys (is this the right file?)`},
		{"too large", strings.Repeat("#", strictyaml.MaxSize+1), `g.yaml:1: larger than 1 MiB (is this the right file?)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := garage{Name: "untouched"}
			_, problems := strictyaml.Decode("g.yaml", []byte(test.yaml), &got)
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if got.Name != "untouched" {
				t.Error("the target was written although there are problems")
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  k%d: v\n", i)
	}
	return b.String()
}

func TestDecodePartly(t *testing.T) {
	t.Parallel()
	got := garage{Location: Location{City: "stale"}}
	data := "name: 7\nopen: true\nopen: false\nspaces: x\nlevel: 3\ncars: [{plate: a, plat: b}]\ncolor: green\n"
	doc, problems := strictyaml.DecodePartly("g.yaml", []byte(data), &got)
	if len(problems) != 5 {
		t.Errorf("problems:\n%v", problems)
	}
	if got.Level != 3 || !got.Open || len(got.Cars) != 1 || got.Cars[0].Plate != "a" || got.City != "" {
		t.Errorf("read %+v", got)
	}
	if !doc.Has("cars", 0, "plate") || doc.Has("cars", 0, "doors") || doc.Has("cars", 1) {
		t.Error("Has is wrong about what was written")
	}
	if doc, problems := strictyaml.DecodePartly("g.yaml", []byte("labels:\n"+manyKeys(10_001)), &got); doc != nil || len(problems) != 1 {
		t.Errorf("too much: %v", problems)
	}
	if doc, problems := strictyaml.DecodePartly("g.yaml", []byte("a: ["), &got); doc != nil || len(problems) != 1 {
		t.Errorf("no YAML: %v", problems)
	}
}

// TestAllProblems shows that one mistake does not hide another.
func TestAllProblems(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "broken.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, problems := strictyaml.Decode("broken.yaml", data, new(garage))
	golden.Assert(t, problems.Error()+"\n", "broken.golden")
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	var list []string
	_, problems := strictyaml.Decode("g.yaml", []byte(strings.Repeat("- 1\n", 2000)), &list)
	if len(problems) != 1001 || problems[1000].Message != "more problems follow, only the first 1000 are listed" {
		t.Errorf("%d problems, the last is %v", len(problems), problems[len(problems)-1])
	}
}

func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	bomb := "notes:\n- &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		bomb += "- &a" + to + " [" + strings.TrimSuffix(strings.Repeat("*a"+from+", ", 10), ", ") + "]\n"
	}
	merges := "notes:\n- &a0 {k: v}\n"
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		merges += "- &a" + to + " {<<: [" + strings.TrimSuffix(strings.Repeat("*a"+from+", ", 10), ", ") + "]}\n"
	}
	for _, data := range []string{bomb, merges} {
		var out garage
		doc, problems := strictyaml.Decode("g.yaml", []byte(data), &out)
		if len(problems) != 1 || problems[0].Message != "aliases repeat more than 10000 values" {
			t.Errorf("problems: %v", problems)
		}
		if got := doc.Line("notes", 9, "zzz"); got != 11 {
			t.Errorf("Line in a bomb = %d, want 11", got)
		}
	}
}

func TestDecodeAll(t *testing.T) {
	t.Parallel()
	var got []person
	docs, problems := strictyaml.DecodeAll("p.yaml", []byte("---\nname: a\n---\n# nothing\n---\nname: b\nage: 2\n---\n"), &got)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]person{{Name: "a"}, {Name: "b", Age: 2}}, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	if len(docs) != 2 || docs[1].Line("age") != 7 {
		t.Errorf("documents: %+v", docs)
	}
	_, problems = strictyaml.DecodeAll("p.yaml", []byte("name: 1\n---\nage: x\n---\nname: [\n"), &got)
	want := "p.yaml:1: name: expected text, found the number 1 (put it in quotes: \"1\")\n" +
		"p.yaml:3: age: expected a whole number, found \"x\"\n" +
		"p.yaml:5: did not find expected node content"
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(got) != 2 {
		t.Error("the target was written although there are problems")
	}
}

func TestTargetMustBeAPointer(t *testing.T) {
	t.Parallel()
	if _, problems := strictyaml.Decode("p.yaml", []byte("name: a"), person{}); len(problems) != 1 {
		t.Errorf("Decode into a value: %v", problems)
	}
	if _, problems := strictyaml.DecodeAll("p.yaml", []byte("name: a"), new(person)); len(problems) != 1 {
		t.Errorf("DecodeAll into a struct: %v", problems)
	}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	data := "manifests:\n- |\n  kind: x\n  bad: [\n- 'bad: ['\n"
	doc, problems := strictyaml.Decode("m.yaml", []byte(data), new(map[string][]string))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, inner := strictyaml.Parse("inner", []byte("kind: x\nbad: {\n"))
	literal := doc.Embedded(strictyaml.Problems{{Line: 2, Path: "bad", Message: "broken", Fix: "mend it"}}, "manifests", 0)
	quoted := doc.Embedded(inner, "manifests", 1)
	if got, want := literal.Error(), "m.yaml:4: manifests[0]: bad: broken (mend it)"; got != want {
		t.Errorf("literal: %s\nwant %s", got, want)
	}
	if len(quoted) != 1 || quoted[0].Line != 5 {
		t.Errorf("quoted: %v", quoted)
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	names := []string{"trurl", "alice", "other-user"}
	for word, want := range map[string]string{
		"trul": `did you mean "trurl"?`, "TRURL": `did you mean "trurl"?`, "ailce": `did you mean "alice"?`,
		"otheruser": `did you mean "other-user"?`, "bob": "known: alice, other-user, trurl",
		strings.Repeat("x", 1000): "known: alice, other-user, trurl",
	} {
		if got := strictyaml.DidYouMean(word, names); got != want {
			t.Errorf("DidYouMean(%.20q) = %s, want %s", word, got, want)
		}
	}
	if got := strictyaml.DidYouMean("x", nil); got != "" {
		t.Errorf("DidYouMean without names = %q", got)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ yaml, want string }{
		{"Version: 2012-10-17\nStatement: [{Effect: Allow, Action: 'sts:*', N: 0x10, B: true, Z: ~}]",
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:*","N":16,"B":true,"Z":null}]}`},
		{"a: &a {x: 1, y: \"<\"}\nb: {<<: *a, x: 2}", `{"a":{"x":1,"y":"\u003c"},"b":{"x":2,"y":"\u003c"}}`},
	} {
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(test.yaml), &node); err != nil {
			t.Fatal(err)
		}
		got, err := strictyaml.JSON(node.Content[0])
		if err != nil || string(got) != test.want {
			t.Errorf("JSON = %s, %v\nwant %s", got, err, test.want)
		}
	}
	for _, bad := range []string{"a: .inf", "a: {b: 1, b: 2}", "a: !x y", "a: !!int b"} {
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(bad), &node); err != nil {
			t.Fatal(err)
		}
		if got, err := strictyaml.JSON(node.Content[0]); err == nil {
			t.Errorf("JSON of %q = %s, want an error", bad, got)
		}
	}
}

func TestErr(t *testing.T) {
	t.Parallel()
	if err := (strictyaml.Problems{}).Err(); err != nil {
		t.Errorf("no problems: %v", err)
	}
	if err := (strictyaml.Problems{{File: "f", Line: 1, Message: "m"}}).Err(); err == nil || err.Error() != "f:1: m" {
		t.Errorf("one problem: %v", err)
	}
}

// FuzzDecode: whatever the input, there is no panic, no end-less loop, and either a value or a problem with a line.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	for _, seed := range []string{"a: &a [*a]", "notes: {<<: *x}", "? [a]\n: b", "owner: {<<: &o {<<: *o}}", "%YAML 1.2\n---\nx",
		"notes: !!binary x", "notes: !!float x", "name: |2-\n   x", "\xef\xbb\xbfname: x", "--- ---", "notes: &x\n<<: *x", "name: \"\\ud800\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var one garage
		doc, problems := strictyaml.Decode("f.yaml", data, &one)
		if doc == nil && len(problems) == 0 {
			t.Error("neither a document nor a problem")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Message == "" {
				t.Errorf("problem without a place or a text: %+v", p)
			}
		}
		if doc != nil {
			_ = doc.Line("owner", "name") + doc.Line("cars", 0)
		}
		_, _ = strictyaml.DecodePartly("f.yaml", data, &one)
		var all []any
		_, _ = strictyaml.DecodeAll("f.yaml", data, &all)
	})
}
