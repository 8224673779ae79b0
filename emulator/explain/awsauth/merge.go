package awsauth

import (
	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// maxMerged bounds the keys that one entry may merge, so that mappings that merge each other many times come to an end.
const maxMerged = 1000

// pair is a key of a mapping and its value.
type pair struct{ key, value *yaml.Node }

// pairs are the keys and values of a mapping, with those that it merges ("<<"). As in go.yaml.in/yaml/v2, which reads
// entries upstream, the order counts: what is merged overrides the keys before it, and is overridden by those behind it. (YAML
// says that a mapping's own keys always count.)
func pairs(node *yaml.Node) []pair {
	m := &merger{left: maxMerged}
	m.take(node)
	return m.pairs
}

// merger collects the pairs of a mapping.
type merger struct {
	pairs []pair
	left  int // keys that may still be looked at
}

// take takes a mapping's pairs.
func (m *merger) take(node *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if m.left--; m.left < 0 {
			return
		}
		key, value := node.Content[i], strictyaml.Target(node.Content[i+1])
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			m.merge(value)
			continue
		}
		m.set(key, value)
	}
}

// merge takes a mapping, or a list of them, of which the earlier ones count more.
func (m *merger) merge(source *yaml.Node) {
	switch source.Kind {
	case yaml.MappingNode:
		m.take(source)
	case yaml.SequenceNode:
		for i := len(source.Content) - 1; i >= 0; i-- {
			if item := strictyaml.Target(source.Content[i]); item.Kind == yaml.MappingNode {
				m.take(item)
			}
		}
	}
}

// set gives a key a value, in the place of that it has.
func (m *merger) set(key, value *yaml.Node) {
	for i, p := range m.pairs {
		if p.key.Value == key.Value {
			m.pairs[i] = pair{key, value}
			return
		}
	}
	m.pairs = append(m.pairs, pair{key, value})
}
