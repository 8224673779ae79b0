package awsauth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// What nodes are called and belong to (EKS User Guide, "Add IAM principals to your ConfigMap"; aws-auth-cm.yaml).
const (
	nodeTemplate   = "{{EC2PrivateDNSName}}"
	nodePrefix     = "system:node:"
	nodeGroup      = "system:nodes"
	bootstrapGroup = "system:bootstrappers"
	mastersGroup   = "system:masters"
)

// templates are those that the authenticator fills in (renderTemplate in pkg/server/server.go).
func templates() []string {
	return []string{nodeTemplate, "{{AccountID}}", "{{SessionName}}", "{{SessionNameRaw}}", "{{AccessKeyID}}"}
}

// template finds what looks like a template.
var template = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// usernameOf looks at the username of an entry, and at the groups that go with it.
func (l *linter) usernameOf(entry *yaml.Node, f fields, path string) {
	node, name := f[username], f.text(username)
	at := path + ".username"
	switch {
	case node != nil && (node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" && node.ShortTag() != "!!null"):
		text := node.Value
		if node.Kind == yaml.ScalarNode {
			l.fixable(node, explain.SeverityWarning, "username-not-text", at, "is not text, so the authenticator takes it for empty", fmt.Sprintf("%q", text), func() {
				setText(node, text)
				node.Style = yaml.DoubleQuotedStyle
			})
		}
	case name == "":
		l.find(or(node, entry), explain.SeverityWarning, "no-username", path, "has no username: its holders are known to Kubernetes by an empty name", "add username")
	}
	for _, found := range template.FindAllString(name, -1) {
		l.template(node, at, found)
	}
	if l.at == mapRoles {
		l.node(or(node, entry), entry, f, path)
	}
	l.masters(f, path)
}

func or(node, otherwise *yaml.Node) *yaml.Node {
	if node != nil {
		return node
	}
	return otherwise
}

// template looks at one template in a username.
func (l *linter) template(node *yaml.Node, path, found string) {
	switch {
	case !slices.Contains(templates(), found):
		meant := strictyaml.Nearest(strings.NewReplacer(" ", "", ".", "").Replace(found), templates())
		if meant == "" {
			l.find(node, explain.SeverityWarning, "template", path, "the authenticator does not know the template "+found+" and leaves it as it is", "it knows "+strings.Join(templates(), ", "))
			return
		}
		l.fixable(node, explain.SeverityWarning, "template", path, "the authenticator does not know the template "+found+" and leaves it as it is", meant, func() { setText(node, strings.ReplaceAll(node.Value, found, meant)) })
	case l.at == mapUsers && found == nodeTemplate:
		l.find(node, explain.SeverityError, "node-template", path, nodeTemplate+" needs the session of an EC2 instance, which a user does not have: the authenticator refuses", "write a name")
	case l.at == mapUsers && strings.HasPrefix(found, "{{Session"):
		l.find(node, explain.SeverityWarning, "session-template", path, "a user has no session, so "+found+" is empty", "write a name")
	}
}

// node looks at what is for nodes, or looks like it: username and both groups belong together.
func (l *linter) node(at, entry *yaml.Node, f fields, path string) {
	name, names := f.text(username), f.names()
	isNode, inNodes := strings.HasPrefix(name, nodePrefix), slices.Contains(names, nodeGroup)
	l.nodes = l.nodes || isNode && inNodes
	switch {
	case isNode && !(inNodes && slices.Contains(names, bootstrapGroup)):
		l.nodeGroups(at, entry, f, path)
	case inNodes && !isNode:
		l.find(at, explain.SeverityError, "node-username", path+".username", "the Node authorizer knows nodes by the username "+nodePrefix+"NAME, so these cannot join", nodePrefix+nodeTemplate)
	case strings.Contains(name, nodeTemplate) && !inNodes:
		l.find(at, explain.SeverityError, "node-template", path+".username", nodeTemplate+" needs a session name that is an EC2 instance's ID, which people do not have: the authenticator refuses them", "use {{SessionName}} for people")
	}
}

// nodeGroups has the entry of nodes get the groups that it lacks.
func (l *linter) nodeGroups(at, entry *yaml.Node, f fields, path string) {
	list, names := f[groups], f.names()
	missing := slices.DeleteFunc([]string{bootstrapGroup, nodeGroup}, func(g string) bool { return slices.Contains(names, g) })
	all := append(slices.Clone(names), missing...)
	without := "nodes cannot join without " + strings.Join(missing, " and ")
	switch {
	case list == nil:
		l.find(at, explain.SeverityError, "node-groups", path, "nodes cannot join without the groups "+strings.Join(missing, " and "), "add groups: ["+strings.Join(missing, ", ")+"]")
	case list.Anchor != "" || entry.Anchor != "" || list.Line < entry.Line: // another entry has the list, too, by an alias or a merge
		l.find(at, explain.SeverityError, "node-groups", path+".groups", without, "give this entry a list of its own: groups: ["+strings.Join(all, ", ")+"]")
	default:
		l.fixable(at, explain.SeverityError, "node-groups", path+".groups", without, "["+strings.Join(all, ", ")+"]", func() { setList(list, all) })
	}
}

// masters points out who may do everything. EKS's own advice is to have no standing administrators in aws-auth
// (EKS best practices, "Make the cluster endpoint private" and "Use least privileged access"); nothing refuses it.
func (l *linter) masters(f fields, path string) {
	list := f[groups]
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for i, item := range list.Content {
		if item = strictyaml.Target(item); item.Value == mastersGroup {
			l.find(item, explain.SeverityWarning, "masters", fmt.Sprintf("%s.groups[%d]", path, i), mastersGroup+" may do everything, and RBAC cannot take any of it away", "use a group of your own with a role binding, or an access entry with a policy")
		}
	}
}
