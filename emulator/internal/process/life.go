package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// pollInterval is the pause between two questions to Spec.Ready.
	pollInterval = 50 * time.Millisecond
	// drainTimeout is how long output is still read after the exit of a child whose own children hold it open.
	drainTimeout = time.Second
)

// life is one run of a child, from its start to its exit.
type life struct {
	cmd      *exec.Cmd
	lifeLine io.Closer // the write end of the child's stdin
	output   *output
	exited   chan struct{} // closed when the process is gone and its output is read
}

// begin starts a process. log may be nil.
func begin(spec Spec, log io.Writer) (*life, error) {
	l := &life{output: &output{log: log, onLine: spec.OnLine}, exited: make(chan struct{})}
	l.cmd = &exec.Cmd{
		Path:        spec.Path,
		Args:        append([]string{spec.Argv0}, spec.Args...),
		Env:         spec.Env,
		Stdout:      l.output,
		Stderr:      l.output,
		SysProcAttr: ownGroup(),
		WaitDelay:   drainTimeout,
	}
	var err error
	if l.lifeLine, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(l.exited)
		_ = l.cmd.Wait() // ProcessState has the outcome
		l.output.flush()
	}()
	return l, nil
}

func (l *life) pid() int { return l.cmd.Process.Pid }

// awaitReady waits until spec.Ready agrees, and no longer than until the process exits, spec.ReadyTimeout has
// passed, or ctx ends.
func (l *life) awaitReady(ctx context.Context, spec Spec) error {
	polling, cancel := context.WithTimeout(ctx, spec.ReadyTimeout)
	defer cancel()
	polled := make(chan error, 1)
	go func() { polled <- poll(polling, spec.Ready) }()
	var err error
	select {
	case <-l.exited:
		cancel()
		err = <-polled
	case err = <-polled:
	}
	select {
	case <-l.exited: // also when whatever answered Ready was another process
		return l.exitError()
	default:
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted before it was ready: %w", context.Cause(ctx))
	default:
		return fmt.Errorf("not ready after %s: %w%s", spec.ReadyTimeout, err, l.output.lastWords())
	}
}

// poll asks ready until it agrees, and returns its last objection when ctx ends first.
func poll(ctx context.Context, ready func(context.Context) error) error {
	objection := errors.New("it did not answer")
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return objection // err most likely only says that ctx ended
		}
		objection = err
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return objection
		}
	}
}

// end ends the process and returns when it is gone: gently, until timeout has passed or hurry is closed. The
// error says that it had to be killed.
func (l *life) end(timeout time.Duration, hurry <-chan struct{}) error {
	select {
	case <-l.exited:
		return nil
	default:
	}
	terminate(l.cmd.Process, l.lifeLine)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-l.exited:
		return nil
	case <-timer.C:
	case <-hurry:
	}
	kill(l.cmd.Process)
	<-l.exited
	return fmt.Errorf("killed: it did not end within %s of being asked to", timeout)
}

// exitError says how the process ended, with its last lines. It must have exited.
func (l *life) exitError() error {
	return errors.New(exitText(l.cmd.ProcessState) + l.output.lastWords())
}

// exitText words what os.ProcessState calls "exit status 1" or "signal: killed".
func exitText(state *os.ProcessState) string {
	if signal, ok := strings.CutPrefix(state.String(), "signal: "); ok {
		return "ended by signal: " + signal
	}
	return fmt.Sprintf("exited with status %d", state.ExitCode())
}
