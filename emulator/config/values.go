package config

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Secret is a secret access key or the seed of an MFA device. It prints as REDACTED; string(s) is the secret. A problem
// never repeats it.
type Secret string

// String hides the secret.
func (Secret) String() string { return "REDACTED" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "REDACTED" }

// maxShown is the length of an access key ID; a secret access key has twice as many characters.
const maxShown = 20

// shown is a text as a problem repeats it, or REDACTED if it may be a secret access key in the wrong place, or have one in it.
func shown(text string) string {
	if len(text) > maxShown {
		return Secret(text).String()
	}
	return text
}

// shownSerial is the serial number of an MFA device as a problem repeats it, or REDACTED if it may be a seed.
func shownSerial(text string) string {
	if strings.HasPrefix(text, "arn:") {
		return text
	}
	if _, err := iam.TOTP(text, time.Time{}); err == nil {
		return Secret(text).String()
	}
	return shown(text)
}

// Confidential keeps what is written in the place of a secret, or of the mapping around one, out of problems.
func (Secret) Confidential() {}

// UnmarshalYAML takes text only, and does not repeat anything else in its error.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return typeError("expected text: put it in quotes")
	}
	*s = Secret(n.Value)
	return nil
}

// PolicyDocument is an IAM policy as JSON. In a file it is a YAML mapping or a string that holds JSON.
type PolicyDocument string

// UnmarshalYAML takes a mapping, which it turns into JSON, or JSON as text. Whether it is a policy is not
// checked here.
func (p *PolicyDocument) UnmarshalYAML(n *yaml.Node) error {
	json, err := jsonText(n, "a policy")
	*p = PolicyDocument(json)
	return err
}

// jsonText is the JSON that a mapping means or that a text holds.
func jsonText(n *yaml.Node, what string) (string, error) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		return n.Value, nil
	case n.Kind == yaml.MappingNode:
		json, err := strictyaml.JSON(n)
		if err != nil {
			return "", typeError(err.Error())
		}
		return string(json), nil
	}
	return "", typeError("expected " + what + ", as a mapping or as JSON text")
}

// typeError is an error that lets the YAML library read on, so that other problems are found too.
func typeError(message string) error { return &yaml.TypeError{Errors: []string{message}} }
