package strictyaml

import (
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Confidential is a type of which no value is repeated in a problem, such as a password. Neither is what stands in the
// place of a mapping or list that has such values somewhere, or next to one in a mapping: people put a secret where its
// mapping belongs, or swap it with its neighbour.
type Confidential interface{ Confidential() }

var confidentialType = reflect.TypeFor[Confidential]()

// hides reports whether a value that is written where a type belongs may be a secret.
func (c *checker) hides(t reflect.Type) bool {
	return c.hidden > 0 || holdsConfidential(t, map[reflect.Type]bool{})
}

// describe is what a value in the place of a type is called in problems.
func (c *checker) describe(n *yaml.Node, t reflect.Type) string {
	if n.Kind != yaml.ScalarNode || isNull(n) || !c.hides(t) {
		return describe(n)
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a boolean"
	default:
		return "text"
	}
}

// holdsConfidential reports whether a Confidential value can be anywhere in a type; seen guards against types that
// contain themselves.
func holdsConfidential(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t.Implements(confidentialType) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsConfidential(t.Elem(), seen)
	case reflect.Struct:
		for _, field := range fieldsOf(t).types {
			if holdsConfidential(field, seen) {
				return true
			}
		}
	}
	return false
}

// confidential reports whether one of the fields is Confidential itself.
func (f fields) confidential() bool {
	for _, field := range f.types {
		if field.Implements(confidentialType) {
			return true
		}
	}
	return false
}

// wordPattern is what a misspelt name of a field looks like.
var wordPattern = regexp.MustCompile(`^[A-Za-z]{1,30}$`)

// keyPath is the path of a key that is wrong, or of its mapping if the key may be a secret: {secret:wJalr…}, which lacks
// a space, is one key.
func (c *checker) keyPath(path []any, key *yaml.Node) []any {
	if c.hidden > 0 && !wordPattern.MatchString(key.Value) {
		return path
	}
	return with(path, key.Value)
}
