package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/scenarios"
)

func newScenariosCommand(app *App) *cobra.Command {
	command := group(&cobra.Command{Use: "scenarios", Short: "List, show, check and write scenarios"})
	command.AddCommand(
		newScenariosListCommand(app), newScenariosShowCommand(app), newScenariosLintCommand(app), newScenariosNewCommand(app), newScenariosSchemaCommand(app),
	)
	return command
}

func newScenariosListCommand(app *App) *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List the shipped scenarios", Args: cobra.NoArgs}
	output := addOutputFlag(command)
	var only []string
	addOnlyFlag(command, &only)
	command.RunE = func(*cobra.Command, []string) error {
		list, err := scenarios.Loader{}.Catalogue()
		if err != nil {
			return err
		}
		if list, err = scenarios.Only(list, only...); err != nil {
			return err
		}
		if output.json() {
			all := []scenarios.Metadata{}
			for _, scenario := range list {
				all = append(all, scenario.Metadata)
			}
			return app.printJSON(all)
		}
		w := tabwriter.NewWriter(app.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "DECIDED BY\tSCENARIO\tOUTCOME\tTITLE")
		for _, scenario := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", scenario.Hop(), scenario.Metadata.Name, scenario.Metadata.Outcome, scenario.Metadata.Title)
		}
		return w.Flush()
	}
	return command
}

func newScenariosShowCommand(app *App) *cobra.Command {
	command := &cobra.Command{
		Use:               "show SCENARIO",
		Short:             "Show a scenario: its lesson and its steps",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeScenarios,
	}
	output := addOutputFlag(command)
	command.RunE = func(_ *cobra.Command, args []string) error {
		list, err := scenarios.Loader{}.Load(args...)
		if err != nil {
			return err
		}
		if output.json() {
			return app.printJSON(list)
		}
		for _, scenario := range list {
			fmt.Fprintf(app.Out, "%s: %s (%s)\n\n%s\n\n", scenario.Metadata.Name, scenario.Metadata.Title, scenario.Metadata.Outcome, strings.TrimSpace(scenario.Lesson))
			for i, step := range scenario.Steps {
				fmt.Fprintf(app.Out, "%2d. %s\n", i+1, step.Title())
			}
			if len(scenario.Fixed) > 0 {
				fmt.Fprintln(app.Out, "\nFixed:")
			}
			for i, step := range scenario.Fixed {
				fmt.Fprintf(app.Out, "%2d. %s\n", len(scenario.Steps)+i+1, step.Title())
			}
			for i, source := range scenario.Metadata.Sources {
				if i == 0 {
					fmt.Fprintln(app.Out, "\nSeen in:")
				}
				fmt.Fprintf(app.Out, "  %s\n", source)
			}
			fmt.Fprintf(app.Out, "\nRun it: eksemu run %s\n", args[0])
		}
		return nil
	}
	return command
}

func newScenariosLintCommand(app *App) *cobra.Command {
	var path string
	command := &cobra.Command{
		Use:   "lint SCENARIO|FILE|DIRECTORY…",
		Short: "Check scenario files, with file and line of every problem",
		Args:  cobra.MinimumNArgs(1),
	}
	command.Flags().StringVar(&path, "config", "", "environment `file` that the scenarios are for (default: the built-in one)")
	command.RunE = func(_ *cobra.Command, args []string) error {
		environment, err := app.loadConfig(path)
		if err != nil {
			return err
		}
		if err := (scenarios.Loader{Environment: environment}).Lint(args...); err != nil {
			return fmt.Errorf("scenarios have problems:\n%w", err)
		}
		fmt.Fprintln(app.ErrOut, "no problems")
		return nil
	}
	return command
}

func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, err := scenarios.Loader{}.Catalogue()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, scenario := range list {
		names = append(names, cobra.CompletionWithDesc(scenario.Metadata.Name, scenario.Metadata.Title))
	}
	return names, cobra.ShellCompDirectiveDefault
}

func addOnlyFlag(command *cobra.Command, only *[]string) {
	command.Flags().StringSliceVar(only, "only", nil, "only scenarios with one of these `tags`, such as sts,aws-auth")
}
