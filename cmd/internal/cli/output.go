package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

// outputFlag is -o of the verbs whose answer a program would read.
type outputFlag string

func addOutputFlag(command *cobra.Command) *outputFlag {
	o := outputFlag("text")
	command.Flags().VarP(&o, "output", "o", "format of the answer: text or json")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return &o
}

// String implements pflag.Value.
func (o *outputFlag) String() string { return string(*o) }

// Type implements pflag.Value.
func (*outputFlag) Type() string { return "format" }

// Set implements pflag.Value.
func (o *outputFlag) Set(value string) error {
	if value != "text" && value != "json" {
		return fmt.Errorf("%q is neither text nor json", value)
	}
	*o = outputFlag(value)
	return nil
}

func (o *outputFlag) json() bool { return *o == "json" }

// printJSON writes a value as indented JSON to stdout.
func (app *App) printJSON(value any) error {
	encoder := json.NewEncoder(app.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// color tells whether text for people may be coloured (https://no-color.org).
func (app *App) color() bool {
	if none, ok := app.LookupEnv("NO_COLOR"); ok && none != "" {
		return false
	}
	if term, _ := app.LookupEnv("TERM"); term == "dumb" {
		return false
	}
	return app.Terminal
}
