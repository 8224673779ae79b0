package strictyaml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is one YAML document of a file, and knows where each of its fields was written. A nil Document is
// that of something that was not read from a file: it has no fields, and its problems have no line.
type Document struct {
	File string // as given to Decode or Parse
	root *yaml.Node
}

// Line is the line, from 1, of the field at path: names of keys and, for items of a list, their index from 0,
// as in Line("users", 2, "name"). For a field that was not written it is the line of the nearest field around it.
func (d *Document) Line(path ...any) int { return d.find(path).at.Line }

// Has reports whether there is a field at path, be it empty.
func (d *Document) Has(path ...any) bool { return d.find(path).depth == len(path) }

// Value is the text of the scalar at path as it was written, and "" if there is none. It is for looking at a
// document before its type is known: Value("kind").
func (d *Document) Value(path ...any) string {
	place := d.find(path)
	if place.depth < len(path) || place.value.Kind != yaml.ScalarNode || isNull(place.value) {
		return ""
	}
	return place.value.Value
}

// Problem is a problem of the field at path, at the place of [Document.Line].
func (d *Document) Problem(fix, message string, path ...any) Problem {
	at := d.find(path).at
	file := ""
	if d != nil {
		file = d.File
	}
	return Problem{File: file, Line: at.Line, Column: at.Column, Path: pathString(path), Message: message, Fix: fix}
}

// Embedded places the problems of a text that is itself a value of this document, such as a manifest in a
// block scalar: they move to the line of this file on which they are. In a text whose lines are not kept as they
// are (anything but a "|" block) they all get the line of the field.
func (d *Document) Embedded(problems Problems, path ...any) Problems {
	place := d.find(path)
	moved := make(Problems, 0, len(problems))
	for _, p := range problems {
		at := d.Problem(p.Fix, p.Message, path...)
		if place.value.Style&yaml.LiteralStyle != 0 {
			at.Line, at.Column = place.value.Line+p.Line, 0
		}
		if p.Path != "" {
			at.Message = p.Path + ": " + at.Message
		}
		moved = append(moved, at)
	}
	return moved
}

// place is where a path led: the node that marks the place (a key, or an item of a list), its value, and how
// many elements of the path exist.
type place struct {
	at, value *yaml.Node
	depth     int
}

func (d *Document) find(path []any) place {
	if d == nil {
		return place{at: &yaml.Node{}, value: &yaml.Node{}, depth: -1}
	}
	found := place{at: d.root, value: d.root}
	for _, element := range path {
		at, value := child(found.value, element)
		if value == nil {
			break
		}
		found = place{at: at, value: value, depth: found.depth + 1}
	}
	return found
}

// child is the entry of a mapping or list, and the node that marks its place. Both are nil if there is none.
func child(parent *yaml.Node, element any) (at, value *yaml.Node) {
	switch element := element.(type) {
	case string:
		return entry(parent, element, map[*yaml.Node]bool{})
	case int:
		if parent.Kind == yaml.SequenceNode && element >= 0 && element < len(parent.Content) {
			item := parent.Content[element]
			return item, Target(item)
		}
	}
	return nil, nil
}

// entry looks a key up in a mapping: its own keys first, then those that it merges. searched are the mappings in
// which the key is not, so that none is searched twice, however often it is merged.
func entry(mapping *yaml.Node, name string, searched map[*yaml.Node]bool) (key, value *yaml.Node) {
	if mapping.Kind != yaml.MappingNode || searched[mapping] {
		return nil, nil
	}
	searched[mapping] = true
	var merged []*yaml.Node
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		switch {
		case isMerge(key):
			merged = append(merged, mergeSources(value)...)
		case key.Kind == yaml.ScalarNode && key.Value == name:
			return key, Target(value)
		}
	}
	for _, source := range merged {
		if key, value := entry(Target(source), name, searched); value != nil {
			return key, value
		}
	}
	return nil, nil
}

// Lookup is what a mapping has for a key, those that it merges included; nil if it has none, or is no mapping.
func Lookup(mapping *yaml.Node, name string) *yaml.Node {
	if mapping == nil {
		return nil
	}
	_, value := entry(mapping, name, map[*yaml.Node]bool{})
	return value
}

// Target is the node that an alias stands for, and any other node itself.
func Target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

// mergeSources are the mappings that the value of a "<<" key names: one, or a list.
func mergeSources(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// pathString writes a path as users[2].name; a key that is not a plain word is quoted: data["a.b"].
func pathString(path []any) string {
	var b strings.Builder
	for _, element := range path {
		name, ok := element.(string)
		switch {
		case !ok:
			fmt.Fprintf(&b, "[%v]", element)
		case strings.ContainsAny(name, ".[]\" \n\t") || name == "":
			fmt.Fprintf(&b, "[%q]", name)
		case b.Len() == 0:
			b.WriteString(name)
		default:
			b.WriteString("." + name)
		}
	}
	return b.String()
}
