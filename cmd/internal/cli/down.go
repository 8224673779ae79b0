package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
)

// stopLimit is how long an environment may take to stop before `down` gives up waiting: the nodes of a kind cluster take
// longest.
const stopLimit = 30 * time.Second

func newDownCommand(app *App) *cobra.Command {
	var keep bool
	command := &cobra.Command{
		Use:   "down",
		Short: "Stop an environment and remove its state",
		Args:  cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	command.Flags().BoolVar(&keep, "keep-state", false, "leave the state folder for the next eksemu up")
	command.RunE = func(cmd *cobra.Command, _ []string) error { return app.down(cmd.Context(), name, keep) }
	return command
}

func (app *App) down(ctx context.Context, name *nameFlag, keep bool) error {
	dir, err := name.dirToRemove()
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, stopLimit, fmt.Errorf("it did not stop within %s", stopLimit))
	defer cancel()
	stopped, err := emulator.Stop(limited, dir, !keep)
	if err != nil {
		return exitWith(ExitStart, fmt.Errorf("stop environment %s: %w", name.name, err))
	}
	_, statErr := os.Stat(dir)
	removed := statErr == nil && !keep
	if removed {
		err := removeState(limited, dir, app.toolEnviron())
		var foreign *kindcluster.ForeignError
		if errors.As(err, &foreign) {
			app.printNotes([]string{foreign.Error()})
		} else if err != nil {
			return exitWith(ExitStart, fmt.Errorf("environment %s: %w", name.name, err))
		}
	}
	switch {
	case stopped && removed:
		fmt.Fprintf(app.ErrOut, "environment %s is stopped and removed\n", name.name)
	case stopped:
		fmt.Fprintf(app.ErrOut, "environment %s is stopped; its state is kept in %s\n", name.name, dir)
	case removed:
		fmt.Fprintf(app.ErrOut, "environment %s was not running; its state is removed\n", name.name)
	default:
		fmt.Fprintf(app.ErrOut, "environment %s is not running\n", name.name)
	}
	return nil
}

// removeState removes the state folder of a stopped environment, which another `down` may be about to remove, too.
func removeState(ctx context.Context, dir string, toolEnviron []string) error {
	for {
		err := emulator.RemoveState(ctx, dir, toolEnviron)
		if !errors.Is(err, emulator.ErrInUse) {
			return err
		}
		if err := emulator.WaitStopped(ctx, dir); err != nil {
			return err
		}
	}
}
