package scenarios

import (
	_ "embed" // for the template
	"fmt"
	"strings"
)

// template is the scenario my-scenario: one that passes in the default environment, with a comment on everything.
//
//go:embed template.yaml
var template string

// SchemaFile is what a new scenario calls the file next to it that holds [Schema].
const SchemaFile = "eksemu-scenario.schema.json"

// Template is the text of a new scenario of a name: one that passes in the default environment, and explains what else
// can be written.
func Template(name string) ([]byte, error) {
	if !nameForm.MatchString(name) {
		return nil, fmt.Errorf("name a scenario %q: use lower-case letters, digits and hyphens, at most 63", name)
	}
	return []byte(strings.Replace(template, "name: my-scenario ", "name: "+name+" ", 1)), nil
}
