package scenarios

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
)

// Status is how a scenario or a step ended.
type Status string

// The states of scenarios and steps.
const (
	StatusPassed  Status = "passed"
	StatusFailed  Status = "failed"
	StatusSkipped Status = "skipped" // could not be tried here; of a scenario: its deciding step was skipped
)

// reportKind is the kind of a report.
const reportKind = "ScenarioReport"

// Report is what a run led to. Its JSON form is stable: fields are only added.
type Report struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Cluster    string    `json:"cluster"`
	Started    time.Time `json:"started"`
	Seconds    float64   `json:"seconds"`
	Passed     int       `json:"passed"` // numbers of scenarios
	Failed     int       `json:"failed"`
	Skipped    int       `json:"skipped"`
	Scenarios  []Result  `json:"scenarios"`
}

// Result is what a scenario led to. Outcome, DecidedBy, Cause and Why are those of its deciding step, as it was.
type Result struct {
	Name      string          `json:"name"`
	Title     string          `json:"title"`
	File      string          `json:"file"`
	Tags      []string        `json:"tags,omitempty"`
	Status    Status          `json:"status"`
	Outcome   explain.Outcome `json:"outcome,omitempty"`
	DecidedBy explain.Hop     `json:"decidedBy,omitempty"`
	Cause     string          `json:"cause,omitempty"`
	Why       string          `json:"why,omitempty"`     // or why it was skipped
	Fixed     bool            `json:"fixed,omitempty"`   // whether what the scenario shows was cured in the end
	Cluster   string          `json:"cluster,omitempty"` // that it talked to
	Seconds   float64         `json:"seconds"`
	Kept      bool            `json:"kept,omitempty"`   // whether what it changed was left as it is
	Errors    []string        `json:"errors,omitempty"` // outside of the steps: state that could not be put back
	Steps     []StepResult    `json:"steps"`

	// Shipped tells that it has no file of the user's.
	Shipped bool `json:"-"`
}

// StepResult is what a step led to.
type StepResult struct {
	Name     string           `json:"name"`
	Action   Action           `json:"action"`
	Fixing   bool             `json:"fixing,omitempty"` // whether the step is one of those that cure
	Status   Status           `json:"status"`
	Reason   string           `json:"reason,omitempty"` // why it was skipped
	Error    string           `json:"error,omitempty"`  // why it could not be done
	Expected *Expectation     `json:"expected,omitempty"`
	Verdict  *explain.Verdict `json:"verdict,omitempty"`
	HTTP     int              `json:"httpStatus,omitempty"`
	Mismatch []string         `json:"mismatch,omitempty"` // what is not as expected
	Output   string           `json:"output,omitempty"`   // of a step that failed: what the client printed, without secrets and control characters
	Attempts int              `json:"attempts,omitempty"`
	Seconds  float64          `json:"seconds"`

	// Line is where the step is in the scenario's file.
	Line int `json:"-"`
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func (r *Report) add(result Result) {
	r.Scenarios = append(r.Scenarios, result)
	switch result.Status {
	case StatusPassed:
		r.Passed++
	case StatusFailed:
		r.Failed++
	case StatusSkipped:
		r.Skipped++
	}
}

// WriteJSON writes the report as one indented JSON document.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}

func newResult(s *Scenario) Result {
	return Result{Name: s.Metadata.Name, Title: s.Metadata.Title, File: s.File, Tags: s.Metadata.Tags, Status: StatusPassed, Shipped: s.Shipped}
}

func (r *Result) fail(err error) {
	r.Status = StatusFailed
	r.Errors = append(r.Errors, clean(err.Error()))
}

// decide takes over what the deciding step led to.
func (r *Result) decide(step StepResult) {
	if step.Status == StatusSkipped {
		r.Status, r.Why = StatusSkipped, step.Reason
	}
	if v := step.Verdict; v != nil {
		r.Outcome, r.DecidedBy, r.Cause, r.Why = v.Outcome, v.DecidedBy, v.Cause, v.Summary
	}
}

func newStepResult(step Step) StepResult {
	return StepResult{Name: step.Title(), Action: step.Action(), Status: StatusPassed, Expected: step.Expect, Line: step.Line}
}

// Title is the step's name, or what it does.
func (s Step) Title() string {
	who := s.As + s.ServiceAccount + ": "
	switch action := s.Action(); {
	case s.Name != "":
		return s.Name
	case action == ActionKubectl:
		return who + "kubectl " + s.Kubectl.String()
	case action == ActionAWS:
		return who + "aws " + s.AWS.String()
	case action == ActionHTTP:
		return who + strings.TrimSpace(s.HTTP.Method+" "+s.HTTP.Path)
	case action == ActionClock:
		return "clock " + s.Clock
	case action == ActionCluster:
		return "cluster " + s.Cluster
	case action == ActionCredentials:
		return "credentials of " + s.Credentials.As
	case action == ActionFault:
		return "fault: " + s.Fault.String()
	case action == ActionAuthenticator:
		return "authenticator " + string(s.Authenticator)
	default:
		return string(action)
	}
}

func (r StepResult) skip(reason string) StepResult {
	r.Status, r.Reason = StatusSkipped, reason
	return r
}

func (r *StepResult) fail(err error) {
	r.Status, r.Error = StatusFailed, clean(err.Error())
}

// judge compares an attempt with the expectation.
func (r *StepResult) judge(step Step, got attempt) {
	if got.skip != "" {
		*r = r.skip(got.skip)
		return
	}
	r.Status, r.Output = StatusPassed, ""
	r.Verdict, r.HTTP = got.verdict, got.status
	r.Mismatch = mismatch(*step.Expect, got)
	if len(r.Mismatch) > 0 {
		r.Status, r.Output = StatusFailed, clean(got.shown)
	}
}

// mismatch says what of an attempt is not as expected.
func mismatch(want Expectation, got attempt) []string {
	found := mismatchedVerdict(want, *got.verdict)
	if want.Status != 0 && want.Status != got.status {
		found = append(found, fmt.Sprintf("HTTP status: expected %d, got %d", want.Status, got.status))
	}
	if !strings.Contains(got.output, want.Text) {
		found = append(found, fmt.Sprintf("what the client printed: %q is not in it", want.Text))
	}
	return found
}

func mismatchedVerdict(want Expectation, got explain.Verdict) []string {
	var found []string
	for _, field := range []struct{ what, want, got string }{
		{"outcome", string(want.Outcome), string(got.Outcome)},
		{"decided by", string(want.DecidedBy), string(got.DecidedBy)},
		{"cause", want.Cause, got.Cause},
	} {
		if field.want != "" && field.want != field.got {
			found = append(found, fmt.Sprintf("%s: expected %s, got %s", field.what, field.want, field.got))
		}
	}
	if !strings.Contains(got.Evidence.Text, want.Why) {
		found = append(found, fmt.Sprintf("the evidence: %q is not in it", want.Why))
	}
	return found
}
