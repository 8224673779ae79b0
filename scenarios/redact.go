package scenarios

import (
	"regexp"
	"strings"
	"unicode"
)

// secrets are the forms in which clients print secrets: bearer tokens of EKS and of service accounts, and the fields
// and query parameters of AWS credentials and signatures.
var secrets = regexp.MustCompile(`(k8s-aws-v1\.)[A-Za-z0-9_=-]+` +
	`|(eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+` +
	`|((?i:secret_?access_?key|session_?token|x-amz-security-token|x-amz-signature)["'>]?\s*[:=>]\s*["']?)[^\s"'<&,]+`)

// redact takes what looks like a secret out of a client's output.
func redact(text string) string { return secrets.ReplaceAllString(text, "${1}${2}${3}[redacted]") }

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
func clean(text string) string { return redact(printable(text)) }
