package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// logNames returns the components that have a log, also of an environment that is not running. Those of clusters other than
// the first are called CLUSTER/COMPONENT, as in the status.
func logNames(dir string) []string {
	logs := os.DirFS(emulator.Layout{Dir: dir}.Logs())
	var names []string
	for _, pattern := range []string{"*.log", "*/*.log"} {
		paths, err := fs.Glob(logs, pattern)
		if err != nil {
			continue // the patterns are well-formed
		}
		for _, name := range paths {
			names = append(names, strings.TrimSuffix(name, ".log"))
		}
	}
	return names
}

func (app *App) listLogs(name *nameFlag, dir string) error {
	components := logNames(dir)
	if len(components) == 0 {
		return errNoLogs(name)
	}
	for _, component := range components {
		fmt.Fprintf(app.Out, "%s\t%s\n", component, filepath.Join(emulator.Layout{Dir: dir}.Logs(), component+".log"))
	}
	return nil
}

func errNoLogs(name *nameFlag) error {
	return exitWith(ExitStart, fmt.Errorf("environment %s has no logs: start it with `eksemu up`", name.name))
}

func (app *App) printLog(name *nameFlag, dir, component string) error {
	names := logNames(dir)
	if len(names) == 0 {
		return errNoLogs(name)
	}
	if !slices.Contains(names, component) {
		return fmt.Errorf("environment %s has no log of component %q: use one of %s", name.name, component, strings.Join(names, ", "))
	}
	file, err := os.Open(filepath.Join(emulator.Layout{Dir: dir}.Logs(), component+".log"))
	if err != nil {
		return exitWith(ExitStart, err)
	}
	defer file.Close() //nolint:errcheck // only read
	return copyRedacted(app.Out, file)
}
