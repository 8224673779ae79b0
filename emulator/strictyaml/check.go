package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// maxAliased bounds how many values aliases may add to a document. A few nested anchors can otherwise stand for
// billions of values. The YAML library has a guard of its own, which only looks at far larger documents.
const maxAliased = 10_000

// maxKeys bounds one mapping: the YAML library compares every key with every other.
const maxKeys = 10_000

// maxProblems bounds the list: nobody reads on, and a file with more is not what it was meant to be.
const maxProblems = 1000

// checker walks a YAML tree next to a Go type and collects what is wrong. It never changes the tree.
type checker struct {
	file     string
	problems Problems

	open    []*yaml.Node // anchors whose aliases are being followed, outermost first
	aliased int          // values visited through aliases so far
	hidden  int          // mappings around this place that have a Confidential field
	stopped bool         // too much of something: the rest is not visited
}

// report adds a problem; after too many of them it ends the walk.
func (c *checker) report(at *yaml.Node, path []any, fix, format string, args ...any) {
	if len(c.problems) == maxProblems {
		c.stopped = true
		fix, format, args = "", "more problems follow, only the first %d are listed", []any{maxProblems}
	}
	if len(c.problems) > maxProblems {
		return
	}
	c.problems = append(c.problems, Problem{File: c.file, Line: at.Line, Column: at.Column, Path: pathString(path),
		Message: fmt.Sprintf(format, args...), Fix: fix})
}

// value checks a node against a type; a nil type stands for any value.
func (c *checker) value(n *yaml.Node, t reflect.Type, path []any) {
	if c.stopped || !c.allowed(n, path) {
		return
	}
	if n.Kind == yaml.AliasNode {
		c.alias(n, path, func() { c.value(n.Alias, t, path) })
		return
	}
	switch {
	case t == nil || t.Kind() == reflect.Interface:
		c.any(n, path)
	case isNull(n):
		c.null(n, t, path)
	case t.Kind() == reflect.Pointer:
		c.value(n, t.Elem(), path)
	case unmarshals(t):
		c.custom(n, t, path)
	default:
		c.kind(n, t, path)
	}
}

// kind checks a value that is neither null nor read by its own type.
func (c *checker) kind(n *yaml.Node, t reflect.Type, path []any) {
	want, check := yaml.ScalarNode, c.scalar
	switch {
	case t == timeType:
	case t.Kind() == reflect.Struct:
		want, check = yaml.MappingNode, c.structure
	case t.Kind() == reflect.Map:
		want, check = yaml.MappingNode, c.mapping
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		want, check = yaml.SequenceNode, c.list
	}
	if n.Kind != want {
		c.wrongType(n, t, path)
		return
	}
	check(n, t, path)
}

// allowed refuses tags that a hand-written file has no use for, such as !!binary and !Ref.
func (c *checker) allowed(n *yaml.Node, path []any) bool {
	if n.Kind == yaml.AliasNode {
		return true
	}
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq", "!!merge", "":
		return true
	default:
		c.report(n, path, "remove it", "the YAML tag %s is not supported", tag)
		return false
	}
}

// alias runs visit for the value that an alias stands for, unless that would never end or cost too much.
func (c *checker) alias(n *yaml.Node, path []any, visit func()) {
	for _, open := range c.open {
		if open == n.Alias {
			c.report(n, path, "write the value out", "the anchor &%s contains itself", n.Value)
			return
		}
	}
	c.open = append(c.open, n.Alias)
	visit()
	c.open = c.open[:len(c.open)-1]
}

// count counts a value towards maxAliased if an alias led to it.
func (c *checker) count(n *yaml.Node, path []any) {
	if len(c.open) == 0 {
		return
	}
	if c.aliased++; c.aliased > maxAliased && !c.stopped {
		c.stopped = true
		c.report(n, path, "write the values out", "aliases repeat more than %d values", maxAliased)
	}
}

// null accepts an empty value where Go has one too; elsewhere a key without a value is a mistake.
func (c *checker) null(n *yaml.Node, t reflect.Type, path []any) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
	default:
		c.report(n, path, "write "+article(t)+", or remove the key", "no value")
	}
}

func (c *checker) any(n *yaml.Node, path []any) {
	switch n.Kind {
	case yaml.MappingNode:
		c.pairs(n, path, func(key, value *yaml.Node) {
			if key.ShortTag() != "!!str" {
				c.report(key, path, "write "+strconv.Quote(key.Value), "the key %s is not text", key.Value)
			}
			c.value(value, nil, with(path, key.Value))
		})
	case yaml.SequenceNode:
		c.sequence(n, nil, path)
	default:
		c.count(n, path)
	}
}

func (c *checker) structure(n *yaml.Node, t reflect.Type, path []any) {
	known := fieldsOf(t)
	if known.confidential() {
		c.hidden++
		defer func() { c.hidden-- }()
	}
	c.pairs(n, path, func(key, value *yaml.Node) {
		field, ok := known.types[key.Value]
		switch {
		case ok:
			c.value(value, field, with(path, key.Value))
		case known.rest != nil:
			c.value(value, known.rest, with(path, key.Value))
		default:
			c.report(key, c.keyPath(path, key), DidYouMean(key.Value, known.names), "unknown field")
		}
	})
}

func (c *checker) mapping(n *yaml.Node, t reflect.Type, path []any) {
	c.pairs(n, path, func(key, value *yaml.Node) {
		c.value(key, t.Key(), path)
		c.value(value, t.Elem(), with(path, key.Value))
	})
}

func (c *checker) list(n *yaml.Node, t reflect.Type, path []any) { c.sequence(n, t.Elem(), path) }

func (c *checker) sequence(n *yaml.Node, element reflect.Type, path []any) {
	c.count(n, path)
	for i, item := range n.Content {
		c.value(item, element, with(path, i))
	}
}

// pairs visits the keys and values of a mapping, those that it merges included, and reports keys that are
// written twice or that are not scalars.
func (c *checker) pairs(n *yaml.Node, path []any, visit func(key, value *yaml.Node)) {
	c.count(n, path)
	if len(n.Content)/2 > maxKeys {
		c.stopped = true
		c.report(n, path, "is this the right file?", "a mapping of more than %d keys", maxKeys)
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !c.stopped; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		line, twice := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			c.report(key, path, "write a word", "a key must be text, not %s", describe(key))
		case twice:
			c.report(key, c.keyPath(path, key), "remove one of them", "written twice, first on line %d", line)
		case isMerge(key):
			first[key.Value] = key.Line
			c.merge(value, path, visit)
		default:
			first[key.Value] = key.Line
			visit(key, value)
		}
	}
}

// merge visits the mappings that a "<<" key names. Keys that override merged ones are no duplicates.
func (c *checker) merge(value *yaml.Node, path []any, visit func(key, value *yaml.Node)) {
	for _, source := range mergeSources(value) {
		switch {
		case source.Kind == yaml.MappingNode:
			c.pairs(source, path, visit)
		case source.Kind == yaml.AliasNode && source.Alias.Kind == yaml.MappingNode:
			c.alias(source, path, func() { c.pairs(source.Alias, path, visit) })
		default:
			c.report(source, path, "write the alias of a mapping, such as *defaults",
				`"<<" merges mappings, not %s`, describe(Target(source)))
		}
	}
}

var (
	unmarshalerType     = reflect.TypeFor[yaml.Unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// unmarshals reports whether the type reads itself.
func unmarshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || (t != timeType && p.Implements(textUnmarshalerType))
}

// custom lets a type that reads itself try, on a value that is thrown away.
func (c *checker) custom(n *yaml.Node, t reflect.Type, path []any) {
	before := len(c.problems)
	c.any(n, path)
	if len(c.problems) > before || c.stopped {
		return
	}
	if n.Kind != yaml.ScalarNode && !reflect.PointerTo(t).Implements(unmarshalerType) {
		c.report(n, path, "write text", "expected text, found %s", describe(n))
		return
	}
	if err := n.Decode(reflect.New(t).Interface()); err != nil {
		c.report(n, path, "", "%s", reason(err))
	}
}

// with is path with one more element; it never shares memory with another extension of path.
func with(path []any, element any) []any { return append(path[:len(path):len(path)], element) }
