package awsauth

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The keys of the ConfigMap's data that the authenticator reads. Their case counts.
const (
	mapRoles    = "mapRoles"
	mapUsers    = "mapUsers"
	mapAccounts = "mapAccounts"
)

func sections() []string { return []string{mapRoles, mapUsers, mapAccounts} }

// read finds the data in a file: a ConfigMap's, that of the ConfigMap aws-auth in a List or among several documents, or
// the data alone.
func (l *linter) read(data []byte) error {
	if _, problems := strictyaml.Parse(l.File, data); len(problems) > 0 {
		return problems
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	var candidates []*yaml.Node
	for {
		document := &yaml.Node{}
		if decoder.Decode(document) != nil {
			break
		}
		if len(document.Content) == 1 {
			candidates = append(candidates, objects(document.Content[0], document)...)
		}
	}
	for _, candidate := range candidates {
		if l.take(candidate) {
			return nil
		}
	}
	return fmt.Errorf("%s: there is no aws-auth ConfigMap in it: give it what `kubectl get -n kube-system configmap/aws-auth -o yaml` prints, or its mapRoles, mapUsers and mapAccounts", l.File)
}

// objects are the documents that a document holds: itself, or the items of a List.
func objects(root, document *yaml.Node) []*yaml.Node {
	items := strictyaml.Lookup(root, "items")
	if kind := strictyaml.Lookup(root, "kind"); kind == nil || !strings.HasSuffix(kind.Value, "List") || items == nil {
		return []*yaml.Node{document}
	}
	var all []*yaml.Node
	for _, item := range items.Content {
		all = append(all, &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{item}})
	}
	return all
}

// take takes a document if it is what is looked for.
func (l *linter) take(document *yaml.Node) bool {
	root := document.Content[0]
	if list := asSection(root); list != "" { // the list that stands in a section
		l.document = document
		l.data = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: list, Line: 1}, root}}
		l.bare = list
		return true
	}
	if root.Kind != yaml.MappingNode {
		return false
	}
	kind, data := strictyaml.Lookup(root, "kind"), strictyaml.Lookup(root, "data")
	switch {
	case kind != nil && kind.Value == "ConfigMap":
		if name := l.metadata(root, "name"); name != nil && name.Value != "aws-auth" && !hasSection(data) {
			return false
		}
		l.configMap(root, data)
	case kind == nil && hasSection(root):
		l.data = root
	case kind == nil && hasSection(data):
		l.data = data
	default:
		return false
	}
	l.document = document
	return true
}

// configMap looks at a ConfigMap around its data.
func (l *linter) configMap(root, data *yaml.Node) {
	l.whole = true
	if name := l.metadata(root, "name"); name != nil && name.Value != "aws-auth" {
		l.fixable(name, explain.SeverityError, "wrong-name", "metadata.name", fmt.Sprintf("the ConfigMap is called %q, and the authenticator reads kube-system/aws-auth alone", name.Value), "aws-auth", func() { setText(name, "aws-auth") })
	}
	if namespace := l.metadata(root, "namespace"); namespace != nil && namespace.Value != "kube-system" {
		l.fixable(namespace, explain.SeverityError, "wrong-namespace", "metadata.namespace", fmt.Sprintf("the ConfigMap is in the namespace %q, and the authenticator reads kube-system/aws-auth alone", namespace.Value), "kube-system", func() { setText(namespace, "kube-system") })
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i]; sectionNamed(key.Value) != "" {
			l.find(key, explain.SeverityError, "outside-data", key.Value, "stands beside data, not in it: the API server refuses or drops it", "indent it below data:")
		}
	}
	if data == nil || data.Kind != yaml.MappingNode {
		l.find(root, explain.SeverityError, "no-data", "data", "the ConfigMap has no data, so it maps nobody", "write mapRoles below data:")
		data = &yaml.Node{Kind: yaml.MappingNode}
	}
	l.data = data
}

func (l *linter) metadata(root *yaml.Node, name string) *yaml.Node {
	metadata := strictyaml.Lookup(root, "metadata")
	if metadata == nil {
		return nil
	}
	return strictyaml.Lookup(metadata, name)
}

// asSection tells a bare list of mappings by its first entry: which section it belongs in.
func asSection(root *yaml.Node) string {
	if root.Kind != yaml.SequenceNode || len(root.Content) == 0 {
		return ""
	}
	for _, section := range []struct{ name, key string }{{mapRoles, roleARN}, {mapUsers, userARN}} {
		if first := root.Content[0]; first.Kind == yaml.MappingNode && hasKey(first, section.key) {
			return section.name
		}
	}
	return ""
}

// hasSection reports whether a mapping has what could be meant as a section.
func hasSection(node *yaml.Node) bool {
	if node == nil || node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if sectionNamed(node.Content[i].Value) != "" {
			return true
		}
	}
	return false
}

// sectionNamed is the section that a key is, or is meant to be.
func sectionNamed(key string) string {
	for _, name := range sections() {
		if strings.EqualFold(name, strings.NewReplacer("-", "", "_", "", " ", "").Replace(key)) {
			return name
		}
	}
	return strictyaml.Nearest(key, sections())
}

func setText(node *yaml.Node, text string) {
	*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Anchor: node.Anchor, Value: text, Line: node.Line, HeadComment: node.HeadComment, LineComment: node.LineComment, FootComment: node.FootComment}
}
