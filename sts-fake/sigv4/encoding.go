package sigv4

import "strings"

const upperHex = "0123456789ABCDEF"

// unreserved are the bytes that are never percent-encoded (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
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
	i := 0
	for i < len(raw) && unreserved(raw[i]) {
		i++
	}
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
	if string(buf) == raw {
		return raw, ""
	}
	return string(buf), ""
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
	if !strings.Contains(canonical, "%") {
		return canonical
	}
	buf := make([]byte, 0, len(canonical))
	for i := 0; i < len(canonical); i++ {
		c := canonical[i]
		if c == '%' {
			c, _ = decodeEscape(canonical[i:])
			i += 2
		}
		buf = append(buf, c)
	}
	return string(buf)
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
