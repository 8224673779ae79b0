package scenarios

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/eksemu/eksemu/emulator/explain"
)

// TableOptions says how a report looks to people.
type TableOptions struct {
	Color bool // ANSI colours, for a terminal that wants them
	Width int  // columns of the terminal, at which the table's lines are cut; 0 cuts nothing
}

// WriteTable writes a line for each scenario and, below the table, what went wrong and why.
func (r Report) WriteTable(w io.Writer, options TableOptions) error {
	p := printer{color: options.Color, width: options.Width}
	p.table(r.Scenarios)
	for _, scenario := range r.Scenarios {
		p.details(scenario)
	}
	fmt.Fprintf(&p.out, "\n%s\n", p.total(r))
	if _, err := w.Write(p.out.Bytes()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// Colours are pairs of escape sequences of the same length, so that they don't disturb the columns.
const (
	plain  = "\x1b[39m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

type printer struct {
	out   bytes.Buffer
	color bool
	width int
}

func (p *printer) paint(color, text string) string {
	if !p.color {
		return text
	}
	return color + text + plain
}

func (p *printer) table(results []Result) {
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")) } // a buffer takes everything
	row(p.paint(plain, ""), "SCENARIO", p.paint(plain, "OUTCOME"), "DECIDED BY", "TIME", "WHY")
	for _, r := range results {
		row(p.status(r.Status), r.Name, p.outcome(r.Outcome), string(r.DecidedBy), fmt.Sprintf("%.1fs", r.Seconds), r.why())
	}
	table.Flush() //nolint:errcheck // a buffer takes everything
	for line := range strings.Lines(lines.String()) {
		p.out.WriteString(p.cut(line))
	}
}

// cut shortens a line of the table to the terminal's width. Its escape sequences, two pairs, take no room there.
func (p *printer) cut(line string) string {
	width := p.width
	if p.color {
		width += 2 * len(plain+plain)
	}
	runes := []rune(strings.TrimSuffix(line, "\n"))
	if p.width <= 0 || len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…\n"
}

func (p *printer) status(s Status) string {
	switch s {
	case StatusPassed:
		return p.paint(green, "ok")
	case StatusSkipped:
		return p.paint(yellow, "skip")
	default:
		return p.paint(red, "FAIL")
	}
}

// outcome is the answer as a user of kubectl knows it.
func (p *printer) outcome(o explain.Outcome) string {
	switch o {
	case explain.Unauthorized:
		return p.paint(red, "Unauthorized")
	case explain.Denied:
		return p.paint(yellow, "no")
	case explain.Allowed:
		return p.paint(green, "yes")
	default:
		return p.paint(plain, "-")
	}
}

// why is the reason of the outcome or, if a scenario did not get that far, of its failure; and what part of it was
// left out.
func (r Result) why() string {
	switch skipped := r.skipped(); {
	case r.Status == StatusPassed && len(skipped) > 0:
		return fmt.Sprintf("%s [%d of %d steps skipped]", r.Why, len(skipped), len(r.Steps))
	case r.Why != "":
		return r.Why
	}
	for i, step := range r.Steps {
		if step.Status == StatusFailed {
			text, _, _ := strings.Cut(strings.TrimSpace(step.Error+"\n"+strings.Join(step.Mismatch, "; ")), "\n")
			return fmt.Sprintf("step %d: %s", i+1, text)
		}
	}
	return strings.Join(r.Errors, "; ")
}

// skipped are the reasons for which steps were skipped, one for each step.
func (r Result) skipped() []string {
	var reasons []string
	for _, step := range r.Steps {
		if step.Status == StatusSkipped {
			reasons = append(reasons, step.Reason)
		}
	}
	return reasons
}

// details tells why a scenario failed, or why steps of one that passed were skipped.
func (p *printer) details(r Result) {
	for i, step := range r.Steps {
		if step.Status == StatusFailed {
			p.section(p.paint(red, "FAIL")+fmt.Sprintf("  %s, step %d of %d: %s", r.Name, i+1, len(r.Steps), step.Name), step.explanation())
		}
	}
	for _, err := range r.Errors {
		p.section(p.paint(red, "FAIL")+"  "+r.Name, err)
	}
	if reasons := r.skipped(); r.Status == StatusPassed && len(reasons) > 0 {
		heading := fmt.Sprintf("  %s, %d of %d steps", r.Name, len(reasons), len(r.Steps))
		p.section(p.paint(yellow, "skip")+heading, strings.Join(slices.Compact(reasons), "\n"))
	}
}

func (p *printer) section(heading, text string) {
	fmt.Fprintf(&p.out, "\n%s\n", heading)
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		fmt.Fprintf(&p.out, "%s\n", strings.TrimRight("    "+line, " \n"))
	}
}

// explanation is the whole story of a step that failed: what differs, the verdict, and what the client printed.
func (r StepResult) explanation() string {
	var b strings.Builder
	if r.Error != "" {
		fmt.Fprintln(&b, r.Error)
	}
	for _, line := range r.Mismatch {
		fmt.Fprintln(&b, line)
	}
	if r.Verdict != nil {
		b.WriteString("\n")
		explain.Write(&b, *r.Verdict, explain.TextOptions{}) //nolint:errcheck // a builder takes everything
	}
	if text := strings.TrimSpace(r.Output); text != "" {
		fmt.Fprintf(&b, "\nthe client printed:\n%s\n", text)
	}
	return b.String()
}

// total is how many scenarios ended how, and in what time.
func (p *printer) total(r Report) string {
	parts := []string{fmt.Sprintf("%d passed", r.Passed)}
	if r.Failed > 0 {
		parts = append(parts, p.paint(red, fmt.Sprintf("%d failed", r.Failed)))
	}
	if r.Skipped > 0 {
		parts = append(parts, p.paint(yellow, fmt.Sprintf("%d skipped", r.Skipped)))
	}
	return fmt.Sprintf("%s in %.1fs", strings.Join(parts, ", "), r.Seconds)
}
