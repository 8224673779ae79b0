package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/scenarios"
)

func newScenariosNewCommand(app *App) *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a commented scenario that passes, as a starting point for your own",
		Args:  cobra.ExactArgs(1),
	}
	command.Flags().StringVar(&dir, "dir", ".", "`folder` of the file, which is made where there is none")
	command.RunE = func(_ *cobra.Command, args []string) error {
		path := filepath.Join(dir, args[0]+".yaml")
		if err := writeTemplate(args[0], path); err != nil {
			return err
		}
		schema := filepath.Join(dir, scenarios.SchemaFile)
		fmt.Fprintf(app.ErrOut, `%s is written. It passes; make it yours, then:
  eksemu scenarios lint %s
  eksemu run %s
Have your editor complete and check it (once for a folder):
  eksemu scenarios schema >%s
`, path, shellQuote(path), shellQuote(path), shellQuote(schema))
		return nil
	}
	return command
}

// writeTemplate writes a new scenario to a file that is not there yet.
func writeTemplate(name, path string) error {
	text, err := scenarios.Template(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // it holds no secret
		return fmt.Errorf("make the folder of the scenario (choose another with --dir): %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // it holds no secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and is left as it is: choose another name", path)
	}
	if err != nil {
		return fmt.Errorf("write the scenario (choose another folder with --dir): %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func newScenariosSchemaCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|report]",
		Short: "Print the JSON Schema of scenario files, or of the JSON report of a run",
		Long: `Print the JSON Schema of scenario files, for editors, or that of the report that a run writes with -o json or
--report json=FILE, for programs.

An editor with the YAML language server takes the schema that the first line of a scenario names, here a file next to it:

  # yaml-language-server: $schema=` + scenarios.SchemaFile + `

  eksemu scenarios schema >` + scenarios.SchemaFile,
		ValidArgs: []string{"scenario", "report"},
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		RunE: func(_ *cobra.Command, args []string) error {
			schema := scenarios.Schema()
			if len(args) > 0 && args[0] == "report" {
				schema = scenarios.ReportSchema()
			}
			_, err := app.Out.Write(schema)
			return err
		},
	}
}
