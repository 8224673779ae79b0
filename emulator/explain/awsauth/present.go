package awsauth

import (
	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
)

// Present are the ARNs in the data of an aws-auth ConfigMap as they were written, also those that match nobody, and
// how many errors [Lint] finds in it.
func Present(data map[string]string) (mappings []explain.Mapping, errors int) {
	raw, err := yaml.Marshal(map[string]any{"kind": "ConfigMap", "data": data})
	if err != nil {
		return nil, 0
	}
	report, err := Lint(raw, Options{})
	if err != nil {
		return nil, 0
	}
	for _, f := range report.Findings {
		if f.Severity == explain.SeverityError {
			errors++
		}
	}
	for _, m := range report.written {
		mappings = append(mappings, explain.Mapping{ARN: m.arn, Where: "aws-auth, " + m.section})
	}
	return mappings, errors
}
