package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

// instanceCredentialsVerb is the hidden verb that profiles of EC2 instances name as their credential_process: it
// stands for the instance metadata service.
const instanceCredentialsVerb = "__instance-credentials"

// instanceCredentials returns the arguments that print the credentials of an instance whose name follows.
func instanceCredentials(dir string) []string {
	return []string{instanceCredentialsVerb, "--state-dir", dir}
}

func newInstanceCredentialsCommand(app *App) *cobra.Command {
	var dir string
	command := &cobra.Command{Use: instanceCredentialsVerb, Hidden: true, Args: cobra.ExactArgs(1)}
	command.Flags().StringVar(&dir, "state-dir", "", "")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := emulator.Attach(cmd.Context(), dir)
		if err != nil {
			return exitWith(ExitStart, fmt.Errorf("credentials of %s: the environment in %s: %w", args[0], dir, err))
		}
		credentials, err := client.Credentials(cmd.Context(), args[0])
		if err != nil {
			return exitWith(ExitMismatch, err)
		}
		fmt.Fprintf(app.Out, "%s\n", credentials)
		return nil
	}
	return command
}
