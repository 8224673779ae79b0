// Package redact takes out of texts what would give somebody access: bearer tokens of EKS (k8s-aws-v1.…) and of service
// accounts (JSON Web Tokens), signatures, session tokens, secret access keys, seeds and codes of MFA devices, private keys
// and passwords in URLs.
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

// The parts of the forms in which programs quote secrets.
const (
	// names are of values that are always secret.
	names = `(?i:(?:security|session|access|subject|refresh)[-_]?token|secret[-_]?(?:access[-_]?)?key` +
		`|saml[-_]?assertion|client[-_]?secret|client[-_]?key[-_]?data)`
	// proseNames are of values that are secret too, but people write a colon and a sentence after them, and so does AWS
	// after the code InvalidIdentityToken.
	proseNames = `(?i:\bsignature|password|token[-_]?code|identity[-_]?token)`
	// quote stands around names and values, once or more: as it is, and escaped in JSON, URLs and HTML.
	quote = `(?:\\+u0022|%22|&quot;|&#34;|["'\\])`
	// is stands between a name and its value.
	is = `(?:[ \t]*(?:=>|[=:])|%3[dDaA])`
	// before is what stands at the beginning of a value: blanks, quotes, Python's b'…' and Go's (*string)(0xc000012345)("…").
	before = `(?:` + quote + `|[bu]["']|\(\*?string\)|\(0x[0-9a-f]+\)|\(len=[0-9]+\)|[ \t\[(])*`
	// value is a secret. It does not begin like what stands before one.
	value = `([^\s"'\\<&,\[\](][^\s"'\\<&,\])]*)`
)

// secrets are the forms in which programs quote what gives access: bearer tokens by their beginnings, and values by
// their names, in URLs (plain or percent-encoded), headers, INI files, XML, JSON and the notations of Python, Ruby and
// Go, also where such a text is quoted once more. Each form has one group: the secret. The bare prefix "k8s-aws-v1."
// stays: error texts name it.
var secrets = regexp.MustCompile(strings.Join([]string{
	`(?i:authorization)` + quote + `*` + is + before + `(?i:bearer|basic)[ \t]+(?i:k8s-aws-v1\.)?\[?` + value,
	`(?i:k8s-aws-v1\.)([A-Za-z0-9_=+/%-]+)`,
	`(?:\b|%[0-9A-Fa-f]{2})(eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){1,2})`, // a JSON Web Token
	`(?:<|\\u003[cC]|&lt;)` + names + `(?:>|\\u003[eE]|&gt;)\s*` + value,
	names + quote + `*` + is + before + value,
	// a variable of a container: its name, and then its value
	`(?i:\bname)` + quote + `*` + is + before + `[A-Za-z0-9_.-]*?` + names + quote + `*(?:[\s,]|\\+n)*` + quote + `*(?i:value)` + quote + `*` + is + before + value,
	proseNames + `(?:` + quote + `+[ \t]*(?:=>|[=:])|[ \t]*=|%3[dD])` + before + value,
	`(?i:\btoken[-_]?code):[ \t]*([0-9]{6})\b`,
	`(?i:\bsignature):\s*([0-9a-f]{64})\b`,
	`(?i:\bseed)` + quote + `*` + is + before + `([A-Za-z2-7]{16,})`, // of an MFA device
	`otpauth://[^\s"']*[?&]secret=([^\s"'&]+)`,
	`-----BEGIN [A-Z ]*PRIVATE KEY-----((?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{4,})+)`, // lines of base64
	`[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'\\]*:([^\s/@"'\\]+)@`,                   // the password in a URL
}, "|"))

// Text takes secrets out of a text, of one line or many. What is redacted already stays as it is.
func Text(text string) string {
	var out strings.Builder
	done := 0
	for _, match := range secrets.FindAllStringSubmatchIndex(text, -1) {
		for group := 2; group < len(match); group += 2 {
			start, end := match[group], match[group+1]
			if start < 0 || isNothing(text[start:end]) {
				continue
			}
			out.WriteString(text[done:start] + redacted)
			done = end
		}
	}
	return out.String() + text[done:]
}

// isNothing reports whether what stands in the place of a secret is that there is none, or none any more.
func isNothing(value string) bool {
	switch strings.Trim(value, "[]{}();") {
	case "", "null", "None", "nil", "<nil>", "undefined", "redacted":
		return true
	}
	return false
}

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
