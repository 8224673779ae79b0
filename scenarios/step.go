package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
)

// attempt is what one try of a step that acts led to.
type attempt struct {
	verdict *explain.Verdict // nil if nothing was recorded
	output  string           // what the client printed, or the body of the HTTP answer
	shown   string           // output without the secrets that the client was given
	status  int              // HTTP status, of an http step
	skip    string           // why the step can not be done here
}

// identities returns the names that the step mentions.
func (s Step) identities() []string {
	var names []string
	if s.As != "" {
		names = append(names, s.As)
	}
	if s.Credentials != nil {
		names = append(names, s.Credentials.As)
	}
	for _, match := range s.used() {
		if ofUser(match[1]) {
			names = append(names, match[2])
		}
	}
	return names
}

func (s *session) step(ctx context.Context, step Step) StepResult {
	started := s.Now()
	result := newStepResult(step)
	var err error
	if step.Action().Acts() {
		err = s.act(ctx, step, &result)
	} else {
		err = s.alter(ctx, step)
	}
	if err != nil {
		result.fail(s.hidden(err))
	}
	result.Seconds = seconds(s.Now().Sub(started))
	return result
}

// alter does a step that changes state.
func (s *session) alter(ctx context.Context, step Step) error {
	switch step.Action() {
	case ActionApply:
		do, err := s.Environment.Apply(ctx, []byte(step.Apply))
		return s.altered("what was applied", do, err)
	case ActionDelete:
		do, err := s.Environment.Delete(ctx, []byte(step.Delete))
		return s.altered("what was deleted", do, err)
	case ActionClock:
		offset, err := time.ParseDuration(step.Clock)
		s.clock = offset
		return err
	case ActionCluster:
		s.cluster = step.Cluster
	case ActionCredentials:
		return s.replaceCredentials(ctx, *step.Credentials)
	case ActionToken:
		s.token = step.Token
		if step.Token.isUsual() {
			s.token = nil
		}
	case ActionFault:
		return s.failNext(ctx, *step.Fault)
	case ActionAuthenticator:
		return s.setAuthenticator(ctx, step.Authenticator)
	}
	return nil
}

// failNext lets the next calls to STS fail, or, without a fault, no more. A fault that no call has met by then, by the next
// fault or by the scenario's end, is an error: it has tested nothing. The next step is tried once, whatever has changed before: another try
// would meet what is left of the fault.
func (s *session) failNext(ctx context.Context, fault Fault) error {
	if fault == (Fault{}) {
		return s.noFaults(ctx)
	}
	for _, earlier := range s.faults {
		left, err := s.Environment.PendingFault(ctx, earlier.id)
		if err := s.met(earlier, left, err); err != nil {
			return err
		}
	}
	asked := askedFault{id: strings.ToLower(s.id()), fault: fault}
	if err := s.Environment.FailNext(ctx, asked.id, fault); err != nil {
		return err
	}
	if len(s.faults) == 0 {
		s.change("the answers of STS", s.noFaults)
	}
	s.changed = time.Time{}
	s.faults = append(s.faults, asked)
	return nil
}

// noFaults forgets the scenario's faults, each of which at least one call must have met.
func (s *session) noFaults(ctx context.Context) error {
	asked := s.faults
	if len(asked) == 0 {
		return nil
	}
	s.faults = nil
	s.changed = s.Now()
	var errs []error
	for _, fault := range asked {
		left, err := s.Environment.ForgetFault(ctx, fault.id)
		errs = append(errs, s.met(fault, left, err))
	}
	return errors.Join(errs...)
}

// askedFault is a fault that a step has asked for.
type askedFault struct {
	id    string
	fault Fault
}

// met says what is wrong with a fault for which so many calls are left. Where a step was left out or has failed, it may be
// the one that would have met it.
func (s *session) met(f askedFault, left int, err error) error {
	if err == nil && !s.partly && left >= max(f.fault.Times, 1) {
		err = fmt.Errorf("no call has met the fault that was to happen (%s): put the step that meets it after it, and before the next fault", f.fault)
	}
	return err
}

func (s *session) setAuthenticator(ctx context.Context, state AuthenticatorState) error {
	start := func(ctx context.Context) error { return s.Environment.SetAuthenticator(ctx, true) }
	if state == AuthenticatorRunning {
		err := start(ctx)
		s.changed = s.Now()
		return err
	}
	return s.altered("the authenticator", start, s.Environment.SetAuthenticator(ctx, false))
}

// altered keeps the undo of a change, also of one that was only half made.
func (s *session) altered(what string, do func(context.Context) error, err error) error {
	if do != nil {
		s.change(what, do)
	}
	return err
}

// act does a step that acts. As long as an earlier change of state may not have taken effect, an outcome that
// is not the expected one is tried again.
func (s *session) act(ctx context.Context, step Step, result *StepResult) error {
	settled, cancel := context.WithTimeout(ctx, s.changed.Add(step.Expect.window()).Sub(s.Now()))
	defer cancel()
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		got, err := s.try(ctx, step)
		if err != nil {
			return err
		}
		result.Attempts++
		got.shown = s.hide(got.output)
		result.judge(step, got)
		if result.Status != StatusFailed || done(step, got) || !pause(settled, backoff) {
			return ctx.Err()
		}
	}
}

// done tells that an attempt has done what it should have been refused. AWS calls are judged by the state that there is, so
// that another try could only be refused for what this one did: to make it twice.
func done(step Step, got attempt) bool {
	return step.Action() == ActionAWS && step.Expect.Outcome != explain.Allowed && got.verdict != nil && got.verdict.Outcome == explain.Allowed
}

// window is how long after a change of state another outcome may still come.
func (e *Expectation) window() time.Duration {
	if within, err := time.ParseDuration(e.Within); err == nil { // which validation has looked at
		return max(within, changeWindow)
	}
	return changeWindow
}

// pause waits, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// try does a step that acts once.
func (s *session) try(ctx context.Context, step Step) (attempt, error) {
	timeout := s.StepTimeout
	if timeout == 0 {
		timeout = defaultStepTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the step took more than %s", timeout))
	defer cancel()
	call := call{session: s, step: step, id: "step-" + strings.ToLower(s.id()[:16])}
	var got attempt
	var err error
	switch step.Action() {
	case ActionKubectl:
		got, err = call.kubectl(ctx)
	case ActionAWS:
		got, err = call.aws(ctx)
		s.changed = s.Now() // it may have
	case ActionHTTP:
		got, err = call.http(ctx)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return got, err
}

// call is one try of a step that acts, in the making.
type call struct {
	*session
	step Step
	id   string // marks everything that the call sends
}
