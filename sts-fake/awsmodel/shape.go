package awsmodel

import "regexp"

// Shape bounds a value. What a zero field stands for depends on the kind.
type Shape struct {
	Kind      Kind
	Min, Max  int      // characters of a text, members of a list, or a number itself; Max 0 is no bound
	Pattern   *Pattern // of a text; nil takes every one
	Enum      []string // all values of a text, in the model's order; nil is no enumeration
	Sensitive bool     // a text that no message repeats
	Secret    bool     // a text that messages repeat, and that no record may have
	Element   *Shape   // of a list
	Members   []Member // of a structure
}

// Kind is what kind of value a shape is of.
type Kind int

// The kinds of shapes.
const (
	Text Kind = iota
	Number
	Boolean
	List
	Structure
)

// Member is a member of an operation's input or of a structure, named as on the wire.
type Member struct {
	Name     string
	Shape    Shape
	Required bool
}

// Required is a member that a request must have.
func Required(name string, s Shape) Member { return Member{name, s, true} }

// Optional is a member that a request may have.
func Optional(name string, s Shape) Member { return Member{name, s, false} }

// Pattern is a regular expression as messages quote it, and as Go reads it.
type Pattern struct {
	Text   string
	Regexp *regexp.Regexp
	// Message is what the service says instead of quoting the pattern, with %s for the member; "" if it quotes it. It
	// stands alone, and only if nothing else is wrong with the request.
	Message string
}

// SamePattern is a pattern that Go reads like the model. Its \w is ASCII: spec/sts.md section 4.2 has that from
// practice.
func SamePattern(text string) *Pattern {
	return &Pattern{Text: text, Regexp: regexp.MustCompile(`^(?:` + text + `)$`)}
}
