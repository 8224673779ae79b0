package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File    string // as given to Decode or Parse
	Line    int    // from 1; 0 for something that was not read from a file
	Column  int    // from 1, in characters; 0 when only the line is known
	Path    string // field, such as "users[2].name"; empty for the document as a whole
	Message string // what is wrong, lower case, without the place
	Fix     string // what to do about it, without parentheses; may be empty
}

// String is "file:line: path: message (fix)", without the parts that are empty.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Fix != "" {
		b.WriteString(" (" + p.Fix + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a file, in the order of its lines. As an error it prints one problem
// per line. A list without problems is no error: return [Problems.Err] where an error is expected.
type Problems []Problem

// Error prints one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is the list as an error, or nil when it is empty.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Sort returns the problems by line and column without repetitions. Lists that this package returns are sorted
// already; sort again after adding to one.
func (ps Problems) Sort() Problems { return ps.sorted() }

func (ps Problems) sorted() Problems {
	if len(ps) == 0 {
		return nil
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := map[Problem]bool{}
	return slices.DeleteFunc(sorted, func(p Problem) bool {
		// What an anchor holds is checked again wherever an alias repeats it: one mistake, one problem.
		p.Path = ""
		if seen[p] {
			return true
		}
		seen[p] = true
		return false
	})
}
