package scenarios

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// node is an XML element as it is written.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n node) attr(name string) (string, bool) {
	for _, attr := range n.Attrs {
		if attr.Name.Local == name {
			return attr.Value, true
		}
	}
	return "", false
}

// junitRule is what the form of JUnit XML says about an element.
type junitRule struct {
	required, optional, children []string
}

// junitForm is the form of JUnit XML that the xUnit plugin of Jenkins holds files against (github.com/jenkinsci/xunit-plugin,
// junit-10.xsd [D]), with two differences: a test case needs its class and time, which other readers show, and testsuites
// may count what was skipped, as JUnit's own writers do (junit.Testsuites of go-junit-report).
func junitForm() map[string]junitRule {
	result := junitRule{optional: []string{"type", "message"}}
	return map[string]junitRule{
		"testsuites": {optional: []string{"name", "time", "tests", "failures", "errors", "skipped"}, children: []string{"testsuite"}},
		"testsuite": {
			required: []string{"name", "tests", "failures", "errors"},
			optional: []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
			children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
		},
		"properties": {children: []string{"property"}},
		"property":   {required: []string{"name", "value"}},
		"testcase":   {required: []string{"name", "classname", "time"}, optional: []string{"group"}, children: []string{"skipped", "error", "failure", "system-out", "system-err"}},
		"skipped":    result, "error": result, "failure": result, "system-out": {}, "system-err": {},
	}
}

// junitTimes is the form of times there (junit-10.xsd, SUREFIRE_TIME), without the commas that few readers understand.
var junitTimes = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// checkJUnit lists what of an element and those in it is not in the form of JUnit XML.
func checkJUnit(n node) (problems []string) {
	name := n.XMLName.Local
	rule, known := junitForm()[name]
	if !known {
		return []string{"unknown element " + name}
	}
	for _, required := range rule.required {
		if _, ok := n.attr(required); !ok {
			problems = append(problems, name+" without "+required)
		}
	}
	for _, attr := range n.Attrs {
		if !slices.Contains(rule.required, attr.Name.Local) && !slices.Contains(rule.optional, attr.Name.Local) {
			problems = append(problems, name+" with "+attr.Name.Local)
		}
		if attr.Name.Local == "time" && !junitTimes.MatchString(attr.Value) {
			problems = append(problems, name+" takes "+attr.Value)
		}
	}
	for _, child := range n.Children {
		if !slices.Contains(rule.children, child.XMLName.Local) {
			problems = append(problems, name+" holds "+child.XMLName.Local)
		}
		problems = append(problems, checkJUnit(child)...)
	}
	return append(problems, checkCounts(n)...)
}

// checkCounts compares the numbers of a suite with the elements in it.
func checkCounts(n node) (problems []string) {
	if n.XMLName.Local != "testsuites" && n.XMLName.Local != "testsuite" {
		return nil
	}
	for attr, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
		text, _ := n.attr(attr)
		said, err := strconv.Atoi(text)
		if found := countOf(n, element); said != found || err != nil && text != "" {
			problems = append(problems, n.XMLName.Local+" says "+text+" "+attr+" and has "+strconv.Itoa(found))
		}
	}
	return problems
}

func countOf(n node, element string) (count int) {
	for _, child := range n.Children {
		if child.XMLName.Local == element {
			count++
		}
		count += countOf(child, element)
	}
	return count
}

// junitOf reads the one element of a JUnit report.
func junitOf(t *testing.T, text string) node {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	var root node
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("after the report: %v", err)
	}
	return root
}

func junitText(t *testing.T, report Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestJUnitIsInItsForm(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]Report{"golden": exampleReport(), "odd texts": oddReport(), "of nothing": {}} {
		root := junitOf(t, junitText(t, report))
		if problems := checkJUnit(root); len(problems) > 0 || root.XMLName.Local != "testsuites" {
			t.Errorf("%s: %s", name, strings.Join(problems, "\n"))
		}
		cases := 0
		for _, s := range report.Scenarios {
			cases += len(s.Steps) + len(s.Errors)
		}
		if suites, got := countOf(root, "testsuite"), countOf(root, "testcase"); suites != len(report.Scenarios) || got != cases {
			t.Errorf("%s: %d suites with %d cases, want one for each of %d scenarios, with one for each of %d steps and errors outside of them",
				name, suites, got, len(report.Scenarios), cases)
		}
	}
}

// The check itself finds what is wrong.
func TestJUnitCheck(t *testing.T) {
	t.Parallel()
	good := junitText(t, exampleReport())
	for old, text := range map[string]string{
		` failures="1"`:             ` failures="2"`,
		` tests="9"`:                ` tests="8"`,
		` tests="1" `:               ` `,
		` classname="bob-may"`:      ``,
		`time="5.100"`:              `time="5.1s"`,
		`<skipped message="an`:      `<skipped colour="red" message="an`,
		`<properties>`:              `<properties><testcase name="x" classname="x" time="0"/>`,
		`<property name="outcome" `: `<property `,
	} {
		bad := strings.ReplaceAll(good, old, text)
		if bad == good {
			t.Errorf("%q is not in the report", old)
		}
		if len(checkJUnit(junitOf(t, bad))) == 0 {
			t.Errorf("%q in place of %q is right", text, old)
		}
	}
}

// The text of a failure is the explanation: what differs, hop by hop, with evidence and fix, and what the client printed.
func TestJUnitExplains(t *testing.T) {
	t.Parallel()
	report := exampleReport()
	text := junitText(t, report)
	if n := strings.Count(text, "<failure"); n != 1 {
		t.Fatalf("%d failures", n)
	}
	var found string
	var look func(node)
	look = func(n node) {
		if n.XMLName.Local == "failure" {
			found = n.Text
		}
		for _, child := range n.Children {
			look(child)
		}
	}
	look(junitOf(t, text))
	if want := report.Scenarios[2].Steps[0].explanation(); found != printable(want) {
		t.Errorf("the text is\n%s\nwant\n%s", found, want)
	}
	for _, part := range []string{"outcome: expected allowed, got denied", "decided by        rbac", "✗ rbac", "evidence", "fix", "the client printed:"} {
		if !strings.Contains(found, part) {
			t.Errorf("%q is not in the text:\n%s", part, found)
		}
	}
}
