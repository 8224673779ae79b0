package scenarios

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of what goes to GitHub, in bytes. It drops the summary of a step with more than 1 MiB (docs.github.com, Workflow
// commands for GitHub Actions, "Step isolation and limits" [D]), to which other commands of the step may have to add.
const (
	maxSummary     = 512 << 10 // after which no explanation begins
	maxExplanation = 16 << 10
	maxLine        = 1 << 10 // a cell of the table, or a title
)

// WriteGitHubSummary writes the report as the Markdown of GitHub's job summaries: a table of the scenarios and, folded up
// below it, the explanations of those that failed.
func (r Report) WriteGitHubSummary(w io.Writer) error {
	var b strings.Builder
	p := printer{}
	fmt.Fprintf(&b, "### eksemu on %s: %s\n\n", inline(r.Cluster), p.total(r))
	b.WriteString("| | Scenario | Outcome | Decided by | Time | Why |\n|---|---|---|---|---:|---|\n")
	for _, s := range r.Scenarios {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.1fs | %s |\n", p.status(s.Status), inline(s.Name), p.outcome(s.Outcome), inline(string(s.DecidedBy)), s.Seconds, inline(s.why()))
	}
	omitted := 0
	for _, s := range r.Scenarios {
		for _, failure := range s.failures() {
			if b.Len() > maxSummary {
				omitted++
				continue
			}
			b.WriteString(failure.folded())
		}
	}
	if omitted > 0 {
		fmt.Fprintf(&b, "\n%d more explanations are left out here: write a report with --report json=FILE.\n", omitted)
	}
	b.WriteString("\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the GitHub summary: %w", err)
	}
	return nil
}

// failure is something in a scenario that did not go as expected. Its texts are as they came.
type failure struct {
	title       string
	reasons     []string
	explanation string
	line        int // of the step in the scenario's file; 0 if it is not a step, or the file is not the user's
}

// failures are the steps of a scenario that failed, and what went wrong outside of its steps.
func (r Result) failures() []failure {
	var all []failure
	for i, step := range r.Steps {
		if step.Status != StatusFailed {
			continue
		}
		reasons := step.Mismatch
		if step.Error != "" {
			reasons = []string{step.Error}
		}
		if v := step.Verdict; v != nil {
			reasons = append(reasons[:len(reasons):len(reasons)], fmt.Sprintf("decided by %s: %s", v.DecidedBy, v.Summary))
		}
		all = append(all, failure{
			title:   fmt.Sprintf("%s, step %d of %d: %s", r.Name, i+1, len(r.Steps), step.Name),
			reasons: reasons, explanation: step.explanation(), line: step.Line,
		})
	}
	for _, err := range r.Errors {
		all = append(all, failure{title: r.Name, reasons: []string{err}, explanation: err})
	}
	return all
}

// folded is a failure as HTML in Markdown, as long as it is. A blank line ends the block of the summary, and only the end
// tag that of <pre> (GitHub Flavored Markdown 4.6, HTML blocks, kinds 6 and 1 [D]), so that nothing in there is Markdown.
func (f failure) folded() string {
	return fmt.Sprintf("\n<details><summary>FAIL %s</summary>\n\n<pre>\n%s\n</pre>\n\n</details>\n",
		html.EscapeString(oneLine(f.title)), html.EscapeString(strings.Trim(cut(clean(f.explanation), maxExplanation), "\n")))
}

// markdown escapes what means something in the middle of a line of GitHub Flavored Markdown: HTML, character references,
// emphasis, code, links, cells of tables, strike-through, formulas.
var markdown = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`, "#", `\#`,
)

// inline is a text as Markdown on one line.
func inline(text string) string { return markdown.Replace(oneLine(text)) }

// oneLine is a text without secrets, with a blank for every gap.
func oneLine(text string) string { return strings.Join(strings.Fields(cut(clean(text), maxLine)), " ") }

// cut shortens a text to so many bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
