package awsauth

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// arnOf looks at the ARN of an entry, and keeps the entry if it counts.
func (l *linter) arnOf(entry *yaml.Node, f fields, path string) {
	key := arnKey(l.at)
	node := f[key]
	if f[ssoKey] != nil {
		if node != nil {
			l.find(node, explain.SeverityError, "arn-and-sso", path, "has both "+key+" and sso, so the authenticator leaves the entry out", "keep one of the two")
			return
		}
		// Whether EKS has the feature gate SSORoleMatch on is not known: spec/eks.md §2.5 [?].
		l.find(f[ssoKey], explain.SeverityWarning, "sso-matcher", path+".sso", "matches nobody unless the authenticator runs with the feature gate SSORoleMatch, which EKS is not known to do", "map the role by its ARN without path")
		return
	}
	if node == nil || f.text(key) == "" {
		at := entry
		if node != nil {
			at = node
		}
		l.find(at, explain.SeverityError, "no-arn", path, "has no "+key+", so the authenticator leaves the entry out", "add "+key)
		return
	}
	if node.ShortTag() != "!!str" {
		l.find(node, explain.SeverityError, "arn-form", path+"."+key, "is not text, so the authenticator leaves the entry out", "write an ARN")
		return
	}
	written := node.Value
	l.written = append(l.written, seen{section: l.at, arn: written})
	l.arn(node, path+"."+key)
	place := node
	if node.Line < entry.Line { // it stands in a mapping that the entry merges
		place = entry
	}
	l.seen = append(l.seen, seen{section: l.at, arn: node.Value, path: path, line: l.line(place), username: f.text(username), groups: f.names(), mended: node.Value != written})
}

// arn looks at an ARN, and puts right what can be: blanks first, then the path or session, which the same ARN may have.
func (l *linter) arn(node *yaml.Node, path string) {
	if text := strings.TrimSpace(node.Value); text != node.Value {
		l.fixable(node, explain.SeverityError, "blanks", path, "has blanks around it, so it matches nobody", text, func() { setText(node, text) })
	}
	text := node.Value
	parts := strings.SplitN(text, ":", 6)
	switch {
	case strings.ContainsAny(text, "*?"):
		l.find(node, explain.SeverityError, "wildcard", path, "has a wildcard, and the authenticator compares ARNs as they stand: it matches nobody", "map every role by its own ARN")
		return
	case len(parts) != 6 || parts[0] != "arn":
		l.find(node, explain.SeverityError, "arn-form", path, fmt.Sprintf("%q is not an ARN, so it matches nobody", text), "write it like arn:aws:iam::111122223333:role/NAME")
		return
	case !isAccount(parts[4]):
		l.find(node, explain.SeverityError, "account", path, fmt.Sprintf("%q is no account ID, so it matches nobody", parts[4]), "write the 12 digits of the account")
		return
	}
	if _, known := iam.PartitionByID(parts[1]); !known {
		l.find(node, explain.SeverityError, "partition", path, fmt.Sprintf("there is no partition %q, so it matches nobody", parts[1]), "write arn:aws:…, arn:aws-cn:… or arn:aws-us-gov:…")
		return
	}
	if l.Partition != "" && parts[1] != l.Partition {
		l.find(node, explain.SeverityError, "partition", path, fmt.Sprintf("is of the partition %s, and the cluster is in %s: partitions share no accounts, so it matches nobody", parts[1], l.Partition), "use an ARN of the cluster's partition")
	}
	if parts[3] != "" {
		fixed := strings.Join([]string{parts[0], parts[1], parts[2], "", parts[4], parts[5]}, ":")
		l.fixable(node, explain.SeverityError, "region", path, "has a region, which ARNs of IAM do not have, so it matches nobody", fixed, func() { setText(node, fixed) })
	}
	l.resource(node, path, parts)
	l.exists(node, path)
}

// resource looks at what an ARN is of.
func (l *linter) resource(node *yaml.Node, path string, parts []string) {
	resource := strings.Split(parts[5], "/")
	last := resource[len(resource)-1]
	role := "arn:" + parts[1] + ":iam::" + parts[4] + ":role/"
	kind := parts[2] + ":" + resource[0]
	switch {
	case kind == "sts:assumed-role" && len(resource) > 2:
		fixed := role + resource[len(resource)-2]
		l.fixable(node, explain.SeverityError, "session-arn", path, "is the ARN of a session, and the authenticator looks for the role's: it matches nobody", fixed, func() { setText(node, fixed) })
	case kind == "iam:role" && strings.HasPrefix(parts[5], "role/aws-reserved/sso.amazonaws.com/"):
		fixed := role + last
		l.fixable(node, explain.SeverityError, "sso-path", path, "has the path of an IAM Identity Center role, and STS reports its sessions without: it matches nobody", fixed, func() { setText(node, fixed) })
	case kind == "iam:role" && len(resource) > 2:
		fixed := role + last
		l.fixable(node, explain.SeverityError, "role-path", path, "has a path, and STS reports sessions of a role without: it matches nobody", fixed, func() { setText(node, fixed) })
	case kind == "iam:role" && len(resource) == 2 && last != "" && l.at == mapUsers:
		l.find(node, explain.SeverityWarning, "wrong-section", path, "is a role in mapUsers, which works, but is not where people look for it", "move it to mapRoles, as rolearn")
	case kind == "iam:user" && len(resource) > 1 && last != "":
		if l.at == mapRoles {
			l.find(node, explain.SeverityWarning, "wrong-section", path, "is a user in mapRoles, which works, but is not where people look for it", "move it to mapUsers, as userarn")
		}
	case kind == "iam:root" && len(resource) == 1:
		l.find(node, explain.SeverityWarning, "root", path, "is the root user alone, not everybody in the account", "map the roles and users themselves, or list the account in mapAccounts")
	case kind == "iam:role" && len(resource) == 2 && last != "", kind == "sts:federated-user" && len(resource) > 1:
	default:
		l.find(node, explain.SeverityError, "arn-kind", path, notAPrincipal(kind), "map a role (arn:aws:iam::111122223333:role/NAME) or a user")
	}
}

// notAPrincipal says why ARNs of a kind match nobody.
func notAPrincipal(kind string) string {
	switch kind {
	case "iam:instance-profile":
		return "is an instance profile, and EC2 instances call as the role in it: it matches nobody"
	case "iam:group":
		return "is an IAM group, and nobody calls as one: it matches nobody"
	case "iam:policy":
		return "is a policy, and nobody calls as one: it matches nobody"
	}
	return "is neither a role nor a user, so it matches nobody"
}

// exists looks an ARN up among the principals that are known to exist.
func (l *linter) exists(node *yaml.Node, path string) {
	if l.Known == nil {
		return
	}
	for _, known := range l.Known {
		if strings.EqualFold(withoutPath(known.ARN), node.Value) {
			return
		}
	}
	message, fix := "the running environment has no such principal", "create it, or correct the ARN"
	stripped := make([]explain.Mapping, 0, len(l.Known))
	for _, known := range l.Known {
		known.ARN = withoutPath(known.ARN)
		stripped = append(stripped, known)
	}
	if near, found := explain.Closest(node.Value, stripped); found {
		message += "; " + near.String()
		fix = near.ARN
	}
	l.find(node, explain.SeverityWarning, "unknown-principal", path, message, fix)
}

// withoutPath is a principal's ARN as the authenticator sees it: of a role, without its path.
func withoutPath(arn string) string {
	before, after, found := strings.Cut(arn, ":role/")
	if !found {
		return arn
	}
	return before + ":role/" + after[strings.LastIndexByte(after, '/')+1:]
}
