package explain

import (
	"slices"
	"strings"
	"unicode"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// clean makes every text of a verdict fit to be shown: nothing that looks like a bearer token, a signature or a
// session token, and no control characters, which could otherwise move a terminal's cursor. Events should
// not carry secrets at all (see [trace.Event]); an error of net/url that quotes a whole token does.
func (v *Verdict) clean() {
	v.Steps = slices.Clone(v.Steps)
	for _, list := range []*[]string{&v.Identity.Groups, &v.Identity.ImpersonatesGroups, &v.OtherTokens} {
		*list = slices.Clone(*list)
		for i, text := range *list {
			(*list)[i] = cleanLine(text)
		}
	}
	for _, text := range []*string{
		&v.Cause, &v.Summary, &v.Evidence.Component, &v.Evidence.Text, &v.Question, &v.Cluster, &v.Client,
		&v.AuditID, &v.RequestID, &v.UserAgent, &v.Token, &v.Identity.ARN, &v.Identity.CanonicalARN, &v.Identity.PrincipalID,
		&v.Identity.SessionName, &v.Identity.AccessKeyID, &v.Identity.Username, &v.Identity.UID, &v.Identity.Impersonates,
	} {
		*text = cleanLine(*text)
	}
	v.DecidedBy = Hop(cleanLine(string(v.DecidedBy)))
	for i := range v.Steps {
		v.Steps[i].Hop = Hop(cleanLine(string(v.Steps[i].Hop)))
		v.Steps[i].Detail = cleanLine(v.Steps[i].Detail)
	}
	lines := strings.Split(v.Fix, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(printable(redact(line)), " ")
	}
	v.Fix = strings.Join(lines, "\n")
}

// cleanLine makes one shown line of text: see [Verdict.clean].
func cleanLine(text string) string {
	return strings.TrimSpace(printable(redact(text)))
}

// printable replaces everything that is not a printable character by a space.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// redact replaces what looks like a bearer token, a signature, a session token or a secret key.
func redact(text string) string {
	var out strings.Builder
	for len(text) > 0 {
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
		out.WriteString(redactRun(text[:end]))
		text = text[end:]
	}
	return out.String() + text
}

// isTokenRune reports whether r occurs in tokens, signatures, and query strings that hold them.
func isTokenRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/=_-.%&", r)
}

// redactRun judges an unbroken run of characters, parameter by parameter.
func redactRun(run string) string {
	parts := strings.Split(run, "&")
	for i, part := range parts {
		name, value, isParameter := strings.Cut(part, "=")
		if isParameter && value != "" && isSecretName(name) {
			parts[i] = name + "=" + redacted
			continue
		}
		parts[i] = redactWord(part)
	}
	return strings.Join(parts, "&")
}

// isSecretName reports whether the value of a query parameter or setting of this name must not be shown.
func isSecretName(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	for _, secret := range []string{"signature", "securitytoken", "sessiontoken", "accesstoken", "secretaccesskey", "secretkey", "password"} {
		if strings.HasSuffix(name, secret) {
			return true
		}
	}
	return false
}

// redactWord replaces a word that is a token by its looks. The bare prefix "k8s-aws-v1." stays: error texts name it.
func redactWord(word string) string {
	const prefix = "k8s-aws-v1."
	if at := strings.Index(strings.ToLower(word), prefix); at >= 0 && len(word) > at+len(prefix) {
		return word[:at+len(prefix)] + redacted
	}
	switch {
	case strings.Contains(word, "eyJ") && strings.Count(word, ".") >= 1: // a JSON Web Token
		return redacted
	case longestHexRun(word) >= 64: // a SigV4 signature
		return redacted
	case len(word) >= 100 && strings.ContainsAny(word, upper) && strings.ContainsAny(word, lower) && strings.ContainsAny(word, digits):
		return redacted // a session token, or a piece of base64
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
