package awsquery

import "strings"

// unescape decodes percent escapes and '+'. Its two errors have the texts of AWS's MalformedQueryString
// (spec/sts.md section 2.2, from another verifier's record, not from STS itself).
func unescape(s string) (string, error) {
	if !strings.ContainsAny(s, "%+") {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexAny(s, "%+")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		b.WriteString(s[:i])
		if s[i] == '+' {
			b.WriteByte(' ')
			s = s[i+1:]
			continue
		}
		if i+2 >= len(s) {
			return "", &SyntaxError{"Incomplete trailing escape % sequence"}
		}
		high, okHigh := hexDigit(s[i+1])
		low, okLow := hexDigit(s[i+2])
		if !okHigh || !okLow {
			return "", &SyntaxError{"Illegal hex character in escape % pattern: " + s[i:i+3]}
		}
		b.WriteByte(high<<4 | low)
		s = s[i+3:]
	}
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
