package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the size in bytes of the largest file that is read. No file that people write comes near it; what
// does is a mistake, such as the path of a binary.
const MaxSize = 1 << 20

// Parse splits data into its YAML documents without looking at what they say; documents without content are
// skipped. It reports what is not YAML, and a file in which there is no document at all. The documents before
// the place that is not YAML are returned too.
func Parse(file string, data []byte) ([]*Document, Problems) {
	if problem, bad := unreadable(file, data); bad {
		return nil, Problems{problem}
	}
	var docs []*Document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return docs, Problems{syntaxProblem(file, data, err)}
		}
		if len(node.Content) == 1 && !isNull(node.Content[0]) {
			docs = append(docs, &Document{File: file, root: node.Content[0]})
		}
	}
	if len(docs) == 0 {
		return nil, Problems{{File: file, Line: 1, Message: "the file is empty",
			Fix: "write at least one key"}}
	}
	return docs, nil
}

// unreadable reports data that no YAML parser should see: too much of it, or not UTF-8.
func unreadable(file string, data []byte) (Problem, bool) {
	if len(data) > MaxSize {
		return Problem{File: file, Line: 1, Message: "larger than 1 MiB", Fix: "is this the right file?"}, true
	}
	for rest, line := data, 1; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			return Problem{File: file, Line: line, Message: "not valid UTF-8", Fix: "save the file as UTF-8"}, true
		}
		if r == '\n' {
			line++
		}
		rest = rest[size:]
	}
	return Problem{}, false
}

var (
	errorLine   = regexp.MustCompile(`line (\d+): `)
	errorAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
	// The library counts the lines of these errors from 0 and those of all others from 1.
	errorFromZero = regexp.MustCompile(`did not find expected (',' or|'-' indicator|key|node content|<)`)
)

// syntaxProblem places an error of the YAML parser, which carries its line in the text, or not at all.
func syntaxProblem(file string, data []byte, err error) Problem {
	text := reason(err)
	problem := Problem{File: file, Line: 1, Message: text}
	if match := errorLine.FindStringSubmatch(text); match != nil {
		problem.Line, _ = strconv.Atoi(match[1])
		if errorFromZero.MatchString(text) {
			problem.Line++
		}
		problem.Message = strings.Replace(text, match[0], "", 1)
	}
	if match := errorAnchor.FindStringSubmatch(text); match != nil {
		problem.Line = lineOf(data, "*"+match[1])
		problem.Fix = "define it with &" + match[1] + " before it is used"
	}
	if strings.Contains(text, "cannot start any token") && tabIndented(data, problem.Line) {
		problem.Fix = "indent with spaces, not with tabs"
	}
	last := bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n")) + 1
	problem.Line = min(max(problem.Line, 1), last)
	return problem
}

// reason is the text of a YAML error without the name of the library.
func reason(err error) string {
	if several := (*yaml.TypeError)(nil); errors.As(err, &several) {
		return strings.Join(several.Errors, "; ")
	}
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

// lineOf is the line, from 1, on which text first appears; 1 if it does not.
func lineOf(data []byte, text string) int {
	before, _, found := bytes.Cut(data, []byte(text))
	if !found {
		return 1
	}
	return bytes.Count(before, []byte("\n")) + 1
}

// tabIndented reports whether the line, or the one after it (the parser is not always sure), starts with a tab.
func tabIndented(data []byte, line int) bool {
	lines := bytes.Split(data, []byte("\n"))
	for i := max(line-1, 0); i < len(lines) && i <= line; i++ {
		indent := lines[i][:len(lines[i])-len(bytes.TrimLeft(lines[i], " \t"))]
		if bytes.ContainsRune(indent, '\t') {
			return true
		}
	}
	return false
}
