package awsauth

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Options are what a ConfigMap is held against.
type Options struct {
	File      string            // as findings name it
	Partition string            // of the cluster; "" if unknown
	Known     []explain.Mapping // principals that exist, by their ARNs; nil if unknown
}

// Report is what a ConfigMap says, and what is wrong with it.
type Report struct {
	File     string            `json:"file"`
	Findings []explain.Finding `json:"findings"`
	Mappings []Mapping         `json:"mappings"` // that the authenticator takes from it as it is
	Accounts []string          `json:"accounts,omitempty"`
	// Fixed is the file with everything put right that can be without guessing, as YAML; and Left the findings that
	// remain in it.
	Fixed string            `json:"-"`
	Left  []explain.Finding `json:"-"`

	written []seen // every ARN in it, as it was written
}

// Lint finds what is wrong with an aws-auth ConfigMap. The error is for a file that is none, or is no YAML.
func Lint(data []byte, o Options) (Report, error) {
	l := &linter{Options: o, file: string(data)}
	if err := l.read(data); err != nil {
		return Report{File: o.File}, err
	}
	for _, name := range sections() {
		l.original(name)
	}
	for i := 0; i+1 < len(l.data.Content); i += 2 {
		l.section(l.data.Content[i], l.data.Content[i+1])
	}
	l.together()
	r := Report{File: o.File, Findings: explain.SortFindings(l.findings), Left: explain.SortFindings(l.left), Mappings: l.mappings, Accounts: l.accounts}
	if r.Mappings == nil {
		r.Mappings = []Mapping{}
	}
	r.Fixed, r.written = l.write(), l.written
	return r, nil
}

// linter is a ConfigMap while it is being read.
type linter struct {
	Options

	file     string
	document *yaml.Node // that the ConfigMap stands in
	data     *yaml.Node // its data
	whole    bool       // it is a ConfigMap, not only mappings
	bare     string     // the section whose list the file is, if it is no more than that

	at       string // section that is being read
	lines    []int  // of the file, by those of the section's text from 0; nil if they are the same
	findings []explain.Finding
	left     []explain.Finding // those that nothing can be done about here
	seen     []seen
	written  []seen
	rewrites []func() // of sections that changed
	changed  bool     // the section that is being read
	mappings []Mapping
	accounts []string
	nodes    bool // there is a mapping for nodes
}

// seen is an entry that counts.
type seen struct {
	section, arn, path string
	line               int
	username           string
	groups             []string
	mended             bool // the ARN is not the one that was written
}

// original keeps what the authenticator takes from a section.
func (l *linter) original(name string) {
	node := strictyaml.Lookup(l.data, name)
	if node == nil || node.Kind != yaml.ScalarNode {
		return // the API server refuses it
	}
	switch name {
	case mapRoles:
		kept, _ := roles(node.Value)
		l.mappings = append(l.mappings, kept...)
	case mapUsers:
		kept, _ := users(node.Value)
		l.mappings = append(l.mappings, kept...)
	case mapAccounts:
		l.accounts, _ = accounts(node.Value)
	}
}

// line is the line of the file that a node stands on.
func (l *linter) line(node *yaml.Node) int {
	if l.lines == nil || node.Line < 1 {
		return node.Line
	}
	return l.lines[min(node.Line, len(l.lines))-1]
}

// find adds a finding that takes a decision, so nothing here puts it right.
func (l *linter) find(node *yaml.Node, severity explain.Severity, id, path, message, fix string) {
	f := explain.Finding{File: l.File, Line: l.line(node), Severity: severity, ID: id, Path: path, Message: message, Fix: fix}
	l.findings = append(l.findings, f)
	l.left = append(l.left, f)
}

// fixable adds a finding that mend puts right.
func (l *linter) fixable(node *yaml.Node, severity explain.Severity, id, path, message, fix string, mend func()) {
	l.findings = append(l.findings, explain.Finding{File: l.File, Line: l.line(node), Severity: severity, ID: id, Path: path, Message: message, Fix: fix})
	l.changed = true
	mend()
}

// section looks at a key of the data and what stands in it.
func (l *linter) section(key, node *yaml.Node) {
	l.at, l.lines, l.changed = key.Value, nil, false
	name := sectionNamed(key.Value)
	switch {
	case name == "":
		l.find(key, explain.SeverityWarning, "unknown-key", key.Value, "the authenticator does not read this key", "it reads "+strings.Join(sections(), ", "))
		return
	case name != key.Value && strictyaml.Lookup(l.data, name) != nil:
		l.find(key, explain.SeverityError, "key-case", key.Value, "the authenticator does not read this key, and "+name+" is there, too: what stands here counts for nothing", "move it into "+name)
		return
	case name != key.Value:
		wrong := key.Value
		l.fixable(key, explain.SeverityError, "key-case", wrong, "the authenticator does not read this key, so everybody in it is refused", name, func() { key.Value = name })
		if node.Kind == yaml.ScalarNode && l.bare == "" {
			l.changed = false // the text stays
		}
	}
	l.at = name
	text := l.text(key, strictyaml.Target(node))
	if text == nil {
		return
	}
	l.entries(text)
	if l.changed {
		l.rewrites = append(l.rewrites, func() { rewrite(node, text) })
	}
}

// text parses what stands in a section; nil if it is nothing, or no YAML.
func (l *linter) text(key, node *yaml.Node) *yaml.Node {
	switch {
	case l.bare != "":
		return node
	case node.Kind != yaml.ScalarNode:
		l.fixable(key, explain.SeverityError, "not-text", l.at, "is a list or mapping and not text, and the API server refuses a ConfigMap with that: the old one stays", l.at+": |", func() {})
		return node
	case node.ShortTag() == "!!null":
		return nil
	case node.ShortTag() != "!!str":
		l.fixable(key, explain.SeverityError, "not-text", l.at, "is not text, and the API server refuses a ConfigMap with that: the old one stays", "put it in quotes, or behind |", func() { setText(node, node.Value) })
		return nil
	case isEmpty(node.Value):
		return nil
	}
	l.lines = linesOf(l.file, node)
	parsed := &yaml.Node{}
	text := node.Value
	if _, problems := strictyaml.Parse(l.File, []byte(text)); len(problems) > 0 && strings.TrimSpace(text) != "" {
		parsed = l.malformed(text, problems)
	} else if yaml.Unmarshal([]byte(text), parsed) != nil {
		return nil
	}
	if parsed == nil || len(parsed.Content) == 0 {
		return nil
	}
	return parsed.Content[0]
}

// malformed reports a section that is no YAML. Tabs alone can be put right.
func (l *linter) malformed(text string, problems strictyaml.Problems) *yaml.Node {
	p := problems[0]
	at := &yaml.Node{Line: p.Line}
	message := "is not YAML, so the authenticator takes nothing from it, and everybody in it is refused: " + p.Message
	mended := &yaml.Node{}
	if strings.Contains(text, "\t") && yaml.Unmarshal([]byte(strings.ReplaceAll(text, "\t", "  ")), mended) == nil {
		l.fixable(at, explain.SeverityError, "tabs", l.at, message, "indent with spaces, not with tabs", func() {})
		return mended
	}
	if p.Message == "the file is empty" {
		return nil
	}
	fix := p.Fix
	if fix == "" {
		fix = "indent the keys of an entry alike, two blanks further than its dash"
	}
	l.find(at, explain.SeverityError, "malformed", l.at, message, fix)
	return nil
}

// entries looks at a section's list.
func (l *linter) entries(list *yaml.Node) {
	if list.Kind == yaml.ScalarNode && list.ShortTag() == "!!null" {
		return
	}
	if list.Kind != yaml.SequenceNode {
		l.find(list, explain.SeverityError, "not-a-list", l.at, "is not a list, so the authenticator takes nothing from it", `begin each entry with "- "`)
		return
	}
	for i, item := range list.Content {
		path := fmt.Sprintf("%s[%d]", l.at, i)
		switch item := strictyaml.Target(item); {
		case l.at == mapAccounts:
			l.account(item, path)
		case item.Kind == yaml.MappingNode:
			l.entry(item, path)
		default:
			l.find(item, explain.SeverityError, "not-an-entry", path, "is not a mapping with an ARN, so the authenticator leaves it out", "write "+arnKey(l.at)+", username and groups")
		}
	}
	if l.at == mapAccounts {
		return
	}
	l.duplicates()
}

// together looks at what several sections say.
func (l *linter) together() {
	l.lines = nil
	for _, user := range l.seen {
		if user.section != mapUsers {
			continue
		}
		if i := slices.IndexFunc(l.seen, func(s seen) bool { return s.section == mapRoles && strings.EqualFold(s.arn, user.arn) }); i >= 0 {
			at := &yaml.Node{Line: user.line}
			l.find(at, explain.SeverityWarning, "duplicate", user.path, fmt.Sprintf("%s stands in mapRoles, too (line %d), which is looked at first: this entry counts for nothing", user.arn, l.seen[i].line), "keep one of the two")
		}
	}
	if l.whole && !l.nodes && hasSection(l.data) {
		l.find(&yaml.Node{}, explain.SeverityWarning, "no-node-role", "", "no entry maps a node role (username system:node:{{EC2PrivateDNSName}} in system:bootstrappers and system:nodes): nodes join only if access entries map theirs", "")
	}
}
