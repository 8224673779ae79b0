package iam

import "strings"

// glob says whether a value matches a pattern in which * stands for any characters and ? for any one.
func glob(patternText, valueText string) bool {
	pattern, text := []rune(patternText), []rune(valueText)
	p, t := 0, 0
	star, retry := -1, 0 // position after the last *, and the text it is tried at next
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, retry = p, t
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			retry++
			p, t = star, retry
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}

// arnLike compares ARNs part by part, so that a * does not reach across a colon of the first five (IAM User
// Guide, "Amazon Resource Name (ARN) condition operators").
func arnLike(pattern, text string) bool {
	if pattern == "*" {
		return true
	}
	patterns, texts := strings.SplitN(pattern, ":", 6), strings.SplitN(text, ":", 6)
	if len(patterns) != 6 || len(texts) != 6 {
		return false
	}
	for i := range patterns {
		if !glob(patterns[i], texts[i]) {
			return false
		}
	}
	return true
}
