package kubeconfigs

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// text is the scalar that a mapping has for a key; "" if there is none.
func text(node *yaml.Node, key string) string {
	found := strictyaml.Lookup(node, key)
	if found == nil || found.Kind != yaml.ScalarNode || found.ShortTag() == "!!null" {
		return ""
	}
	return found.Value
}

// items are those of the list that a mapping has for a key.
func items(node *yaml.Node, key string) []*yaml.Node {
	list := strictyaml.Lookup(node, key)
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	var all []*yaml.Node
	for _, item := range list.Content {
		all = append(all, strictyaml.Target(item))
	}
	return all
}

// named is the item of a list that has a name.
func named(root *yaml.Node, list, name string) *yaml.Node {
	for _, item := range items(root, list) {
		if text(item, "name") == name && name != "" {
			return item
		}
	}
	return nil
}

func namesIn(root *yaml.Node, list string) []string {
	var names []string
	for _, item := range items(root, list) {
		if name := text(item, "name"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// texts are the scalars in a list.
func texts(node *yaml.Node, key string) []string {
	var all []string
	for _, item := range items(node, key) {
		all = append(all, item.Value)
	}
	return all
}

func contains(list []string, text string) bool { return slices.Contains(list, text) }
