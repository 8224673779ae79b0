package iam

import "strings"

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
