package sigv4

import (
	"slices"
	"strings"
)

const redacted = "REDACTED"

// isSecret says whether a header or query parameter holds what must not be shown: a session token, a signature, or what
// the operations of STS and a browser take as a proof. Of a parameter within others the last part counts
// (ProvidedContexts.member.1.ContextAssertion).
func isSecret(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	return slices.ContainsFunc([]string{
		paramSecurityToken, paramSignature, headerAuthorization, "Proxy-Authorization", "Cookie",
		"WebIdentityToken", "SAMLAssertion", "TokenCode", "TradeInToken", "ContextAssertion",
	}, func(secret string) bool { return sameHeader(name, secret) })
}

func isHost(name string) bool { return sameHeader(name, "host") || name == ":authority" }

// appendHeaderValues writes the canonical values of all headers of a name, joined by "," in received order. A header that is
// signed but absent has no value, which makes its signature wrong; that AWS does the same is not AWS's word.
func (r Request) appendHeaderValues(buf []byte, name string) []byte {
	if isHost(name) {
		return appendHeaderValue(buf, r.Host)
	}
	joined := false
	for _, h := range r.Headers {
		if !sameHeader(h.Name, name) {
			continue
		}
		if joined {
			buf = append(buf, ',')
		}
		joined = true
		buf = appendHeaderValue(buf, h.Value)
	}
	return buf
}

// appendHeaderValue writes a value trimmed, unfolded, and with every run of spaces as one, also between quotes.
func appendHeaderValue(buf []byte, value string) []byte {
	value = unfold(value)
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			return append(buf, value...)
		}
		buf = append(buf, value[:i+1]...)
		value = strings.TrimLeft(value[i:], " ")
	}
}

// unfold trims a value and joins obsolete folded lines (RFC 9112 §5.2) by one space.
func unfold(value string) string {
	value = strings.Trim(value, " \t\r\n")
	if strings.IndexByte(value, '\n') < 0 && strings.IndexByte(value, '\r') < 0 {
		return value
	}
	lines := strings.FieldsFunc(value, func(c rune) bool { return c == '\r' || c == '\n' })
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.Trim(line, " \t"); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, " ")
}
