package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Secret is a secret access key. It prints as REDACTED; string(s) is the key. A problem never repeats it.
type Secret string

// String hides the key.
func (Secret) String() string { return "REDACTED" }

// GoString hides the key from %#v.
func (Secret) GoString() string { return "REDACTED" }

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
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		*p = PolicyDocument(n.Value)
	case n.Kind == yaml.MappingNode:
		json, err := strictyaml.JSON(n)
		if err != nil {
			return typeError(err.Error())
		}
		*p = PolicyDocument(json)
	default:
		return typeError("expected a policy, as a mapping or as JSON text")
	}
	return nil
}

// typeError is an error that lets the YAML library read on, so that other problems are found too.
func typeError(message string) error { return &yaml.TypeError{Errors: []string{message}} }
