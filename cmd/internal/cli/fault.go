package cli

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	stsfake "github.com/eksemu/eksemu/sts-fake"
)

func newFaultCommand(app *App) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "fault",
		Short: "Let the next STS calls fail, be late or lose their connection",
		Long: `Let the next STS calls of a running environment fail, be late or lose their connection, to see what clients do then.
Each fault is for a number of calls; afterwards STS answers as usual.`,
	})
	command.AddCommand(newFaultAddCommand(app), newFaultListCommand(app), newFaultClearCommand(app))
	return command
}

func newFaultAddCommand(app *App) *cobra.Command {
	var f stsfake.Fault
	command := &cobra.Command{
		Use:   "add",
		Short: "Add a fault that the next calls meet, in order",
		Long: `Add a fault that the next calls meet. A call takes the oldest one for its operation.

  eksemu fault add --operation GetCallerIdentity --times 2 --code Throttling
  eksemu fault add --code ServiceUnavailable
  eksemu fault add --status 403 --code AccessDenied --message "no"
  eksemu fault add --delay 10s                # late, then as usual
  eksemu fault add --drop                     # no answer at all

The codes Throttling, ThrottlingException, ServiceUnavailable, InternalFailure, ExpiredToken, InvalidClientTokenId and
IDPCommunicationError have a status and message of their own.`,
		Args: cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	flags := command.Flags()
	flags.StringVar(&f.Operation, "operation", "", "STS `operation` that fails (default: the next calls of any)")
	flags.IntVar(&f.Times, "times", 1, "how many calls")
	flags.StringVar(&f.Code, "code", "", "AWS error `code`")
	flags.IntVar(&f.Status, "status", 0, "HTTP `status`, 400 to 599 (default: that of the code)")
	flags.StringVar(&f.Message, "message", "", "`text` of the error (default: that of the code)")
	flags.DurationVar(&f.Delay, "delay", 0, "wait this long first")
	flags.BoolVar(&f.Drop, "drop", false, "close the connection without an answer")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		if f.Times == 0 {
			return fmt.Errorf("fault: 0 times: give a positive number of calls with --times")
		}
		if err := f.Validate(); err != nil {
			return err
		}
		_, err := ask(cmd, name, func(c *emulator.Client, ctx context.Context) (struct{}, error) { return struct{}{}, c.FailNext(ctx, f) })
		return err
	}
	return command
}

func newFaultListCommand(app *App) *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List the faults that still wait for calls", Args: cobra.NoArgs}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		faults, err := ask(cmd, name, (*emulator.Client).Faults)
		if err != nil {
			return err
		}
		if output.json() {
			return app.printJSON(faults)
		}
		return app.printFaults(faults)
	}
	return command
}

func newFaultClearCommand(app *App) *cobra.Command {
	command := &cobra.Command{Use: "clear", Short: "Forget all faults that still wait for calls", Args: cobra.NoArgs}
	name := addNameFlag(app, command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		n, err := ask(cmd, name, (*emulator.Client).ClearFaults)
		if err != nil {
			return err
		}
		fmt.Fprintf(app.ErrOut, "%s forgotten\n", count(n, "fault"))
		return nil
	}
	return command
}

func (app *App) printFaults(faults []stsfake.Fault) error {
	if len(faults) == 0 {
		fmt.Fprintln(app.ErrOut, "no faults are waiting")
		return nil
	}
	w := tabwriter.NewWriter(app.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tTIMES\tFAULT")
	for _, f := range faults {
		fmt.Fprintf(w, "%s\t%d\t%s\n", cmp.Or(f.Operation, "any"), f.Times, printable(faultText(f)))
	}
	return w.Flush()
}

// faultText says what a fault does.
func faultText(f stsfake.Fault) string {
	text := "an ordinary answer"
	switch {
	case f.Drop:
		text = "the connection is closed"
	case f.Code != "":
		text = fmt.Sprintf("%d %s %s", f.Status, f.Code, f.Message)
	}
	if f.Delay > 0 {
		text = fmt.Sprintf("after %s: %s", f.Delay, text)
	}
	return text
}
