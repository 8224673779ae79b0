package explain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Severity is how bad a [Finding] is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // locks somebody out
	SeverityWarning Severity = "warning" // is probably not what was meant
)

// Finding is one thing that is wrong with a file.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"` // from 1; 0 if it is about no line
	Severity Severity `json:"severity"`
	ID       string   `json:"id"`             // kebab-case, stable
	Path     string   `json:"path,omitempty"` // of the field: "mapRoles[1].rolearn"
	Message  string   `json:"message"`
	Fix      string   `json:"fix,omitempty"` // what to write or do instead
}

// clean makes every text of a finding fit to be shown.
func (f Finding) clean() Finding {
	for _, text := range []*string{&f.File, &f.Path, &f.Message, &f.Fix} {
		*text = cleanLine(*text)
	}
	return f
}

// SortFindings puts findings in the order of their lines, cleaned of what must not be shown. It never returns nil.
func SortFindings(list []Finding) []Finding {
	sorted := make([]Finding, 0, len(list))
	for _, f := range list {
		sorted = append(sorted, f.clean())
	}
	slices.SortStableFunc(sorted, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return sorted
}

// HasErrors tells whether findings are more than warnings.
func HasErrors(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Severity == SeverityError })
}

// WriteFindings prints findings as compilers do, a line each, with what to do under it. Its error is the writer's.
func WriteFindings(w io.Writer, list []Finding, opts TextOptions) error {
	p := &printer{opts: opts}
	for _, f := range list {
		f = f.clean()
		code := yellow
		if f.Severity == SeverityError {
			code = red
		}
		place := f.File
		if f.Line > 0 {
			place += fmt.Sprintf(":%d", f.Line)
		}
		subject := f.Path
		if subject != "" {
			subject += ": "
		}
		p.WriteString(place + ": " + p.color(code, string(f.Severity)) + ": " + subject + f.Message + p.color(faint, " ["+f.ID+"]") + "\n")
		if f.Fix != "" {
			p.WriteString("    fix: " + f.Fix + "\n")
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// CountFindings says how many there are: "2 errors, 1 warning".
func CountFindings(list []Finding) string {
	counts := map[Severity]int{}
	for _, f := range list {
		counts[f.Severity]++
	}
	var parts []string
	for _, severity := range []Severity{SeverityError, SeverityWarning} {
		switch n := counts[severity]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(severity))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, severity))
		}
	}
	if len(parts) == 0 {
		return "no problems"
	}
	return strings.Join(parts, ", ")
}
