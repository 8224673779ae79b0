package sigv4

import "strings"

const upperHex = "0123456789ABCDEF"

// The bytes that are never percent-encoded (RFC 3986 §2.3), one bit each: those below 64 and those from 64 on.
const (
	unreservedLow  uint64 = 1<<'-' | 1<<'.' | 0x3ff<<'0'
	unreservedHigh uint64 = 0x3ffffff<<('A'-64) | 1<<('_'-64) | 0x3ffffff<<('a'-64) | 1<<('~'-64)
)

func unreserved(c byte) bool {
	switch c >> 6 {
	case 0:
		return unreservedLow>>(c&63)&1 == 1
	case 1:
		return unreservedHigh>>(c&63)&1 == 1
	}
	return false
}

func appendEncoded(buf []byte, c byte) []byte {
	if unreserved(c) {
		return append(buf, c)
	}
	return append(buf, '%', upperHex[c>>4], upperHex[c&15])
}

// canonicalElement decodes a name or value of a query ("+" is a space) and percent-encodes it again. What is in
// canonical encoding already, as clients send it, is returned as it is. A problem is AWS's text for a broken escape.
func canonicalElement(raw string) (element, problem string) {
	i := canonicalPrefix(raw)
	if i == len(raw) {
		return raw, ""
	}
	buf := append(make([]byte, 0, len(raw)+16), raw[:i]...)
	for i < len(raw) {
		c := raw[i]
		switch c {
		case '%':
			if c, problem = decodeEscape(raw[i:]); problem != "" {
				return "", problem
			}
			i += 2
		case '+':
			c = ' '
		}
		buf = appendEncoded(buf, c)
		i++
	}
	return string(buf), ""
}

// canonicalPrefix is the length of what s begins with that is in canonical encoding: unreserved bytes, and escapes in upper
// case of others.
func canonicalPrefix(s string) int {
	i := 0
	for i < len(s) {
		if unreserved(s[i]) {
			i++
			continue
		}
		if s[i] != '%' || len(s)-i < 3 {
			return i
		}
		high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
		if high > 15 || low > 15 || s[i+1] >= 'a' || s[i+2] >= 'a' || unreserved(high<<4|low) {
			return i
		}
		i += 3
	}
	return i
}

// decodeEscape decodes the escape that s begins with.
func decodeEscape(s string) (c byte, problem string) {
	if len(s) < 3 {
		return 0, "Incomplete trailing escape % sequence"
	}
	high, low := hexDigit(s[1]), hexDigit(s[2])
	if high > 15 || low > 15 {
		return 0, "Illegal hex character in escape % pattern: " + s[:3]
	}
	return high<<4 | low, ""
}

// hexDigit returns the value of a hex digit, or 255.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// decode undoes canonical encoding.
func decode(canonical string) string {
	i := strings.IndexByte(canonical, '%')
	if i < 0 {
		return canonical
	}
	var b strings.Builder
	b.Grow(len(canonical))
	for ; i >= 0; i = strings.IndexByte(canonical, '%') {
		c, _ := decodeEscape(canonical[i:])
		b.WriteString(canonical[:i])
		b.WriteByte(c)
		canonical = canonical[i+3:]
	}
	b.WriteString(canonical)
	return b.String()
}

// brokenEscape returns AWS's text for the first broken escape in s, or "".
func brokenEscape(s string) string {
	for i := strings.IndexByte(s, '%'); i >= 0; {
		if _, problem := decodeEscape(s[i:]); problem != "" {
			return problem
		}
		next := strings.IndexByte(s[i+3:], '%')
		if next < 0 {
			return ""
		}
		i += 3 + next
	}
	return ""
}
