package iam

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Policy is a parsed policy document: a role's trust policy, a principal's identity policy or a session policy. The
// zero value is no policy. A Policy does not change and may be shared.
type Policy struct {
	doc *document
}

type document struct {
	version    string
	id         string
	statements []statement
	source     string // the text that it was read from; "" if nobody will ask for it
}

type statement struct {
	sid        string
	deny       bool
	principal  *principals // nil in an identity policy
	actions    patterns
	resources  patterns // empty in a trust policy
	conditions []condition
}

// patterns is an Action, NotAction, Resource or NotResource element.
type patterns struct {
	not       bool
	list      []string
	templates []template // of the list; of actions in lower case
	fold      bool       // ignores case, as actions do; resources do not
}

// principals is a Principal or NotPrincipal element.
type principals struct {
	not       bool
	anyone    bool     // "*", or {"AWS": "*"}
	aws       []string // account IDs, ARNs and unique IDs
	service   []string
	federated []string
	canonical []string
}

// IsZero says whether there is no policy.
func (p Policy) IsZero() bool { return p.doc == nil }

// normal is the document with its elements in AWS's usual order, every list as an array, and &, < and > as they are:
// [json.Marshal] escapes them, which makes a document longer. No policy is null.
func (p Policy) normal() ([]byte, error) {
	if p.doc == nil {
		return []byte("null"), nil
	}
	out := documentJSON{Version: p.doc.version, ID: p.doc.id}
	for _, s := range p.doc.statements {
		out.Statement = append(out.Statement, s.json())
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(out)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

type documentJSON struct {
	Version   string `json:",omitempty"`
	ID        string `json:"Id,omitempty"`
	Statement []statementJSON
}

type statementJSON struct {
	Sid          string `json:",omitempty"`
	Effect       string
	Principal    any                            `json:",omitempty"`
	NotPrincipal any                            `json:",omitempty"`
	Action       []string                       `json:",omitempty"`
	NotAction    []string                       `json:",omitempty"`
	Resource     []string                       `json:",omitempty"`
	NotResource  []string                       `json:",omitempty"`
	Condition    map[string]map[string][]string `json:",omitempty"`
}

func (s statement) json() statementJSON {
	out := statementJSON{Sid: s.sid, Effect: "Allow"}
	if s.deny {
		out.Effect = "Deny"
	}
	if s.principal != nil {
		if s.principal.not {
			out.NotPrincipal = s.principal.json()
		} else {
			out.Principal = s.principal.json()
		}
	}
	if s.actions.not {
		out.NotAction = s.actions.list
	} else {
		out.Action = s.actions.list
	}
	if s.resources.not {
		out.NotResource = s.resources.list
	} else {
		out.Resource = s.resources.list
	}
	for _, c := range s.conditions {
		if out.Condition == nil {
			out.Condition = map[string]map[string][]string{}
		}
		if out.Condition[c.operator] == nil {
			out.Condition[c.operator] = map[string][]string{}
		}
		out.Condition[c.operator][c.key] = c.values
	}
	return out
}

func (ps principals) json() any {
	if ps.anyone && len(ps.aws)+len(ps.service)+len(ps.federated)+len(ps.canonical) == 0 {
		return "*"
	}
	out := map[string][]string{}
	lists := map[string][]string{"AWS": ps.aws, "Service": ps.service, "Federated": ps.federated, "CanonicalUser": ps.canonical}
	for kind, list := range lists {
		if len(list) > 0 {
			out[kind] = list
		}
	}
	if ps.anyone {
		out["AWS"] = append([]string{"*"}, ps.aws...)
	}
	return out
}

// principalARNs are the principals that the policy names by ARN: of AWS, and identity providers.
func (p Policy) principalARNs() []string {
	var out []string
	for _, s := range p.doc.statements {
		if s.principal != nil {
			out = append(append(out, s.principal.aws...), s.principal.federated...)
		}
	}
	return slices.DeleteFunc(out, func(name string) bool { return !strings.HasPrefix(name, "arn:") })
}

// MapPrincipals is the policy with every AWS principal, an ARN or a unique ID, replaced by what replace makes of it. The
// policy itself stays as it is.
func (p Policy) MapPrincipals(replace func(string) string) Policy {
	if p.doc == nil {
		return p
	}
	doc := *p.doc
	doc.statements = slices.Clone(doc.statements)
	for i, s := range doc.statements {
		if s.principal == nil {
			continue
		}
		changed := *s.principal
		changed.aws = make([]string, len(s.principal.aws))
		for j, name := range s.principal.aws {
			changed.aws[j] = replace(name)
		}
		doc.statements[i].principal = &changed
	}
	return Policy{&doc}
}

// matches says whether the element covers a value. An entry with a variable that has no value covers nothing
// (reference_policies_variables, "Policy variables with no value").
func (ps patterns) matches(value string, keys requestKeys) bool {
	like := resourceLike
	if ps.fold {
		like, value = glob, strings.ToLower(value)
	}
	found := slices.ContainsFunc(ps.templates, func(t template) bool {
		p, ok := t.expand(keys)
		return ok && like(p, value)
	})
	return found != ps.not
}
