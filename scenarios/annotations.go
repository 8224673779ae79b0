package scenarios

import (
	"fmt"
	"io"
	"strings"
)

// The characters that GitHub's runner takes for its own in the message and the properties of a command, and how it wants
// them written (github.com/actions/runner, src/Runner.Common/ActionCommand.cs, which reads them back [D]).
var (
	commandMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// WriteAnnotations writes an ::error command for each step that failed, and for what went wrong outside of the steps. GitHub
// shows them at the lines of the scenario files. place says how a file is called there: the runner takes an absolute path,
// or one relative to the repository (github.com/actions/runner, src/Runner.Worker/ActionCommandManager.cs [D]). Of shipped
// scenarios there is no file to show.
func (r Report) WriteAnnotations(w io.Writer, place func(file string) string) error {
	var b strings.Builder
	for _, s := range r.Scenarios {
		for _, failure := range s.failures() {
			var properties []string
			if !s.Shipped {
				properties = append(properties, "file="+commandProperty.Replace(place(s.File)))
				if failure.line > 0 {
					properties = append(properties, fmt.Sprintf("line=%d", failure.line))
				}
			}
			properties = append(properties, "title="+commandProperty.Replace(oneLine(failure.title)))
			fmt.Fprintf(&b, "::error %s::%s\n", strings.Join(properties, ","), commandMessage.Replace(cut(clean(strings.Join(failure.reasons, "\n")), maxExplanation)))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write annotations for GitHub: %w", err)
	}
	return nil
}
