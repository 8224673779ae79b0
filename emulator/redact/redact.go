// Package redact takes out of texts what would give somebody access: bearer tokens of EKS (k8s-aws-v1.…) and of service
// accounts (JSON Web Tokens), signatures, session tokens and secret access keys.
//
// Events, errors and logs of eksemu's own do not hold secrets in the first place. But upstream programs quote them:
// net/url a whole presigned URL, aws-iam-authenticator a token, an SDK the answer of STS. Whatever of those is shown to
// people, or written into a report, goes through here.
//
// [Text] knows secrets by what stands before them, and is for logs and the output of clients: it leaves file names and
// checksums alone. [Line] also knows them by their looks, and is for short sentences, in which nothing but a secret is
// that long. Neither can know a secret that stands by itself and looks like a word.
package redact

import (
	"regexp"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// secrets are the forms in which programs quote what gives access: bearer tokens by their beginnings, and values by
// their names, in URLs (plain or percent-encoded), headers, INI files, XML and JSON, also where a JSON text is quoted
// once more. The bare prefix "k8s-aws-v1." stays: error texts name it. What is redacted already stays as it is.
var secrets = regexp.MustCompile(`((?i:k8s-aws-v1\.))[A-Za-z0-9_=+/%-]+` +
	`|\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){1,2}` +
	`|((?i:security[-_]?token|session[-_]?token|access[-_]?token|identity[-_]?token|secret[-_]?(?:access[-_]?)?key)` +
	`["'\\>]*(?:\s*[=:>]|%3[dD])[\s"'\\\[]*?)` + value +
	`|((?i:\bsignature|password)(?:["'\\]+\s*[=:]|\s*=|%3[dD])[\s"'\\\[]*?)` + value) // prose follows "signature:"

// value is what stands behind a name: a secret, or what is redacted already.
const value = `(?:\[redacted\]|[^\s"'\\<&,\[\]][^\s"'\\<&,\]]*)`

// Text takes secrets out of a text, of one line or many.
func Text(text string) string { return secrets.ReplaceAllString(text, "${1}${2}${3}"+redacted) }

// Line takes secrets out of a short text, also those that are known by nothing but their looks.
func Line(text string) string {
	text = Text(text)
	var out strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, isTokenRune)
		if n < 0 {
			break
		}
		out.WriteString(text[:n])
		text = text[n:]
		end := strings.IndexFunc(text, func(r rune) bool { return !isTokenRune(r) })
		if end < 0 {
			end = len(text)
		}
		out.WriteString(word(text[:end]))
		text = text[end:]
	}
	return out.String() + text
}

// isTokenRune reports whether r occurs in tokens and signatures.
func isTokenRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/=_-.%", r)
}

// The looks of secrets.
const (
	signatureLength = 64  // hexadecimal digits of a SigV4 signature
	sessionLength   = 100 // of a session token, or a piece of base64; nothing else in a sentence is that long
)

// word replaces an unbroken run of characters that looks like a secret.
func word(word string) string {
	switch {
	case strings.Contains(word, "eyJ") && strings.Contains(word, "."): // a JSON Web Token, or what is left of one
		return redacted
	case longestHexRun(word) >= signatureLength:
		return redacted
	case len(word) >= sessionLength && strings.ContainsAny(word, upper) && strings.ContainsAny(word, lower) && strings.ContainsAny(word, digits):
		return redacted
	}
	return word
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

// longestHexRun counts the longest run of hexadecimal digits.
func longestHexRun(word string) int {
	longest, run := 0, 0
	for _, r := range word {
		if strings.ContainsRune(digits+"abcdefABCDEF", r) {
			run++
			longest = max(longest, run)
			continue
		}
		run = 0
	}
	return longest
}
