package iam

import (
	"slices"
	"strings"
)

// pattern is text of a policy to match a request's text against, rune by rune. In what matches patterns at all, * stands
// for any runes and ? for any one; a rune with the quoted bit stands for itself only.
type pattern []rune

// quoted is above every Unicode code point.
const quoted rune = 1 << 24

// String is the text without quoting.
func (p pattern) String() string {
	out := make([]rune, len(p))
	for i, r := range p {
		out[i] = r &^ quoted
	}
	return string(out)
}

// glob says whether a text matches a pattern.
func glob(p pattern, value string) bool {
	text := []rune(value)
	at, t := 0, 0
	star, retry := -1, 0 // position after the last *, and the text it is tried at next
	for t < len(text) {
		switch {
		case at < len(p) && p[at] == '*':
			at++
			star, retry = at, t
		case at < len(p) && (p[at] == '?' || p[at]&^quoted == text[t]):
			at++
			t++
		case star >= 0:
			retry++
			at, t = star, retry
		default:
			return false
		}
	}
	for _, r := range p[at:] {
		if r != '*' {
			return false
		}
	}
	return true
}

// resourceLike says whether an ARN matches a pattern of a Resource element. A * that is the last character of its
// segment (the parts between colons) reaches across colons; any other stays within the segment (IAM User Guide,
// reference_policies_elements_resource, "Using wildcards in resource ARNs"). That a ? is no colon is inferred.
func resourceLike(p pattern, value string) bool {
	text := []rune(value)
	at, t := 0, 0
	var within, across retry // the last * of each kind; across comes before within
	for t < len(text) {
		switch {
		case at < len(p) && p[at] == '*':
			at++
			within = retry{at, t}
			if at == len(p) || p[at]&^quoted == ':' {
				within, across = retry{}, within
			}
		case at < len(p) && (p[at] == '?' && text[t] != ':' || p[at]&^quoted == text[t]):
			at++
			t++
		case within.at > 0 && text[within.t] != ':':
			within.t++
			at, t = within.at, within.t
		case across.at > 0:
			across.t++
			within = retry{}
			at, t = across.at, across.t
		default:
			return false
		}
	}
	return !slices.ContainsFunc(p[at:], func(r rune) bool { return r != '*' })
}

// retry is where to go on if what follows a * does not match: the place in the pattern behind the *, and the place in
// the text of what it is tried to stand for next. The zero value is none.
type retry struct{ at, t int }

// arnLike compares ARNs part by part, so that a * does not reach across a colon of the first five (IAM User
// Guide, "Amazon Resource Name (ARN) condition operators"). That colons in
// the value of a variable part as well is inferred; without it a variable could not stand for an ARN.
func arnLike(p pattern, text string) bool {
	if len(p) == 1 && p[0] == '*' {
		return true
	}
	patterns, texts := p.parts(arnParts), strings.SplitN(text, ":", arnParts)
	if len(patterns) != arnParts || len(texts) != arnParts {
		return false
	}
	for i := range patterns {
		if !glob(patterns[i], texts[i]) {
			return false
		}
	}
	return true
}

const arnParts = 6

// parts splits a pattern at its colons, as [strings.SplitN] does.
func (p pattern) parts(n int) []pattern {
	var out []pattern
	start := 0
	for i, r := range p {
		if r&^quoted == ':' && len(out) < n-1 {
			out = append(out, p[start:i])
			start = i + 1
		}
	}
	return append(out, p[start:])
}
