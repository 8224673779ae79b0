package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/eksemu/eksemu/scenarios"
)

// Variables that GitHub's runner sets (docs.github.com, Variables reference [D]).
const (
	githubActions = "GITHUB_ACTIONS"      // "true" in a workflow
	githubSummary = "GITHUB_STEP_SUMMARY" // a file to which the step appends Markdown
)

// withSummary adds the job summary to reports, in a workflow of GitHub Actions. Nobody asked for it in so many words, so that
// one that cannot be written is no reason not to run.
func (app *App) withSummary(reports []*reportFile) []*reportFile {
	path := app.env(githubSummary)
	if path == "" {
		return reports
	}
	_, missing := os.Stat(path)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644) //nolint:gosec // it holds no secret
	if err != nil {
		fmt.Fprintf(app.ErrOut, "no job summary: open the file of %s (unset it if this is no workflow): %v\n", githubSummary, err)
		return reports
	}
	summary := &reportFile{write: scenarios.Report.WriteGitHubSummary, file: file, made: missing != nil, appended: true}
	if slices.ContainsFunc(reports, summary.sameFile) {
		_ = file.Close() // nothing was written, and --report writes it
		return reports
	}
	return append(reports, summary)
}

// annotate has GitHub show what failed at the lines of the scenario files. Its runner reads standard error like standard
// output (github.com/actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs [D]).
func (app *App) annotate(report scenarios.Report) error {
	if app.env(githubActions) != "true" {
		return nil
	}
	return report.WriteAnnotations(app.ErrOut, func(file string) string {
		if path, err := filepath.Abs(file); err == nil {
			return path
		}
		return file
	})
}
