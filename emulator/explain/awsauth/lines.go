package awsauth

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// linesOf are the lines of the file on which the lines of a scalar's text stand, both from 0 in this list, from 1 in the
// file. Where they cannot be told apart, as in folded text, all have the scalar's.
func linesOf(file string, scalar *yaml.Node) []int {
	count := strings.Count(scalar.Value, "\n") + 1
	switch {
	case scalar.Style&yaml.LiteralStyle != 0:
		lines := make([]int, count)
		for i := range lines {
			lines[i] = scalar.Line + 1 + i
		}
		return lines
	case scalar.Style&yaml.DoubleQuotedStyle != 0:
		return quotedLines(file, scalar, count)
	}
	return fill(nil, scalar.Line, count)
}

// quotedLines follows a double-quoted scalar, which kubectl writes wherever a text has blanks at the ends of lines, or
// tabs: an escaped line break begins a line of the text, a real one a line of the file.
func quotedLines(file string, scalar *yaml.Node, count int) []int {
	line := scalar.Line
	lines := []int{line}
	source := []rune(strings.Join(strings.Split(file, "\n")[max(line-1, 0):], "\n"))
	breaks := 0 // real ones in a row: the first folds to a blank, each other is a line break of the text
	for i := scalar.Column; i < len(source) && source[i] != '"'; i++ {
		switch c := source[i]; {
		case c == '\\' && i+1 < len(source):
			i++
			breaks = 0
			if source[i] == '\n' {
				line++
			} else if source[i] == 'n' {
				lines = append(lines, line)
			}
		case c == '\n':
			line++
			if breaks++; breaks > 1 {
				lines = append(lines, line)
			}
		case c != ' ' && c != '\t' && c != '\r':
			breaks = 0
		}
	}
	return fill(lines, line, count)
}

// fill makes a list count long.
func fill(lines []int, line, count int) []int {
	for len(lines) < count {
		lines = append(lines, line)
	}
	return lines[:count]
}
