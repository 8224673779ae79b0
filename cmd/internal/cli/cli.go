// Package cli is eksemu's command line: one file per verb, each a thin layer over the packages that do the work.
//
// Rules of the terminal: data goes to stdout, progress and errors to stderr. Progress shows a spinner only on a
// terminal, and plain lines elsewhere. NO_COLOR and a dumb terminal get no colour. A verb whose answer a program
// would read has -o json. Errors are one lower-case line that starts with "error:", a list of problems follows it
// one per line, and what to do next is in the line itself. Exit codes are those of [ExitCode] and stay.
//
// Nothing here touches the process's globals: [App] carries the arguments, streams, environment and clock, so
// that every verb can be tested in-process.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// App is the outside world as the command line sees it.
type App struct {
	In          io.Reader
	Out         io.Writer
	ErrOut      io.Writer
	Args0       string                                         // argv[0]
	Executable  string                                         // absolute path of this binary, for child processes
	LookupEnv   func(name string) (string, bool)               //
	Environ     []string                                       // the whole environment, for child processes
	LookPath    func(name string) (string, error)              //
	Now         func() time.Time                               //
	StateHome   string                                         // folder of all environments' state folders
	Terminal    bool                                           // ErrOut is a terminal
	OutTerminal bool                                           // Out is a terminal
	Width       int                                            // columns of Out, 0 if it is no terminal
	Programs    map[string]func(args []string) int             // the linked upstream programs, by name
	Signals     func() (context.Context, func())               // a context that ends with the first interrupt
	KeepPipes   func()                                         // from now on, a pipe that nobody reads is an error of a write and not the end of the process
	ExitWith    func(parent io.Reader, program func() int) int // runs a program that must not outlive its parent
}

// The exit codes.
const (
	ExitOK          = 0   // everything as expected
	ExitMismatch    = 1   // a scenario did not come out as expected, or a command was refused
	ExitUsage       = 2   // wrong flags, configuration or scenario file: nothing was started
	ExitStart       = 3   // the environment could not start, is not running, or is already running
	ExitTimeout     = 4   // it did not get ready in the time given
	ExitInterrupted = 130 // Ctrl-C or SIGTERM
	ExitPipe        = 141 // whoever read the output went away, as a shell reports SIGPIPE
)

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func exitWith(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code, err}
}

// errSilent is returned by a verb that has already said everything.
var errSilent = errors.New("")

// Main runs the command line and returns the exit code.
func Main(app *App, args []string) int {
	switch filepath.Base(app.Args0) {
	case "aws-iam-authenticator", "heptio-authenticator-aws":
		return app.run(newAuthenticatorCommand(app), args)
	}
	return app.run(newRootCommand(app), args)
}

func (app *App) run(command *cobra.Command, args []string) int {
	ctx, stop := app.Signals()
	defer stop()
	out := &watchedWriter{Writer: app.Out}
	app.Out = out
	defer func() { app.Out = out.Writer }()
	command.SetArgs(args)
	command.SetIn(app.In)
	command.SetOut(app.Out)
	command.SetErr(app.ErrOut)
	err := out.blame(command.ExecuteContext(ctx))
	code := ExitCode(err)
	if ctx.Err() != nil && code != ExitOK {
		code = ExitInterrupted
	}
	if err != nil && err.Error() != "" {
		fmt.Fprintln(app.ErrOut, "error:", err)
	}
	return code
}

// ExitCode returns the exit code for what a verb returned. An error without a code of its own is a usage error:
// cobra's own errors are.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if coded := (*exitError)(nil); errors.As(err, &coded) {
		return coded.code
	}
	return ExitUsage
}

// group makes a command of one that only has commands below it: alone it prints its help, and an unknown command
// below it is a usage error. Cobra by itself prints the help then, too, and calls it success.
func group(command *cobra.Command) *cobra.Command {
	command.Args = cobra.NoArgs
	command.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return command
}

func newRootCommand(app *App) *cobra.Command {
	root := &cobra.Command{
		Use:   "eksemu",
		Short: "Amazon EKS authentication and authorization on your machine, everything real except AWS",
		Long: `eksemu runs the real kube-apiserver and the real aws-iam-authenticator against a fake STS that verifies
every signature, so that you can see Unauthorized, no and yes, and why, without an AWS account.

Exit codes: 0 as expected, 1 a scenario mismatch or a refusal, 2 usage or configuration, 3 the environment could
not start or is not in the state that the verb needs, 4 timeout, 130 interrupted, 141 nobody read the output.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newUpCommand(app), newSTSCommand(app), newDownCommand(app), newStatusCommand(app), newEnvCommand(app),
		newTokenCommand(app), newKubectlCommand(app), newRunCommand(app), newScenariosCommand(app),
		newFaultCommand(app), newClockCommand(app), newMFACommand(app),
		newConfigCommand(app), newExplainCommand(app), newTraceCommand(app), newLogsCommand(app),
		newVersionCommand(app), newChildCommand(app), newInstanceCredentialsCommand(app),
	)
	return root
}
