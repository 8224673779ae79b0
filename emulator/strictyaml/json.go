package strictyaml

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// appendJSON writes a checked tree as JSON.
func appendJSON(out []byte, n *yaml.Node) ([]byte, error) {
	n = Target(n)
	switch n.Kind {
	case yaml.MappingNode:
		return appendObject(out, n)
	case yaml.SequenceNode:
		out = append(out, '[')
		for i, item := range n.Content {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendJSON(out, item); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	default:
		return appendScalar(out, n)
	}
}

func appendObject(out []byte, n *yaml.Node) ([]byte, error) {
	keys, values := flatten(n)
	out = append(out, '{')
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		text, err := json.Marshal(key)
		if err != nil {
			return nil, fmt.Errorf("line %d: write the key %q as JSON: %w", n.Line, key, err)
		}
		out = append(append(out, text...), ':')
		if out, err = appendJSON(out, values[key]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// flatten lists the keys of a mapping with those that it merges; its own keys win, then the first merged.
func flatten(n *yaml.Node) (keys []string, values map[string]*yaml.Node) {
	values = map[string]*yaml.Node{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			merged = append(merged, mergeSources(n.Content[i+1])...)
			continue
		}
		keys = append(keys, n.Content[i].Value)
		values[n.Content[i].Value] = n.Content[i+1]
	}
	for _, source := range merged {
		more, theirs := flatten(Target(source))
		for _, key := range more {
			if _, have := values[key]; !have {
				keys = append(keys, key)
				values[key] = theirs[key]
			}
		}
	}
	return keys, values
}

func appendScalar(out []byte, n *yaml.Node) ([]byte, error) {
	var value any = n.Value
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		if err := n.Decode(&value); err != nil {
			return nil, fmt.Errorf("line %d: read %q: %s", n.Line, n.Value, reason(err))
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("line %d: %q has no form in JSON; write a finite number or text", n.Line, n.Value)
	}
	return append(out, text...), nil
}
