package awsauth

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The keys of an entry, which count in any case.
const (
	roleARN  = "rolearn"
	userARN  = "userarn"
	username = "username"
	groups   = "groups"
	ssoKey   = "sso"
	userID   = "userid"
)

// arnKey is the key of the ARN in the entries of a section.
func arnKey(section string) string {
	if section == mapUsers {
		return userARN
	}
	return roleARN
}

// fields are the values of an entry, by their keys in lower case.
type fields map[string]*yaml.Node

// hasKey reports whether a mapping has a key in any case.
func hasKey(entry *yaml.Node, key string) bool {
	return slices.ContainsFunc(pairs(entry), func(p pair) bool { return strings.EqualFold(p.key.Value, key) })
}

// entry looks at one mapping of an ARN.
func (l *linter) entry(node *yaml.Node, path string) {
	f := l.fields(node, path)
	l.groupsOf(f, path)
	l.arnOf(node, f, path)
	l.usernameOf(node, f, path)
}

// fields finds the values of an entry, and says which keys are none.
func (l *linter) fields(node *yaml.Node, path string) fields {
	f := fields{}
	known := []string{arnKey(l.at), username, groups, userID}
	if l.at == mapRoles {
		known = append(known, ssoKey)
	}
	for _, p := range pairs(node) {
		key, value := p.key, p.value
		lower := strings.ToLower(key.Value)
		at := path + "." + key.Value
		if slices.Contains(known, lower) {
			if f[lower] != nil {
				l.find(key, explain.SeverityWarning, "duplicate-key", at, "is given twice in this entry: the last one counts", "keep one of the two")
			}
			f[lower] = value
			continue
		}
		meant := meantKey(lower, known, node)
		if meant == "" {
			l.find(key, explain.SeverityWarning, "unknown-field", at, "the authenticator does not know this key and ignores it", "it knows "+strings.Join(known, ", "))
			continue
		}
		l.fixable(key, explain.SeverityError, "unknown-field", at, "the authenticator does not know this key and ignores it", meant, func() { key.Value = meant })
		f[meant] = value
	}
	return f
}

// meantKey is the key that somebody meant by another one, if the entry does not have that already.
func meantKey(lower string, known []string, node *yaml.Node) string {
	meant := strictyaml.Nearest(strings.NewReplacer("_", "", "-", "").Replace(lower), known)
	if lower == roleARN || lower == userARN || lower == "arn" {
		meant = known[0]
	}
	if meant == "" || hasKey(node, meant) {
		return ""
	}
	return meant
}

// groupsOf looks at the form of an entry's groups.
func (l *linter) groupsOf(f fields, path string) {
	node := f[groups]
	path += ".groups"
	switch {
	case node == nil || node.ShortTag() == "!!null":
		return
	case node.Kind == yaml.ScalarNode:
		names := splitGroups(node.Value)
		l.fixable(node, explain.SeverityError, "groups-not-a-list", path, "is text and not a list, so the authenticator gives no groups", "["+strings.Join(names, ", ")+"]", func() { setList(node, names) })
		return
	case node.Kind != yaml.SequenceNode:
		l.find(node, explain.SeverityError, "groups-not-a-list", path, "is not a list, so the authenticator gives no groups", "write a list of names")
		return
	}
	var items []*yaml.Node
	for i, item := range node.Content {
		items = append(items, l.group(strictyaml.Target(item), fmt.Sprintf("%s[%d]", path, i))...)
	}
	node.Content = items
}

// group looks at an item of an entry's groups, and returns what it should be.
func (l *linter) group(item *yaml.Node, path string) []*yaml.Node {
	switch {
	case item.Kind != yaml.ScalarNode:
		l.find(item, explain.SeverityError, "group-not-text", path, "is not text, so the authenticator makes no group of it", "write a name")
	case item.ShortTag() != "!!str":
		text := item.Value
		l.fixable(item, explain.SeverityError, "group-not-text", path, "is not text but "+item.ShortTag()[2:]+", so the authenticator makes no group of it", fmt.Sprintf("%q", text), func() {
			setText(item, text)
			item.Style = yaml.DoubleQuotedStyle
		})
	case len(splitGroups(item.Value)) > 1:
		names := splitGroups(item.Value)
		l.fixable(item, explain.SeverityError, "indentation", path, fmt.Sprintf("is one group of the odd name %q: the next item is indented further than the first", item.Value), "["+strings.Join(names, ", ")+"]", func() { setList(item, names) })
		return item.Content
	}
	return []*yaml.Node{item}
}

// splitGroups are the names in a text that was meant as several items: "a - b", "a, b".
func splitGroups(text string) []string {
	var names []string
	for _, part := range strings.Split(strings.NewReplacer(" - ", "\n", ",", "\n").Replace(strings.TrimPrefix(text, "- ")), "\n") {
		if part = strings.TrimSpace(part); part != "" {
			names = append(names, part)
		}
	}
	return names
}

// setList makes a list of names of a node.
func setList(node *yaml.Node, names []string) {
	*node = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Anchor: node.Anchor, Line: node.Line, HeadComment: node.HeadComment, LineComment: node.LineComment, FootComment: node.FootComment}
	for _, name := range names {
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Line: node.Line})
	}
}

// names are the groups of an entry.
func (f fields) names() []string {
	var names []string
	if list := f[groups]; list != nil && list.Kind == yaml.SequenceNode {
		for _, item := range list.Content {
			names = append(names, strictyaml.Target(item).Value)
		}
	}
	return names
}

// text is a value of an entry; "" if it has none.
func (f fields) text(key string) string {
	if node := f[key]; node != nil && node.Kind == yaml.ScalarNode && node.ShortTag() != "!!null" {
		return node.Value
	}
	return ""
}

// account looks at an item of mapAccounts.
func (l *linter) account(item *yaml.Node, path string) {
	if item.Kind != yaml.ScalarNode || !isAccount(item.Value) {
		l.find(item, explain.SeverityError, "account", path, "is no account ID, so it lets nobody in", "write the 12 digits of the account")
	}
}

// isAccount reports whether a text is an AWS account ID.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}
