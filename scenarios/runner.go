package scenarios

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/emulator/trace"
)

// Bounds of what a step waits for.
const (
	// changeWindow is how long after a change of state a step may still see the state before it: the real
	// authenticator learns of a change of aws-auth through a watch, and so do the authorizers of RBAC objects.
	changeWindow = 5 * time.Second

	// eventWindow is how long the events of a request may take to arrive after the client ended.
	eventWindow = 3 * time.Second

	// quietWindow is how long to wait for more events when those that came do not agree with how the client
	// ended.
	quietWindow = 500 * time.Millisecond

	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 250 * time.Millisecond

	// undoTime is how long putting back the state may take, also after an interrupt.
	undoTime = 10 * time.Second

	defaultStepTimeout = time.Minute
)

// Runner runs scenarios against an environment, one after the other. All fields but StepTimeout and those below it are
// required.
type Runner struct {
	Environment Environment

	// Executable is the eksemu binary: the children are `Executable kubectl …` and `Executable token …`.
	Executable string

	// LookPath finds the aws CLI (exec.LookPath).
	LookPath func(file string) (string, error)

	Now func() time.Time

	// TempDir is a folder for kubeconfigs and kubectl's discovery cache. It belongs to this run, and the
	// caller removes it.
	TempDir string

	// BaseEnv holds the variables that children inherit, as "NAME=value": PATH, HOME, the locale; nothing that
	// leads an AWS client elsewhere.
	BaseEnv []string

	// StepTimeout bounds one attempt of one step; zero means a minute.
	StepTimeout time.Duration

	// Done, if set, is called after each scenario.
	Done func(Result)

	// Before and After, if set, are called around each step that is done; i counts the scenario's AllSteps. An error of
	// Before ends the run.
	Before func(ctx context.Context, scenario *Scenario, i int) error
	After  func(scenario *Scenario, i int, result StepResult)

	// Keep leaves the state as it is when a scenario fails, for somebody to look at, and ends the run there. After an
	// interrupt nothing is kept: whoever ends a run wants its end.
	Keep bool
}

// Run runs the scenarios in order and reports on all of them. The error is that of an identity that the
// environment does not have ([strictyaml.Problems], nothing was run), or of ctx: then the report says how far
// it went. State is put back in every case but one: a scenario that fails where Keep is set, unless ctx has ended.
func (r *Runner) Run(ctx context.Context, scenarios []*Scenario) (Report, error) {
	if problems := r.check(scenarios); len(problems) > 0 {
		return Report{}, problems
	}
	started := r.Now()
	report := Report{APIVersion: APIVersion, Kind: reportKind, Cluster: r.Environment.Cluster().Name, Started: started.UTC()}
	run := &run{Runner: r, signed: map[string]bool{}, secrets: map[string]bool{}, id: rand.Text, clusters: map[string]Environment{}}
	for _, scenario := range scenarios {
		if ctx.Err() != nil {
			break
		}
		result := run.scenario(ctx, scenario)
		report.add(result)
		if r.Done != nil {
			r.Done(result)
		}
		if run.ended != nil || result.Kept {
			break
		}
	}
	err := run.ended
	if n := len(report.Scenarios); n == 0 || !report.Scenarios[n-1].Kept {
		err = errors.Join(err, run.removeClusters(ctx))
	}
	report.Seconds = seconds(r.Now().Sub(started))
	return report, errors.Join(ctx.Err(), err)
}

// check reports the identities that the environment does not have, before anything happens.
func (r *Runner) check(scenarios []*Scenario) strictyaml.Problems {
	var problems strictyaml.Problems
	for _, scenario := range scenarios {
		known := append(slices.Clone(r.Environment.Identities()), overlayNames(scenario)...)
		for i, step := range scenario.AllSteps() {
			for _, name := range step.identities() {
				if !slices.Contains(known, name) {
					problems = append(problems, strictyaml.Problem{File: scenario.File, Line: max(step.Line, 1), Path: scenario.pathOf(i),
						Message: fmt.Sprintf("the environment has no identity %q", name), Fix: strictyaml.DidYouMean(name, known)})
				}
			}
		}
	}
	return problems
}

// pathOf is where one of AllSteps is in the scenario's file.
func (s *Scenario) pathOf(i int) string {
	if n := len(s.Steps); i >= n {
		return fmt.Sprintf("fixed[%d]", i-n)
	}
	return fmt.Sprintf("steps[%d]", i)
}

// run is one run of several scenarios: what outlives a scenario.
type run struct {
	*Runner
	signed  map[string]bool // every token that was made, see (*session).tokenArguments
	secrets map[string]bool // that its clients were given, see hide
	changed time.Time       // when state last changed, an undo included
	id      func() string   // makes a unique ID

	ended    error                  // why no more is done
	clusters map[string]Environment // with a cluster of a scenario's, by its definition
	undo     []undo                 // what removes them
}

// session is one scenario while it runs.
type session struct {
	*run
	Environment Environment // with the cluster that the scenario talks to
	scenario    *Scenario
	clock       time.Duration          // offset of the signer's clock
	cluster     string                 // name that tokens are signed for
	credentials map[string]Credentials // by identity
	token       *Token                 // how tokens are made; nil for the client's own way
	tokens      map[string]string      // the last one of each identity
	faults      []askedFault           // that have not been ended
	partly      bool                   // whether a step was left out or has failed
	undo        []undo

	after  uint64 // the newest event that was read
	events []trace.Event
}

type undo struct {
	what string
	do   func(context.Context) error
}

func (r *run) scenario(ctx context.Context, scenario *Scenario) Result {
	started := r.Now()
	s := &session{run: r, Environment: r.Environment, scenario: scenario, credentials: map[string]Credentials{}, tokens: map[string]string{}}
	result := newResult(scenario)
	if why := scenario.Metadata.DocumentationOnly; why != "" {
		result.Status, result.Outcome, result.Why = StatusSkipped, scenario.Metadata.Outcome, "documentation only: "+why
		return result
	}
	if err := s.begin(ctx); err != nil {
		result.fail(s.hidden(err))
	} else {
		s.steps(ctx, &result)
	}
	result.Cluster = s.Environment.Cluster().Name
	if result.Kept = r.Keep && result.Status == StatusFailed && ctx.Err() == nil; !result.Kept {
		if err := s.undoAll(ctx); err != nil {
			result.fail(s.hidden(err))
		}
	}
	result.Seconds = seconds(r.Now().Sub(started))
	return result
}

// begin finds the trace's end and adds the clusters and identities of the scenario's own.
func (s *session) begin(ctx context.Context) error {
	if err := s.findClusters(ctx); err != nil {
		return err
	}
	var err error
	if s.after, err = s.Environment.LastEvent(ctx); err != nil {
		return fmt.Errorf("read the trace: %w", err)
	}
	if s.scenario.callsAWS() {
		do, err := s.Environment.Mark(ctx)
		if err != nil {
			return fmt.Errorf("remember what the AWS APIs hold: %w", err)
		}
		s.change("what the AWS APIs held", do)
	}
	if s.scenario.Environment == nil {
		return nil
	}
	identities := *s.scenario.Environment
	identities.Clusters = nil
	if !identities.HasIdentities() {
		return nil
	}
	do, err := s.Environment.PutIdentities(ctx, identities)
	if err != nil {
		return fmt.Errorf("add the scenario's identities: %w", err)
	}
	s.change("the scenario's identities", do)
	return nil
}

// steps runs the steps up to the first that fails, and judges the scenario.
func (s *session) steps(ctx context.Context, result *Result) {
	for i, step := range s.scenario.AllSteps() {
		fixing := i >= len(s.scenario.Steps)
		if result.Status == StatusFailed {
			skipped := newStepResult(step).skip("an earlier step failed")
			skipped.Fixing = fixing
			result.Steps = append(result.Steps, skipped)
			continue
		}
		if s.ended == nil && s.Before != nil {
			s.ended = s.Before(ctx, s.scenario, i)
		}
		if s.ended != nil {
			skipped := newStepResult(step).skip("the run was ended")
			skipped.Fixing, result.Status, s.partly = fixing, StatusSkipped, true
			result.Steps = append(result.Steps, skipped)
			continue
		}
		got := s.step(ctx, step)
		got.Fixing = fixing
		s.partly = s.partly || got.Status != StatusPassed
		if s.After != nil {
			s.After(s.scenario, i, got)
		}
		result.Steps = append(result.Steps, got)
		if got.Status == StatusFailed {
			result.Status = StatusFailed
		}
		if i == s.scenario.Deciding() {
			result.decide(got)
		}
	}
	result.Fixed = len(s.scenario.Fixed) > 0 && result.Status == StatusPassed
}

// change notes that state changed, and how to put it back.
func (s *session) change(what string, do func(context.Context) error) {
	s.undo = append(s.undo, undo{what, do})
	s.changed = s.Now()
}

// undoAll puts the state back, the last change first, also when ctx has ended.
func (s *session) undoAll(ctx context.Context) error {
	if len(s.undo) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	var errs []error
	for _, u := range slices.Backward(s.undo) {
		if err := u.do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("put back %s: %w", u.what, err))
		}
	}
	s.changed = s.Now()
	return errors.Join(errs...)
}
