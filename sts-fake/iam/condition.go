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

	test     comparison
	set      string // "ForAllValues", "ForAnyValue" or ""
	ifExists bool
}

// comparison is what an operator does with one value of the policy and one of the request.
type comparison struct {
	matches func(policy, request string) bool
	negated bool // holds if no value matches
	null    bool // asks whether the key is absent
}

// supportedOperators is for error messages.
const supportedOperators = "StringEquals, StringNotEquals, StringEqualsIgnoreCase, StringNotEqualsIgnoreCase, StringLike, StringNotLike, " +
	"ArnEquals, ArnLike, ArnNotEquals, ArnNotLike, Bool, Null, each but Null with IfExists, " +
	"each but Null with ForAllValues: or ForAnyValue:"

// operatorNamed finds an operator without prefix and suffix. ArnEquals compares as ArnLike does (IAM User
// Guide, "Amazon Resource Name (ARN) condition operators").
func operatorNamed(name string) (comparison, bool) {
	equal := func(policy, request string) bool { return policy == request }
	switch name {
	case "StringEquals":
		return comparison{matches: equal}, true
	case "StringNotEquals":
		return comparison{matches: equal, negated: true}, true
	case "StringEqualsIgnoreCase", "Bool":
		return comparison{matches: strings.EqualFold}, true
	case "StringNotEqualsIgnoreCase":
		return comparison{matches: strings.EqualFold, negated: true}, true
	case "StringLike":
		return comparison{matches: glob}, true
	case "StringNotLike":
		return comparison{matches: glob, negated: true}, true
	case "ArnEquals", "ArnLike":
		return comparison{matches: arnLike}, true
	case "ArnNotEquals", "ArnNotLike":
		return comparison{matches: arnLike, negated: true}, true
	case "Null":
		return comparison{null: true}, true
	}
	return comparison{}, false
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
			c.key, c.values = key.key, p.conditionValues(c.test, key.value, here+"."+key.key, m.key)
			out = append(out, c)
		}
	}
	return out
}

func (p *policyParser) conditionValues(test comparison, value any, at, operator string) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 {
		p.problems.add(at, "must have a value")
	}
	boolean := test.null || strings.Contains(operator, "Bool")
	arn := strings.Contains(operator, "Arn")
	out := make([]string, len(list))
	for i, item := range list {
		text, ok := scalar(item)
		out[i] = text
		p.variable(text, at)
		switch {
		case !ok:
			p.problems.add(at, "must be a string, a number, true or false, or a list of them")
		case boolean && !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false"):
			p.problems.add(at, "%q is neither true nor false", text)
		case arn && text != "*" && strings.Count(text, ":") < 5:
			p.problems.add(at, "%q is no ARN: it has six parts between colons", text)
		}
	}
	return out
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// holds evaluates the condition for the values that the request has for the key (none: the key is absent).
//
// An absent key fails an operator unless the operator is negated or has IfExists; ForAllValues holds for an
// absent key and ForAnyValue does not (IAM User Guide, reference_policies_multi-value-conditions). A key with
// several values below an operator without a set prefix counts as ForAnyValue, or as ForAllValues if the
// operator is negated: inferred, AWS warns against writing that.
func (c condition) holds(values []string) bool {
	if c.test.null {
		absent := boolText(len(values) == 0)
		return slices.ContainsFunc(c.values, func(value string) bool { return strings.EqualFold(value, absent) })
	}
	if len(values) == 0 {
		return c.ifExists || c.set == "ForAllValues" || c.set == "" && c.test.negated
	}
	one := func(value string) bool {
		found := slices.ContainsFunc(c.values, func(pattern string) bool { return c.test.matches(pattern, value) })
		return found != c.test.negated
	}
	if c.set == "ForAllValues" || c.set == "" && c.test.negated {
		return !slices.ContainsFunc(values, func(value string) bool { return !one(value) })
	}
	return slices.ContainsFunc(values, one)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
