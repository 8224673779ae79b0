package scenarios

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/eksemu/eksemu/emulator/explain"
)

// secretsOfReports are in what clients printed, and must not be in a report.
var secretsOfReports = []string{"c2VjcmV0", "wJalrXUtnFEMI"}

// oddReport is exampleReport of files of the user's, and a scenario in which every text means something to Markdown, HTML
// or GitHub's runner.
func oddReport() Report {
	report := exampleReport()
	for i := range report.Scenarios {
		s := &report.Scenarios[i]
		s.File = strings.Replace(s.File, "catalogue/", "mine/", 1)
		for j := range s.Steps {
			s.Steps[j].Line = 10*i + j + 5
		}
	}
	odd := Step{Name: "100%, a::b | <b>bold</b> & `code` **strong**\n::warning::x", As: "alice", Kubectl: Command{"version"}, Expect: &Expectation{Outcome: explain.Allowed}, Line: 7}
	step := newStepResult(odd)
	step.judge(odd, attempt{verdict: &explain.Verdict{
		Outcome: explain.Denied, DecidedBy: "s3", Summary: "</pre></details> [link](https://x.example) | cell \\| $x$ ~~gone~~ _it_ #1 &lt;",
	}, shown: "</pre>\n\n# Heading\n\n<script>alert(1)</script>\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"})
	result := Result{Name: "odd", Title: "odd", File: "a,b:c%.yaml", Status: StatusFailed, Steps: []StepResult{step}, Seconds: 1}
	result.decide(step)
	report.add(result)
	shipped := Result{Name: "shipped", File: "catalogue/shipped.yaml", Shipped: true, Status: StatusPassed, Steps: []StepResult{newStepResult(Step{Clock: "0s"})}}
	shipped.Steps[0].fail(errors.New("the clock\nstopped"))
	shipped.fail(errors.New("put back the clock: 100%"))
	report.add(shipped)
	return report
}

// page renders Markdown as GitHub does, HTML included.
func page(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// element is one of a rendered page.
type element struct {
	name, text string
}

// elements are those of a page in the order of their ends, with the text in them.
func elements(t testing.TB, page string) (all []element) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader("<html>" + page + "</html>"))
	var open []element
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, element{name: token.Name.Local})
		case xml.CharData:
			for i := range open {
				open[i].text += string(token)
			}
		case xml.EndElement:
			all, open = append(all, open[len(open)-1]), open[:len(open)-1]
		}
	}
}

// What is rendered has the table and the explanations, and no element that a text brought with it.
func TestGitHubSummaryRenders(t *testing.T) {
	t.Parallel()
	report := oddReport()
	var text strings.Builder
	if err := report.WriteGitHubSummary(&text); err != nil {
		t.Fatal(err)
	}
	var rows, cells, folded, explained []string
	for _, e := range elements(t, page(t, text.String())) {
		switch e.name {
		case "tr":
			rows = append(rows, e.text)
		case "td":
			cells = append(cells, e.text)
		case "summary":
			folded = append(folded, e.text)
		case "pre":
			explained = append(explained, e.text)
		case "html", "h3", "table", "thead", "tbody", "th", "details", "a": // GitHub makes links of addresses by itself
		default:
			t.Errorf("an element %s with %q", e.name, e.text)
		}
	}
	if len(rows) != len(report.Scenarios)+1 || len(cells) != 6*len(report.Scenarios) {
		t.Errorf("%d rows and %d cells of %d scenarios", len(rows), len(cells), len(report.Scenarios))
	}
	if len(folded) != 6 || len(explained) != len(folded) {
		t.Fatalf("%d failures, %d explanations:\n%s", len(folded), len(explained), text.String())
	}
	if got, want := cells[6*6+5], report.Scenarios[6].Why; got != want {
		t.Errorf("why is %q, want %q", got, want)
	}
	if !strings.Contains(explained[0], "fix               Grant it, as an administrator:") || !strings.Contains(explained[3], "<script>alert(1)</script>") {
		t.Errorf("explanations:\n%s", strings.Join(explained, "\n---\n"))
	}
}

// A report for GitHub has no secrets, whatever the clients printed.
func TestGitHubReportsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	report := oddReport()
	report.Scenarios[2].Steps[0].Name = "kubectl --token k8s-aws-v1.c2VjcmV0"
	report.Scenarios[2].Why = "token: k8s-aws-v1.c2VjcmV0"
	report.Scenarios[2].Errors = []string{"aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	var text strings.Builder
	if err := errors.Join(report.WriteGitHubSummary(&text), report.WriteAnnotations(&text, func(file string) string { return file })); err != nil {
		t.Fatal(err)
	}
	for _, secret := range secretsOfReports {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%q is in\n%s", secret, text.String())
		}
	}
}

// A summary that GitHub would drop for its size loses its longest parts instead.
func TestGitHubSummaryIsBounded(t *testing.T) {
	t.Parallel()
	report := Report{Cluster: "c"}
	for i := range 20 {
		step := newStepResult(Step{Clock: "0s"})
		step.Status, step.Error = StatusFailed, strings.Repeat("ü<", maxExplanation/3+1)
		report.add(Result{Name: fmt.Sprint("s", i), Status: StatusFailed, Steps: []StepResult{step}})
	}
	var text strings.Builder
	if err := report.WriteGitHubSummary(&text); err != nil {
		t.Fatal(err)
	}
	if text.Len() > 1<<20 || !strings.Contains(text.String(), "…\n</pre>") || !strings.Contains(text.String(), " more explanations are left out here") {
		t.Errorf("%d bytes that end in %q", text.Len(), text.String()[text.Len()-200:])
	}
	elements(t, page(t, text.String()))
}

// TestAnnotations: the runner reads back what is meant.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := oddReport().WriteAnnotations(&text, func(file string) string { return "/repo/" + file }); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d annotations:\n%s", len(lines), text.String())
	}
	for i, want := range []struct{ file, line, title, message string }{
		{"/repo/mine/bob-may.yaml", "25", "bob-may, step 1 of 2: bob: kubectl auth can-i get pods", "outcome: expected allowed, got denied\n"},
		{"/repo/mine/apply-too-long.yaml", "35", "apply-too-long, step 1 of 1: apply", "i/o timeout"},
		{"/repo/mine/not-put-back.yaml", "", "not-put-back", "permission denied"},
		{"/repo/a,b:c%.yaml", "7", "odd, step 1 of 1: 100%, a::b | <b>bold</b> & `code` **strong** ::warning::x", "outcome: expected allowed, got denied\ndecided by s3: </pre>"},
		{"", "", "shipped, step 1 of 1: clock 0s", "the clock\nstopped"},
		{"", "", "shipped", "put back the clock: 100%"},
	} {
		properties, message := readCommand(t, lines[i])
		if properties["file"] != want.file || properties["line"] != want.line || properties["title"] != want.title || !strings.HasPrefix(message, want.message) {
			t.Errorf("annotation %d: %q, %q", i+1, properties, message)
		}
	}
}

// readCommand reads an ::error command as the runner does.
func readCommand(t testing.TB, line string) (map[string]string, string) {
	t.Helper()
	head, message, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
	name, list, _ := strings.Cut(head, " ")
	if !ok || name != "error" || !strings.HasPrefix(line, "::") {
		t.Fatalf("%q is no ::error command", line)
	}
	property := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	properties := map[string]string{}
	for item := range strings.SplitSeq(list, ",") {
		key, value, _ := strings.Cut(item, "=")
		properties[key] = property.Replace(value)
	}
	return properties, strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(message)
}

// FuzzGitHub: a text is one cell of the table and one annotation, and says the same there.
func FuzzGitHub(f *testing.F) {
	for _, text := range []string{"a | b", "\\|", "<b>", "&amp;", "`a", "**a**", "_a_", "[a](b)", "![a](b)", "~~a~~", "$a$", "100%\r\n::error::", "a,b:c=d", "- a", "1. a", "<!--", "\\", "a\tb"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := oneLine(text)
		step := newStepResult(Step{Clock: "0s"})
		step.Name = text
		step.fail(errors.New(text))
		result := Result{Name: "n", Status: StatusFailed, Why: text, Steps: []StepResult{step}}
		report := Report{Cluster: "c"}
		report.add(result)
		var summary, annotations strings.Builder
		if err := errors.Join(report.WriteGitHubSummary(&summary), report.WriteAnnotations(&annotations, func(file string) string { return file })); err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, e := range elements(t, page(t, summary.String())) {
			if e.name == "td" {
				cells = append(cells, e.text)
			}
		}
		if len(cells) != 6 || want != "" && cells[5] != want {
			t.Errorf("%q is %q in\n%s", want, cells, summary.String())
		}
		if properties, message := readCommand(t, strings.TrimSuffix(annotations.String(), "\n")); len(text) < maxLine/2 && !strings.HasSuffix(properties["title"], want) || message != clean(cut(clean(text), maxExplanation)) {
			t.Errorf("%q is titled %q, and says %q", text, properties["title"], message)
		}
	})
}
