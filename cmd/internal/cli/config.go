package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator/config"
)

func newConfigCommand(app *App) *cobra.Command {
	command := group(&cobra.Command{Use: "config", Short: "Write and check environment files"})
	command.AddCommand(newConfigInitCommand(app), newConfigLintCommand(app))
	return command
}

func newConfigInitCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write the built-in environment, commented, as a starting point for your own",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "-" { // as every command of eksemu has it
				_, err := app.Out.Write(config.DefaultYAML())
				return err
			}
			file, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // it holds no secret
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s exists and is left as it is: choose another name", args[0])
			}
			if err != nil {
				return err
			}
			_, err = file.Write(config.DefaultYAML())
			if err := errors.Join(err, file.Close()); err != nil {
				return err
			}
			fmt.Fprintf(app.ErrOut, "%s is written. Edit it, then: eksemu up --config %s\n", args[0], args[0])
			return nil
		},
	}
}

func newConfigLintCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE",
		Short: "Check an environment file, with file and line of every problem",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := app.loadConfig(args[0]); err != nil {
				return err
			}
			fmt.Fprintln(app.ErrOut, "no problems")
			return nil
		},
	}
}

// readFile reads a file, or standard input for "-".
func (app *App) readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(app.In)
	}
	return os.ReadFile(path)
}
