package tokens

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

const (
	prefix   = "k8s-aws-v1."
	maxBytes = 4096 // maxTokenLenBytes of upstream
)

// Unwrap finds the token in what a file holds: the output of an exec plugin (ExecCredential as JSON), or the
// token itself. One line break at the end belongs to the file. note says what was taken off, if anything.
func Unwrap(text string) (token, note string) {
	var credential struct{ Status struct{ Token string } }
	if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &credential) == nil && credential.Status.Token != "" {
		return credential.Status.Token, "read as an ExecCredential: the token is its status.token"
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), ""
}

// decoded is what a token was found to encode, once everything in the way was taken off.
type decoded struct {
	url     string   // "" if nothing was found
	repairs []string // what had to be taken off or put right
}

// bearerLine matches what people copy along with a token.
var bearerLine = regexp.MustCompile(`(?i)^(authorization:\s*)?(bearer\s+)?(token:\s*)?`)

// decode finds the URL in a token, however it is wrapped. It gives up after a few layers.
func decode(token string) decoded {
	var d decoded
	token = d.bare(token)
	for range 4 {
		encoded, found := strings.CutPrefix(token, prefix)
		if !found {
			encoded = token
		}
		plain, ok := d.base64(encoded)
		switch {
		case !ok:
			return decoded{repairs: d.repairs}
		case isURL(plain):
			d.url = plain
			return d
		}
		d.repairs = append(d.repairs, "it is encoded more than once")
		token = plain
	}
	return decoded{repairs: d.repairs}
}

// bare takes off what is no part of a token.
func (d *decoded) bare(token string) string {
	for {
		before := token
		for _, layer := range []struct{ name, rest string }{
			{"blanks or line breaks stand around it", strings.TrimSpace(token)},
			{"it stands in quotes", strings.Trim(token, "\"'`")},
			{"a header's or a field's name stands before it", bearerLine.ReplaceAllString(token, "")},
		} {
			if layer.rest != token {
				d.repairs = append(d.repairs, layer.name)
				token = layer.rest
				break
			}
		}
		if token == before {
			return token
		}
	}
}

// base64 decodes whichever form of base64 a text is in. The form that tokens have needs no repair.
func (d *decoded) base64(text string) (string, bool) {
	if raw, err := base64.RawURLEncoding.DecodeString(text); err == nil {
		if strings.ContainsAny(text, "\r\n") {
			d.repairs = append(d.repairs, "it is broken into lines, and no HTTP header can carry it so")
		}
		return string(raw), true
	}
	var repairs []string
	for _, step := range []struct {
		name   string
		mended string
	}{
		{"it is percent-encoded", unescape(text)},
		{"there are blanks or line breaks inside it", strings.Join(strings.Fields(unescape(text)), "")},
		{"it uses the standard base64 alphabet (+ and /) in place of the URL-safe one (- and _)", strings.NewReplacer("+", "-", "/", "_").Replace(strings.Join(strings.Fields(unescape(text)), ""))},
		{"it has base64 padding (=)", strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(strings.Join(strings.Fields(unescape(text)), "")), "=")},
	} {
		if step.mended != text {
			repairs = append(repairs, step.name)
			text = step.mended
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	d.repairs = append(d.repairs, repairs...)
	return string(raw), true
}

// unescape undoes percent-encoding, if that is what a text has.
func unescape(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// isURL tells a URL from one more layer of encoding.
func isURL(text string) bool { return strings.Contains(text, "://") }

// isJWT tells a JSON Web Token by its looks: three parts, of which the first is base64 of `{"`.
func isJWT(token string) bool {
	return strings.HasPrefix(token, "eyJ") && strings.Count(token, ".") == 2
}
