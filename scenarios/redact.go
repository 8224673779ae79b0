package scenarios

import (
	"errors"
	"net/url"
	"slices"
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

// leastSecret is how long a text must be to be hidden by its value. A scenario may use any text for a secret access key,
// also one that is part of words; AWS's have forty characters, and session tokens hundreds.
const leastSecret = 8

// secret remembers a text that clients are given, which must not be shown, and returns it.
func (r *run) secret(text string) string {
	if len(text) >= leastSecret && r.secrets != nil {
		r.secrets[text] = true
	}
	return text
}

// hide takes the secrets of the run out of a text, whatever stands around them, also where they are written for a URL.
func (r *run) hide(text string) string {
	if len(r.secrets) == 0 {
		return text
	}
	var known []string
	for secret := range r.secrets {
		known = append(known, secret, url.QueryEscape(secret))
	}
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	for _, secret := range known {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return text
}

// hidden is an error for a report. What it wraps does not matter there.
func (r *run) hidden(err error) error { return errors.New(r.hide(err.Error())) }
