package process

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Run runs a program once, to its end, as [Start] runs a child: in a process group of its own, with a life line, its
// output in Spec.LogFile and OnLine. Ready, ReadyTimeout and Observe are not used. It returns nil if the program
// exited with code 0; otherwise the error has its last lines. When ctx ends, the program gets SIGTERM, and SIGKILL after
// StopTimeout, with everything that it started, and the error is the cause of ctx.
func Run(ctx context.Context, spec Spec) error {
	spec = spec.withDefaults()
	var log io.Writer
	if spec.LogFile != "" {
		file, err := os.OpenFile(spec.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("run %s: open its log file: %w", spec.Name, err)
		}
		defer file.Close() //nolint:errcheck // nothing is buffered, so nothing can be lost
		log = file
	}
	l, err := begin(spec, log)
	if err != nil {
		return fmt.Errorf("run %s: %w", spec.Name, err)
	}
	defer l.lifeLine.Close()
	select {
	case <-l.exited:
	case <-ctx.Done():
		_ = l.end(spec.StopTimeout, nil) // that it had to be killed is no news to who wants it gone
		return context.Cause(ctx)
	}
	if !l.cmd.ProcessState.Success() {
		return fmt.Errorf("run %s: %w", spec.Name, l.exitError())
	}
	return nil
}
