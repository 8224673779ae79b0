package awsauth

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// duplicates looks for ARNs that several entries of a section have. In mapRoles the last one counts, whatever the case of
// its letters; in mapUsers, where only the same case is the same key, chance decides between the others (saveMap and
// UserMapping in pkg/mapper/configmap). A finding stands at the entry that counts for nothing.
func (l *linter) duplicates() {
	mine := slices.DeleteFunc(slices.Clone(l.seen), func(s seen) bool { return s.section != l.at })
	for i, first := range mine {
		later := slices.IndexFunc(mine[i+1:], func(s seen) bool { return strings.EqualFold(s.arn, first.arn) })
		if later < 0 {
			continue
		}
		last := mine[i+1+later]
		if first.mended || last.mended {
			l.find(&yaml.Node{Line: l.textLine(first.line)}, explain.SeverityError, "duplicate", first.path, fmt.Sprintf("once the ARNs are put right, %s stands here and on line %d: the last one counts, and username and groups are not merged", first.arn, last.line), "keep one of the two")
			continue
		}
		at := &yaml.Node{Line: l.textLine(first.line)}
		switch {
		case l.at == mapUsers && last.arn != first.arn:
			l.find(at, explain.SeverityError, "ambiguous", first.path, fmt.Sprintf("%s stands on line %d again with other capitals: which one counts is chance", first.arn, last.line), "keep one of the two")
		case first.username == last.username && slices.Equal(first.groups, last.groups):
			l.find(at, explain.SeverityWarning, "duplicate", first.path, fmt.Sprintf("%s stands on line %d again, with the same username and groups", first.arn, last.line), "keep one of the two")
		default:
			l.find(at, explain.SeverityError, "duplicate", first.path, fmt.Sprintf("%s stands on line %d again, and the last one counts: username %q and groups %v of this one do not, and are not merged", first.arn, last.line, first.username, first.groups), "merge the two")
		}
	}
}

// textLine is the line of a section's text on which a line of the file is.
func (l *linter) textLine(line int) int {
	if l.lines == nil {
		return line
	}
	return slices.Index(l.lines, line) + 1
}

// rewrite puts a section that was mended in the place of its text, as a block scalar.
func rewrite(node, list *yaml.Node) {
	if node.Kind != yaml.ScalarNode {
		return // write does it
	}
	text := encode(list)
	*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: text, HeadComment: node.HeadComment, FootComment: node.FootComment}
}

// write is the file as it should be.
func (l *linter) write() string {
	if len(l.findings) == len(l.left) {
		return l.file // as it was, with every comment and blank
	}
	if l.bare != "" {
		return encode(l.document)
	}
	for i := 0; i+1 < len(l.data.Content); i += 2 {
		if value := l.data.Content[i+1]; value.Kind != yaml.ScalarNode && sectionNamed(l.data.Content[i].Value) != "" {
			text := encode(strictyaml.Target(value))
			l.data.Content[i+1] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: text}
		}
	}
	for _, rewrite := range l.rewrites {
		rewrite()
	}
	return encode(blockStyle(l.document))
}

// blockStyle lets a file that was JSON be written as YAML.
func blockStyle(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode {
		node.Style &^= yaml.FlowStyle
	}
	for i, child := range node.Content {
		if i%2 == 0 && node.Kind == yaml.MappingNode {
			child.Style &^= yaml.DoubleQuotedStyle
		}
		blockStyle(child)
	}
	return node
}

// encode writes a node as YAML. What was parsed can be written.
func encode(node *yaml.Node) string {
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return ""
	}
	return out.String()
}
