package scenarios

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Command is a list of arguments. In a file it is either a YAML list or one line that is split like a shell
// splits it, see [SplitCommand].
type Command []string

// UnmarshalYAML reads a list of strings or a line.
func (c *Command) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		arguments, err := SplitCommand(node.Value)
		if err != nil {
			return &yaml.TypeError{Errors: []string{err.Error()}}
		}
		*c = arguments
		return nil
	}
	var arguments []string
	if err := node.Decode(&arguments); err != nil {
		return &yaml.TypeError{Errors: []string{"expected a command line or a list of arguments"}}
	}
	*c = arguments
	return nil
}

// String is the command as a line that [SplitCommand] splits back into the same arguments.
func (c Command) String() string {
	words := make([]string, len(c))
	for i, word := range c {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

func quote(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\r\n'\"\\") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// SplitCommand splits a line into words by the quoting rules of a POSIX shell (XCU 2.2: backslash, single
// quotes, double quotes, in which a backslash escapes only `"`, `\`, `$`, a backquote and a line's end). It knows
// nothing else of a shell: no variables, no globs, no pipes; their characters stand for themselves.
func SplitCommand(line string) (Command, error) {
	s := splitter{rest: line}
	for s.rest != "" {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	s.endWord()
	return s.words, nil
}

type splitter struct {
	rest   string
	word   strings.Builder
	inWord bool // a word has begun, perhaps an empty one in quotes
	words  Command
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
		s.inWord = false
	}
}

func (s *splitter) next() error {
	c := s.rest[0]
	s.rest = s.rest[1:]
	switch c {
	case ' ', '\t', '\r', '\n':
		s.endWord()
		return nil
	case '\'':
		return s.singleQuoted()
	case '"':
		return s.doubleQuoted()
	case '\\':
		return s.escaped()
	}
	s.inWord = true
	s.word.WriteByte(c)
	return nil
}

func (s *splitter) escaped() error {
	if s.rest == "" {
		return errors.New("the command line ends with a backslash")
	}
	if s.rest[0] != '\n' { // a backslash at the end of a line continues it
		s.inWord = true
		s.word.WriteByte(s.rest[0])
	}
	s.rest = s.rest[1:]
	return nil
}

func (s *splitter) singleQuoted() error {
	text, rest, ok := strings.Cut(s.rest, "'")
	if !ok {
		return errors.New("the command line has a single quote (') that is not closed")
	}
	s.inWord = true
	s.word.WriteString(text)
	s.rest = rest
	return nil
}

func (s *splitter) doubleQuoted() error {
	s.inWord = true
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return nil
		case c == '\\' && i+1 < len(s.rest) && strings.IndexByte("\"\\$`\n", s.rest[i+1]) >= 0:
			i++
			if s.rest[i] != '\n' {
				s.word.WriteByte(s.rest[i])
			}
		default:
			s.word.WriteByte(c)
		}
	}
	return errors.New(`the command line has a double quote (") that is not closed`)
}
