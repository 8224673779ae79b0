package scenarios

import _ "embed" // for the schemas

// The schemas are made from the types of this package: `go test ./scenarios -update` writes them anew. They are of draft 7,
// the last one that editors support in full (github.com/redhat-developer/yaml-language-server, issue 856).
var (
	//go:embed schema/scenario.json
	scenarioSchema string

	//go:embed schema/report.json
	reportSchema string
)

// Schema is the JSON Schema of a scenario file, its environment included. Editors complete and check files with it. What
// needs more than one look at the file (names of identities, the outcome of the last step, manifests) is only checked
// by [Decode].
func Schema() []byte { return []byte(scenarioSchema) }

// ReportSchema is the JSON Schema of [Report.WriteJSON]. Like the report, it is only added to, so it accepts fields that
// it doesn't know.
func ReportSchema() []byte { return []byte(reportSchema) }
