package explain

import (
	"strconv"
	"strings"
	"time"
)

// facts are the values of the placeholders in the catalogue's sentences and fixes.
type facts map[string]string

// set adds a fact, unless it is empty.
func (f facts) set(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		f[name] = value
	}
}

// add takes all of the other's facts over.
func (f facts) add(other facts) {
	for name, value := range other {
		f.set(name, value)
	}
}

// fill replaces the placeholders of a catalogue text. Facts that are not known become upper-case names, the
// way AWS's own documentation marks what the reader has to fill in. Braces around anything else stay.
func (f facts) fill(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		inside, after, closed := strings.Cut(rest, "}")
		if name, quoting, _ := strings.Cut(inside, ":"); closed && isPlaceholder(name) {
			out.WriteString(quote(quoting, f.value(name)))
			text = after
			continue
		}
		out.WriteByte('{')
		text = rest
	}
}

func (f facts) value(name string) string {
	if value, ok := f[name]; ok {
		return value
	}
	return strings.ToUpper(name)
}

// isPlaceholder tells {username} from template syntax such as {{SessionName}}.
func isPlaceholder(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return name != "" && name[0] >= 'a'
}

func quote(quoting, value string) string {
	switch quoting {
	case "yaml":
		return quoteYAML(value)
	case "sh":
		return quoteShell(value)
	}
	return value
}

// quoteYAML writes a string as a YAML scalar, in JSON's quotes unless it is plainly a word or an ARN.
func quoteYAML(value string) string {
	plain := value != "" && isWord(value) && !strings.HasSuffix(value, ":") &&
		(value[0] >= 'a' && value[0] <= 'z' || value[0] >= 'A' && value[0] <= 'Z')
	switch strings.ToLower(value) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		plain = false
	}
	if plain {
		return value
	}
	return strconv.Quote(value)
}

// quoteShell writes a string as one word of a POSIX shell.
func quoteShell(value string) string {
	if value != "" && isWord(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// isWord reports whether a string has only characters that neither YAML nor a shell treats specially inside a word.
func isWord(value string) bool {
	for _, r := range value {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alnum && !strings.ContainsRune("/_.@+=:,-", r) {
			return false
		}
	}
	return true
}

// span writes a duration for people, in seconds or, if long, in days.
func span(d time.Duration) string {
	d = d.Abs()
	if d >= 48*time.Hour {
		return strconv.Itoa(int(d.Hours()/24)) + " days"
	}
	return d.Round(time.Second).String()
}
