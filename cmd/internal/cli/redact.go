package cli

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// secrets are the forms in which upstream programs quote what gives access: bearer tokens of EKS and of service
// accounts, signatures and session tokens in URLs (plain or percent-encoded) and headers, and secret access keys.
var secrets = regexp.MustCompile(`(k8s-aws-v1\.)[A-Za-z0-9_=+/-]+` +
	`|(eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+` +
	`|((?i:x-amz-signature|x-amz-security-token|\bsignature|session_?token|secret_?access_?key)["'\\]*(?:\s*[=:]|%3[dD])[\s"'\\\[]*)[^\s"'\\&,\]]+`)

// redact takes out of a text what would give somebody access.
func redact(text string) string { return secrets.ReplaceAllString(text, "${1}${2}${3}[redacted]") }

// printable makes one line of a text that comes from elsewhere: a line break or an escape sequence in it would let
// its author write what eksemu seems to say.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\t' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// copyRedacted copies a log, line by line, without secrets and without control characters.
func copyRedacted(w io.Writer, log io.Reader) error {
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			if _, err := io.WriteString(w, printable(redact(strings.TrimRight(line, "\r\n")))+"\n"); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
