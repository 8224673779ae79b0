package iam

import (
	"fmt"
	"strings"
)

// Policy language versions (IAM User Guide, reference_policies_elements_version).
const (
	version2008 = "2008-10-17" // if the document names none
	version2012 = "2012-10-17"
)

// ParsePolicy reads a policy document: Version, Id and Statement (one or a list) with Sid, Effect, Principal
// or NotPrincipal, Action or NotAction, Resource or NotResource, and Condition. Unknown elements and condition
// operators, and values that are not of their operator's kind, are errors. Documents of version 2012-10-17 may have
// policy variables in resources, and in the values of operators on strings and ARNs; in older ones "${" is text. The
// error is a [Problems] with everything that is wrong.
//
// Whether a document may be a trust policy or an identity policy is decided where it is saved
// ([Store.PutRole], [Store.PutUser]).
//
// The policy remembers its text: see [Policy.Text].
func ParsePolicy(data []byte) (Policy, error) {
	p, err := parsePolicy(data)
	if err != nil {
		return Policy{}, err
	}
	p.doc.source = string(data)
	return p, nil
}

// parsePolicy is ParsePolicy for a policy whose text nobody will ask for.
func parsePolicy(data []byte) (Policy, error) {
	tree, err := readJSON(data)
	if err != nil {
		return Policy{}, Problems{{Message: err.Error()}}
	}
	p := &policyParser{}
	doc := p.document(tree)
	if err := p.problems.err(); err != nil {
		return Policy{}, err
	}
	return Policy{&doc}, nil
}

// policyParser turns a JSON tree into a document and collects what is wrong on the way.
type policyParser struct {
	problems  Problems
	variables bool // whether the document's version has policy variables
}

func (p *policyParser) document(tree any) document {
	root, ok := tree.(object)
	if !ok {
		p.problems.add("", "a policy is a JSON object with Version and Statement")
		return document{}
	}
	doc := document{version: version2008}
	var statements any
	for _, m := range root {
		switch m.key {
		case "Version":
			doc.version = p.version(m.value)
		case "Id":
			doc.id = p.text(m.value, "Id")
		case "Statement":
			statements = m.value
		default:
			p.unknown("", m.key, "Version, Id, Statement")
		}
	}
	p.variables = doc.version == version2012 // Version may come after Statement
	doc.statements = p.statements(statements)
	return doc
}

func (p *policyParser) version(value any) string {
	version := p.text(value, "Version")
	if version != version2008 && version != version2012 {
		p.problems.add("Version", "%q is no policy version: use %q", version, version2012)
	}
	return version
}

func (p *policyParser) statements(value any) []statement {
	switch v := value.(type) {
	case object:
		return []statement{p.statement(v, "Statement")}
	case []any:
		if len(v) > 0 {
			return p.statementList(v)
		}
	}
	p.problems.add("Statement", "missing: give an object or a list of at least one")
	return nil
}

func (p *policyParser) statementList(list []any) []statement {
	var out []statement
	sids := map[string]bool{}
	for i, item := range list {
		at := fmt.Sprintf("Statement[%d]", i)
		o, ok := item.(object)
		if !ok {
			p.problems.add(at, "a statement is an object")
			continue
		}
		s := p.statement(o, at)
		if s.sid != "" && sids[s.sid] {
			p.problems.add(at+".Sid", "%q is there twice: statement IDs are unique in a policy", s.sid)
		}
		sids[s.sid] = true
		out = append(out, s)
	}
	return out
}

func (p *policyParser) statement(o object, at string) statement {
	var s statement
	has := map[string]bool{}
	for _, m := range o {
		has[m.key] = true
		p.element(&s, m, at+"."+m.key, at)
	}
	if !has["Effect"] {
		p.problems.add(at+".Effect", `missing: "Allow" or "Deny"`)
	}
	if has["Action"] == has["NotAction"] {
		p.problems.add(at, "give exactly one of Action and NotAction")
	}
	for _, element := range []string{"Principal", "Resource"} {
		if has[element] && has["Not"+element] {
			p.problems.add(at, "give %s or Not%s, not both", element, element)
		}
	}
	if has["NotPrincipal"] && !s.deny {
		p.problems.add(at+".NotPrincipal", `only with "Effect": "Deny" (IAM User Guide, reference_policies_elements_notprincipal)`)
	}
	return s
}

// element reads one element of a statement into it.
func (p *policyParser) element(s *statement, m member, at, statementAt string) {
	switch m.key {
	case "Sid":
		s.sid = p.text(m.value, at)
	case "Effect":
		effect := p.text(m.value, at)
		s.deny = effect == "Deny"
		if effect != "Allow" && effect != "Deny" {
			p.problems.add(at, `%q is neither "Allow" nor "Deny"`, effect)
		}
	case "Principal", "NotPrincipal":
		s.principal = p.principals(m.value, at)
		s.principal.not = m.key == "NotPrincipal"
	case "Action", "NotAction":
		s.actions = patterns{not: m.key == "NotAction", list: p.texts(m.value, at), fold: true}
		p.actions(&s.actions, at)
	case "Resource", "NotResource":
		s.resources = patterns{not: m.key == "NotResource", list: p.texts(m.value, at)}
		p.resources(&s.resources, at)
	case "Condition":
		s.conditions = p.conditions(m.value, at)
	default:
		p.unknown(statementAt, m.key, "Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition")
	}
}

func (p *policyParser) actions(out *patterns, at string) {
	for _, action := range out.list {
		out.templates = append(out.templates, literal(strings.ToLower(action)))
		service, name, ok := strings.Cut(action, ":")
		valid := ok && service != "" && name != "" && isActionPart(service) && isActionPart(name)
		if action != "*" && !valid {
			p.problems.add(at, `%q is no action: write "service:Name", as in "sts:AssumeRole", or "*"`, action)
		}
	}
}

func isActionPart(s string) bool {
	return onlyBytes(s, func(c byte) bool {
		return isUpperAlphanumeric(c) || 'a' <= c && c <= 'z' || c == '-' || c == '*' || c == '?'
	})
}

func (p *policyParser) resources(out *patterns, at string) {
	for _, resource := range out.list {
		if resource != "*" && !strings.HasPrefix(resource, "arn:") {
			p.problems.add(at, `%q is no resource: write an ARN or "*"`, resource)
		}
		out.templates = append(out.templates, p.template(resource, at))
		if start := strings.Index(resource, "${"); p.variables && start >= 0 && strings.Count(resource[:start], ":") < arnParts-1 {
			p.problems.add(at, `%q has a policy variable before the fifth colon: only what comes after may have one`, resource)
		}
	}
}

// template is a text with its variables, if the document's version has them.
func (p *policyParser) template(text, at string) template {
	if !p.variables {
		return literal(text)
	}
	out, err := parseTemplate(text)
	if err != nil {
		p.problems.add(at, "%q %s", text, err)
	}
	return out
}

// text is a value that must be a string.
func (p *policyParser) text(value any, at string) string {
	s, ok := value.(string)
	if !ok || s == "" {
		p.problems.add(at, "must be a string that is not empty")
	}
	return s
}

// texts is a value that must be a string or a list of them.
func (p *policyParser) texts(value any, at string) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{p.text(value, at)}
	}
	if len(list) == 0 {
		p.problems.add(at, "must not be an empty list")
	}
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = p.text(item, fmt.Sprintf("%s[%d]", at, i))
	}
	return out
}

func (p *policyParser) unknown(at, key, known string) {
	p.problems.add(at, "unknown element %q: a policy has %s (spelled like that)", key, known)
}
