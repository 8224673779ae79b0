package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

func newLogsCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:   "logs [COMPONENT]",
		Short: "Print the log of a child process, or list the logs",
		Args:  cobra.MaximumNArgs(1),
	}
	name := addNameFlag(app, command)
	command.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		dir, err := name.dir()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return logNames(dir), cobra.ShellCompDirectiveNoFileComp
	}
	command.RunE = func(_ *cobra.Command, args []string) error {
		dir, err := name.dir()
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return app.listLogs(name, dir)
		}
		return app.printLog(name, dir, args[0])
	}
	return command
}

// logNames returns the components that have a log, also of an environment that is not running.
func logNames(dir string) []string {
	paths, err := filepath.Glob(filepath.Join(emulator.Layout{Dir: dir}.Logs(), "*.log"))
	if err != nil {
		return nil
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".log"))
	}
	return names
}

func (app *App) listLogs(name *nameFlag, dir string) error {
	components := logNames(dir)
	if len(components) == 0 {
		return exitWith(ExitStart, fmt.Errorf("environment %s has no logs: start it with `eksemu up`", name.name))
	}
	for _, component := range components {
		fmt.Fprintf(app.Out, "%s\t%s\n", component, filepath.Join(emulator.Layout{Dir: dir}.Logs(), component+".log"))
	}
	return nil
}

func (app *App) printLog(name *nameFlag, dir, component string) error {
	if component != filepath.Base(component) {
		return fmt.Errorf("component %q: use one of %s", component, strings.Join(logNames(dir), ", "))
	}
	file, err := os.Open(filepath.Join(emulator.Layout{Dir: dir}.Logs(), component+".log"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("environment %s has no component %q, it has: %s", name.name, component, strings.Join(logNames(dir), ", "))
	}
	if err != nil {
		return exitWith(ExitStart, err)
	}
	defer file.Close() //nolint:errcheck // only read
	return copyRedacted(app.Out, file)
}
