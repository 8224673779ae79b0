package scenarios

import (
	"strings"
	"unicode"

	"github.com/eksemu/eksemu/emulator/redact"
)

// printable leaves out control characters but line breaks and tabs, which could move a terminal's cursor, and the two
// other code points that XML 1.0 cannot write (section 2.2, Char).
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// clean makes a text from elsewhere fit for a report.
func clean(text string) string { return redact.Text(printable(text)) }
