package iam

import (
	"bytes"
	"encoding/json"
)

// Text is the document as it was written, as IAM gives policies back: with its spaces, the order of its elements, and
// single values that are no lists (recorded by localstack from AWS in 2026,
// tests/aws/services/iam/test_iam_roles.snapshot.json). "" is no policy.
//
// The trust policy of a role in the store may name other principals than it was written with, because they were
// renamed or deleted: it then has the same elements, without spaces. That IAM leaves out the spaces there is
// inferred.
func (p Policy) Text() string {
	switch {
	case p.doc == nil:
		return ""
	case p.doc.source == "":
		text, err := p.normal()
		if err != nil { // it is made of texts, which always encode
			return ""
		}
		return string(text)
	}
	tree, err := readJSON([]byte(p.doc.source))
	if err != nil { // it was read before
		return p.doc.source
	}
	r := renaming{names: p.awsPrincipals()}
	tree = r.document(tree)
	if !r.changed {
		return p.doc.source
	}
	return string(appendJSON(nil, tree))
}

// MarshalJSON writes [Policy.Text] as a text within the JSON, whose spaces stay what they are. No policy is null.
func (p Policy) MarshalJSON() ([]byte, error) {
	if p.doc == nil {
		return []byte("null"), nil
	}
	return json.Marshal(p.Text())
}

// UnmarshalJSON reads what [Policy.MarshalJSON] writes, or a document that stands in the JSON as it is.
func (p *Policy) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*p = Policy{}
		return nil
	}
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		data = []byte(text)
	}
	parsed, err := ParsePolicy(data)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// awsPrincipals are the principals below AWS of all statements, in the order of the text; "*" is not among them.
func (p Policy) awsPrincipals() []string {
	var out []string
	for _, s := range p.doc.statements {
		if s.principal != nil {
			out = append(out, s.principal.aws...)
		}
	}
	return out
}

// renaming puts other names in the place of a document's principals below AWS.
type renaming struct {
	names   []string // for the principals that are still to come, in their order
	changed bool
}

func (r *renaming) document(tree any) any {
	return mapMembers(tree, func(m member) any {
		if m.key != "Statement" {
			return m.value
		}
		return mapElements(m.value, func(statement any) any { return mapMembers(statement, r.element) })
	})
}

func (r *renaming) element(m member) any {
	if m.key != "Principal" && m.key != "NotPrincipal" {
		return m.value
	}
	return mapMembers(m.value, func(m member) any {
		if m.key != "AWS" {
			return m.value
		}
		return mapElements(m.value, r.name)
	})
}

func (r *renaming) name(was any) any {
	if was == "*" || len(r.names) == 0 {
		return was
	}
	name := r.names[0]
	r.names = r.names[1:]
	r.changed = r.changed || was != name
	return name
}

// mapMembers is an object with every value replaced by what replace makes of it. Anything else stays as it is.
func mapMembers(value any, replace func(member) any) any {
	o, ok := value.(object)
	if !ok {
		return value
	}
	out := make(object, len(o))
	for i, m := range o {
		out[i] = member{m.key, replace(m)}
	}
	return out
}

// mapElements is the same for a list, or for the one value that stands in place of a list.
func mapElements(value any, replace func(any) any) any {
	list, ok := value.([]any)
	if !ok {
		return replace(value)
	}
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = replace(v)
	}
	return out
}

// appendJSON writes what [readJSON] reads.
func appendJSON(buf []byte, value any) []byte {
	switch v := value.(type) {
	case object:
		buf = append(buf, '{')
		for i, m := range v {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = append(appendString(buf, m.key), ':')
			buf = appendJSON(buf, m.value)
		}
		return append(buf, '}')
	case []any:
		buf = append(buf, '[')
		for i, element := range v {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = appendJSON(buf, element)
		}
		return append(buf, ']')
	case string:
		return appendString(buf, v)
	case json.Number:
		return append(buf, v...)
	case bool:
		if v {
			return append(buf, "true"...)
		}
		return append(buf, "false"...)
	}
	return append(buf, "null"...)
}

func appendString(buf []byte, text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes
	return append(buf, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
