package scenarios

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// WriteJUnit writes the report as JUnit XML: a test suite for each scenario, a test case for each of its steps. A
// step with another outcome than expected is a failure, one that could not be done an error.
func (r Report) WriteJUnit(w io.Writer) error {
	suites := junit.Testsuites{Name: "eksemu " + r.Cluster, Time: junitTime(r.Seconds)}
	for i, scenario := range r.Scenarios {
		suite := suiteOf(scenario)
		suite.ID = i
		suite.SetTimestamp(r.Started)
		suites.AddSuite(suite)
	}
	if err := suites.WriteXML(w); err != nil {
		return fmt.Errorf("write the report as JUnit XML: %w", err)
	}
	return nil
}

func suiteOf(r Result) junit.Testsuite {
	suite := junit.Testsuite{Name: r.Name, File: r.File, Time: junitTime(r.Seconds)}
	suite.AddProperty("title", r.Title)
	suite.AddProperty("outcome", string(r.Outcome))
	suite.AddProperty("decidedBy", string(r.DecidedBy))
	suite.AddProperty("why", printable(r.Why))
	for i, step := range r.Steps {
		suite.AddTestcase(caseOf(r.Name, i, step))
	}
	for _, err := range r.Errors {
		suite.AddTestcase(junit.Testcase{Name: "environment", Classname: r.Name, Time: junitTime(0),
			Error: &junit.Result{Message: printable(err), Type: "environment"}})
	}
	return suite
}

func caseOf(scenario string, i int, step StepResult) junit.Testcase {
	c := junit.Testcase{Name: printable(fmt.Sprintf("%d %s", i+1, step.Name)), Classname: scenario, Time: junitTime(step.Seconds)}
	switch {
	case step.Status == StatusSkipped:
		c.Skipped = &junit.Result{Message: printable(step.Reason)}
	case step.Error != "":
		c.Error = &junit.Result{Message: printable(step.Error), Type: "error", Data: printable(step.explanation())}
	case step.Status == StatusFailed:
		c.Failure = &junit.Result{Message: printable(strings.Join(step.Mismatch, "; ")), Type: "mismatch", Data: printable(step.explanation())}
	}
	return c
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }
