package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

func newClockCommand(app *App) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "clock",
		Short: "Show or move the clock of STS, to let sessions expire and clocks disagree",
		Long: `Show or move the clock of the AWS side of a running environment: STS judges signatures and sessions by it, and its
answers carry it in their Date header. The API server, the authenticator and your own programs keep the real clock.
The clock is right again when the environment is started anew.`,
	})
	command.AddCommand(newClockShowCommand(app), newClockAdvanceCommand(app))
	return command
}

func newClockShowCommand(app *App) *cobra.Command {
	command := &cobra.Command{Use: "show", Short: "Show the clock of STS, and how far it is from the real one", Args: cobra.NoArgs}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		clock, err := ask(cmd, name, (*emulator.Client).Clock)
		if err != nil {
			return err
		}
		return app.printClock(clock, output)
	}
	return command
}

func newClockAdvanceCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:   "advance DURATION",
		Short: "Move the clock of STS ahead",
		Long: `Move the clock of STS ahead of where it is. The API server keeps the real clock.

  eksemu clock advance 2h        # sessions of an hour have expired, and requests signed now are too old
  eksemu clock advance -- -2h    # back`,
		Args: cobra.ExactArgs(1),
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return fmt.Errorf("%q is no duration: write it like 90s, 15m or 2h", args[0])
		}
		clock, err := ask(cmd, name, func(c *emulator.Client, ctx context.Context) (emulator.Clock, error) { return c.AdvanceClock(ctx, d) })
		if err != nil {
			return err
		}
		return app.printClock(clock, output)
	}
	return command
}

func (app *App) printClock(clock emulator.Clock, output *outputFlag) error {
	if output.json() {
		return app.printJSON(clock)
	}
	fmt.Fprintf(app.Out, "%s  %s\n", clock.Time.UTC().Format(time.RFC3339), offsetText(clock.Offset))
	return nil
}

// offsetText says how a clock stands to the real one.
func offsetText(d time.Duration) string {
	switch {
	case d > 0:
		return fmt.Sprintf("%s ahead of the real clock", d)
	case d < 0:
		return fmt.Sprintf("%s behind the real clock", -d)
	}
	return "as the real clock"
}
