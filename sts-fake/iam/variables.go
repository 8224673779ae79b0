package iam

import (
	"errors"
	"slices"
	"strings"
)

// template is a text of a policy with its policy variables (IAM User Guide, reference_policies_variables):
// ${aws:username}; ${aws:PrincipalTag/team, 'none'} with a default; ${*}, ${?} and ${$} for these characters.
type template []piece

// piece is text, or a variable.
type piece struct {
	text       pattern // of a variable: its default
	key        string  // of a variable: the condition key
	hasDefault bool
}

var (
	errOpenVariable = errors.New(`has "${" without "}"`)
	errNoVariable   = errors.New(`has a policy variable that names no condition key: write "${aws:username}", "${aws:PrincipalTag/team, 'default'}", "${*}", "${?}" or "${$}"`)
)

// literal is a text without variables.
func literal(text string) template { return template{{text: pattern(text)}} }

// parseTemplate finds the variables in a text of a policy of version 2012-10-17. Older ones have none.
func parseTemplate(text string) (template, error) {
	var out template
	for {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			out = append(out, piece{text: pattern(before)})
		}
		if !found {
			return out, nil
		}
		variable, after, err := parseVariable(rest)
		if err != nil {
			return nil, err
		}
		out, text = append(out, variable), after
	}
}

// parseVariable reads a variable behind its "${", and returns what comes after it.
func parseVariable(text string) (variable piece, after string, err error) {
	end := strings.IndexAny(text, ",}")
	if end < 0 {
		return piece{}, "", errOpenVariable
	}
	name := text[:end]
	if text[end] == '}' {
		if name == "*" || name == "?" || name == "$" {
			return piece{text: quote(name)}, text[end+1:], nil
		}
		return piece{key: name}, text[end+1:], checkVariable(name)
	}
	value, ok := strings.CutPrefix(strings.TrimLeft(text[end+1:], " "), "'")
	if !ok {
		return piece{}, "", errNoVariable
	}
	value, rest, ok := strings.Cut(value, "'")
	if !ok {
		return piece{}, "", errOpenVariable
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), "}")
	if !ok {
		return piece{}, "", errOpenVariable
	}
	return piece{key: name, text: quote(value), hasDefault: true}, rest, checkVariable(name)
}

// checkVariable holds that a condition key has a prefix: "aws:username". That IAM wants one here is inferred.
func checkVariable(key string) error {
	if prefix, name, ok := strings.Cut(key, ":"); !ok || prefix == "" || name == "" {
		return errNoVariable
	}
	return nil
}

// quote is a text in which nothing is a wildcard. That wildcards in the value of a variable are none is not
// documented: anything else would let whoever chooses a tag choose what a policy matches.
func quote(text string) pattern {
	out := pattern(text)
	for i := range out {
		out[i] |= quoted
	}
	return out
}

// variable says whether the template has a variable, as opposed to text.
func (t template) variable() bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.key != "" })
}

// expand puts in the values of the variables. It returns false if one has no value and no default, which is like
// nothing (section "Policy variables with no value"), or has several, which is not documented but for the advice not
// to do that.
func (t template) expand(keys requestKeys) (pattern, bool) {
	if len(t) == 1 && t[0].key == "" {
		return t[0].text, true
	}
	var out pattern
	for _, p := range t {
		values := keys.get(p.key)
		switch {
		case p.key != "" && len(values) == 1:
			out = append(out, quote(values[0])...)
		case p.key != "" && (len(values) > 1 || !p.hasDefault):
			return nil, false
		default:
			out = append(out, p.text...)
		}
	}
	return out, true
}
