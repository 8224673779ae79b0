package cli

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode"

	"github.com/eksemu/eksemu/emulator/redact"
)

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
			if _, err := io.WriteString(w, printable(redact.Text(strings.TrimRight(line, "\r\n")))+"\n"); err != nil {
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
