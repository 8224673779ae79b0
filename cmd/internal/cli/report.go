package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/scenarios"
)

// reportFile is where a report of a run goes. It is open before anything runs.
type reportFile struct {
	write func(scenarios.Report, io.Writer) error
	file  *os.File // nil for standard output
	made  bool     // it was not there before, and is not written yet

	appended bool // what the file holds already stays
}

// openReports opens the files of --report, so that one that cannot be written is known before anything runs. A file
// that is there keeps its content until then.
func openReports(values []string) (reports []*reportFile, err error) {
	defer func() {
		if err != nil {
			abandon(reports)
		}
	}()
	formats := map[string]func(scenarios.Report, io.Writer) error{
		"junit":  scenarios.Report.WriteJUnit,
		"json":   scenarios.Report.WriteJSON,
		"github": scenarios.Report.WriteGitHubSummary,
	}
	for _, value := range values {
		format, path, _ := strings.Cut(value, "=")
		write := formats[format]
		if write == nil || path == "" {
			return reports, fmt.Errorf("--report %q: use junit=FILE, json=FILE or github=FILE, with - for standard output", value)
		}
		r := &reportFile{write: write}
		if path != "-" {
			_, missing := os.Stat(path)
			if r.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644); err != nil { //nolint:gosec // it holds no secret
				return reports, fmt.Errorf("--report %q: choose a file that can be written, nothing was run: %w", value, err)
			}
			r.made = missing != nil
			if slices.ContainsFunc(reports, r.sameFile) {
				return append(reports, r), fmt.Errorf("--report %q: another report goes to the same file, nothing was run: choose another", value)
			}
		} else if toStdout(reports) {
			return reports, fmt.Errorf("--report %q: another report goes to standard output already", value)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// sameFile tells whether two reports go to one file. Devices and pipes take several.
func (r *reportFile) sameFile(other *reportFile) bool {
	if r.file == nil || other.file == nil {
		return false
	}
	one, err := r.file.Stat()
	if err != nil {
		return false
	}
	two, err := other.file.Stat()
	return err == nil && one.Mode().IsRegular() && os.SameFile(one, two)
}

// toStdout tells whether one of the reports goes to standard output.
func toStdout(reports []*reportFile) bool {
	for _, r := range reports {
		if r.file == nil {
			return true
		}
	}
	return false
}

// abandon closes the files, and removes those that were not there before and got no report.
func abandon(reports []*reportFile) {
	for _, r := range reports {
		if r.file == nil {
			continue
		}
		_ = r.file.Close() // what was written has been closed
		if r.made {
			_ = os.Remove(r.file.Name()) // an empty file is all that stays
		}
	}
}

// writeReports writes a report in every format that was asked for.
func (app *App) writeReports(report scenarios.Report, reports []*reportFile) error {
	var errs []error
	for _, r := range reports {
		errs = append(errs, r.put(report, app.Out))
	}
	return exitWith(ExitStart, errors.Join(errs...))
}

func (r *reportFile) put(report scenarios.Report, stdout io.Writer) error {
	if r.file == nil {
		return r.write(report, stdout)
	}
	r.made = false
	err := r.empty()
	if err == nil {
		err = r.write(report, r.file)
	}
	return errors.Join(err, r.file.Close())
}

// empty cuts off what was in the file before.
func (r *reportFile) empty() error {
	if r.appended {
		return nil
	}
	err := r.file.Truncate(0)
	if info, statErr := r.file.Stat(); statErr == nil && !info.Mode().IsRegular() {
		return nil // a pipe or a terminal has nothing to cut off
	}
	return err
}
