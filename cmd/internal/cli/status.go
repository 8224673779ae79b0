package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/redact"
)

func newStatusCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Show what is running, and as whom it can be used",
		Args:  cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		client, err := name.attach(cmd.Context())
		if err != nil {
			return err
		}
		status, err := client.Status(cmd.Context())
		if err != nil {
			return exitWith(ExitStart, err)
		}
		runtime := client.Runtime
		runtime.AdminToken = ""
		if output.json() {
			return app.printJSON(struct {
				emulator.Runtime
				Components  []emulator.ComponentStatus `json:"components"`
				ClockOffset time.Duration              `json:"clockOffset"` // of STS, ahead of the real clock, in nanoseconds
				Faults      int                        `json:"faults"`      // that wait for STS calls
				StateDir    string                     `json:"stateDir"`
			}{runtime, status.Components, status.ClockOffset, status.Faults, client.Dir})
		}
		return app.printStatus(client, status)
	}
	return command
}

// componentText tells how a child is and, if it is not up, why, in one line.
func componentText(c emulator.ComponentStatus) string {
	text := fmt.Sprintf("%s  %s  pid %d  restarts %d", c.Name, c.State, c.PID, c.Restarts)
	if c.PID == 0 && c.State == "ready" { // a node, which is no process of this machine
		text = fmt.Sprintf("%s  %s  restarts %d", c.Name, c.State, c.Restarts)
	}
	if c.State == "ready" || c.Error == "" {
		return text
	}
	lines := strings.Split(strings.TrimSpace(c.Error), "\n")
	reason := lines[0]
	if last := strings.TrimSpace(lines[len(lines)-1]); len(lines) > 1 {
		reason += " " + last
	}
	return fmt.Sprintf("%s  %s (see `eksemu logs %s`)", text, printable(redact.Text(reason)), c.Name)
}

func (app *App) printStatus(client *emulator.Client, status emulator.Status) error {
	r := client.Runtime
	w := tabwriter.NewWriter(app.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "environment\t%s (pid %d, account %s, region %s)\n", r.Name, r.PID, r.Account, r.Region)
	fmt.Fprintf(w, "state\t%s\n", client.Dir)
	fmt.Fprintf(w, "gateway\t%s\n", r.Gateway)
	for _, c := range r.Clusters {
		fmt.Fprintf(w, "cluster\t%s  %s\n", c.Name, c.Endpoint)
	}
	for _, c := range status.Components {
		fmt.Fprintf(w, "process\t%s\n", componentText(c))
	}
	if status.ClockOffset != 0 {
		fmt.Fprintf(w, "clock\tthat of STS is %s (see `eksemu clock`)\n", offsetText(status.ClockOffset))
	}
	if status.Faults > 0 {
		fmt.Fprintf(w, "faults\t%d waiting for STS calls (see `eksemu fault list`)\n", status.Faults)
	}
	for _, i := range r.Identities {
		fmt.Fprintf(w, "identity\t%s  %s\n", i.Name, i.ARN)
	}
	return w.Flush()
}
