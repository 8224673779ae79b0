package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// childVerb is the hidden verb that runs one of the linked upstream programs as a child process.
const childVerb = "__child"

// childCommand returns the arguments with which this binary runs a linked program.
func childCommand(program string, args []string) []string {
	return append([]string{childVerb, program}, args...)
}

func newChildCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:                childVerb,
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || app.Programs[args[0]] == nil {
				return fmt.Errorf("%s runs eksemu's own child processes and is not meant to be typed", childVerb)
			}
			code := app.ExitWith(app.In, func() int { return app.Programs[args[0]](args[1:]) })
			return exitWith(code, silent(code))
		},
	}
}

// silent is an error that prints nothing, or nil for code 0.
func silent(code int) error {
	if code == ExitOK {
		return nil
	}
	return errSilent
}
