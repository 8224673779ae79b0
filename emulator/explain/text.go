package explain

import (
	"io"
	"strings"
	"unicode/utf8"
)

// TextOptions say how [Write] lays a verdict out.
type TextOptions struct {
	Color bool // ANSI colours for the outcome and the marks
	Wide  bool // one line per text, however long; otherwise texts wrap at 100 columns
}

// textWidth is the width that texts wrap at, and textColumn where they begin, after the longest hop's name.
const (
	textWidth  = 100
	textColumn = 20
)

// Write prints a verdict for a person: the outcome, who asked for what, every hop with a mark (✓ passed or
// allowed, ✗ refused, · no opinion, – not reached), the cause, the evidence and the fix. Its error is the writer's.
func Write(w io.Writer, v Verdict, opts TextOptions) error {
	v.clean()
	p := &printer{opts: opts}
	p.headline(v)
	p.reasons(v)
	_, err := io.WriteString(w, p.String())
	return err
}

// printer collects the lines of a verdict.
type printer struct {
	strings.Builder
	opts TextOptions
}

// ANSI colours of marks and outcomes.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

func (p *printer) color(code, text string) string {
	if !p.opts.Color || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// headline says what became of what, the way kubectl says it.
func (p *printer) headline(v Verdict) {
	word, code := string(v.Outcome), yellow
	switch v.Outcome {
	case Unauthorized:
		word, code = "Unauthorized", red
	case Denied:
		word = "no"
	case Allowed:
		word, code = "yes", green
	}
	p.WriteString(p.color(code, word) + "  " + v.Question + "\n")
	who := v.Identity.name()
	if v.Identity.ARN != "" && v.Identity.ARN != who {
		who += " (" + v.Identity.ARN + ")"
	}
	p.labelled("who", who)
	p.labelled("decided by", string(v.DecidedBy))
	p.WriteString("\n")
}

// step prints a hop with its mark.
func (p *printer) step(s Step) {
	mark, code := "✓", green
	detail := s.Detail
	switch s.State {
	case StateRefused:
		mark, code = "✗", red
	case StateNoOpinion:
		mark, code = "·", faint
	case StateNotReached:
		mark, code = "–", faint
		if detail == "" {
			detail = "not reached"
		}
	}
	name := string(s.Hop)
	line := "  " + p.color(code, mark) + " " + name
	if detail != "" {
		line += strings.Repeat(" ", max(1, textColumn-len("  x ")-utf8.RuneCountInString(name))) + p.wrap(detail)
	}
	p.WriteString(line + "\n")
}

// labelled prints a text behind a label.
func (p *printer) labelled(label, text string) {
	if text == "" {
		return
	}
	if label == "why" {
		p.WriteString("\n")
	}
	p.WriteString("  " + label + strings.Repeat(" ", textColumn-2-len(label)) + p.wrap(text) + "\n")
}

// fix prints what to do: the first line as text, the others as they are, for copying.
func (p *printer) fix(fix string) {
	if fix == "" {
		return
	}
	advice, commands, _ := strings.Cut(fix, "\n")
	p.labelled("fix", advice)
	for line := range strings.SplitSeq(commands, "\n") {
		if line != "" {
			p.WriteString(strings.Repeat(" ", textColumn+2) + line + "\n")
		}
	}
}

// wrap breaks a text at spaces, and indents the lines after the first.
func (p *printer) wrap(text string) string {
	if p.opts.Wide {
		return text
	}
	var out strings.Builder
	column := textColumn
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > textWidth:
			out.WriteString("\n" + strings.Repeat(" ", textColumn))
			column = textColumn
		default:
			out.WriteString(" ")
			column++
		}
		out.WriteString(word)
		column += length
	}
	return out.String()
}

// reasons writes every hop, the cause, the evidence and the fix.
func (p *printer) reasons(v Verdict) {
	for _, step := range v.Steps {
		p.step(step)
	}
	p.labelled("why", v.Summary)
	if v.Evidence.Text != "" {
		p.labelled("evidence", strings.TrimSpace(v.Evidence.Component+": "+v.Evidence.Text))
	}
	p.fix(v.Fix)
}
