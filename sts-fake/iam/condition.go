package iam

import (
	"encoding/json"
	"slices"
	"strings"
)

// condition is one key below one operator of a Condition element. All conditions of a statement must hold.
type condition struct {
	operator string // as written: "ForAnyValue:StringLikeIfExists"
	key      string // as written: "sts:ExternalId"
	values   []string

	templates []template // of the values
	test      comparison
	set       string // "ForAllValues", "ForAnyValue" or ""
	ifExists  bool
}

// parseOperator takes an operator apart: ForAnyValue:StringLikeIfExists.
func parseOperator(written string) (condition, bool) {
	c := condition{operator: written}
	name := written
	if set, rest, ok := strings.Cut(written, ":"); ok {
		if set != "ForAllValues" && set != "ForAnyValue" {
			return c, false
		}
		c.set, name = set, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	var ok bool
	c.test, ok = operatorNamed(name)
	if c.test.null && (c.set != "" || c.ifExists) {
		return c, false
	}
	return c, ok
}

func (p *policyParser) conditions(value any, at string) []condition {
	operators, ok := value.(object)
	if !ok {
		p.problems.add(at, `must be an object: {"StringEquals": {"sts:ExternalId": "…"}}`)
		return nil
	}
	var out []condition
	for _, m := range operators {
		here := at + "." + m.key
		c, ok := parseOperator(m.key)
		if !ok {
			p.problems.add(here, "condition operator not supported: there are %s", supportedOperators)
		}
		keys, ok := m.value.(object)
		if !ok || len(keys) == 0 {
			p.problems.add(here, "must be an object of condition keys and values")
		}
		for _, key := range keys {
			c.key = key.key
			c.values, c.templates = p.conditionValues(c.test.values, key.value, here+"."+key.key)
			out = append(out, c)
		}
	}
	return out
}

func (p *policyParser) conditionValues(kind valueKind, value any, at string) ([]string, []template) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 {
		p.problems.add(at, "must have a value")
	}
	values, templates := make([]string, len(list)), make([]template, len(list))
	for i, item := range list {
		text, ok := scalar(item)
		if !ok {
			p.problems.add(at, "must be a string, a number, true or false, or a list of them")
			continue
		}
		values[i], templates[i] = text, literal(text)
		if kind.variables {
			templates[i] = p.template(text, at)
		}
		if kind.valid != nil && !templates[i].variable() && !kind.valid(text) {
			p.problems.add(at, "%q %s", text, kind.problem)
		}
	}
	return values, templates
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return boolText(v), true
	}
	return "", false
}

// holds evaluates the condition for a request.
//
// An absent key fails an operator unless the operator is negated or has IfExists; ForAllValues holds for an
// absent key and ForAnyValue does not (IAM User Guide, reference_policies_multi-value-conditions). A key with
// several values below an operator without a set prefix counts as ForAnyValue, or as ForAllValues if the
// operator is negated: inferred, AWS warns against writing that.
//
// A value of the policy whose variable has no value is like nothing, so that it does not match, and a negated operator
// holds (reference_policies_variables, "Policy variables with no value"). A value of the request that is not of the
// operator's kind, such as a number that is none, is like nothing as well, so that nobody escapes a Deny by it: inferred.
func (c condition) holds(keys requestKeys) bool {
	values := keys.get(c.key)
	if c.test.null {
		absent := boolText(len(values) == 0)
		return slices.ContainsFunc(c.values, func(value string) bool { return strings.EqualFold(value, absent) })
	}
	if len(values) == 0 {
		return c.ifExists || c.set == "ForAllValues" || c.set == "" && c.test.negated
	}
	patterns := c.expand(keys)
	one := func(value string) bool { return c.test.holds(patterns, value) }
	if c.set == "ForAllValues" || c.set == "" && c.test.negated {
		return !slices.ContainsFunc(values, func(value string) bool { return !one(value) })
	}
	return slices.ContainsFunc(values, one)
}

// expand is the policy's values, without those that have a variable without one.
func (c condition) expand(keys requestKeys) []pattern {
	var out []pattern
	for _, t := range c.templates {
		if p, ok := t.expand(keys); ok {
			out = append(out, p)
		}
	}
	return out
}

// holds tests one value of the request.
func (t comparison) holds(policy []pattern, request string) bool {
	if t.values.request != nil && !t.values.request(request) {
		return t.negated
	}
	found := slices.ContainsFunc(policy, func(p pattern) bool { return t.matches(p, request) })
	return found != t.negated
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
