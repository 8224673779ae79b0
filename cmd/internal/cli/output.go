package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

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

// watchedWriter remembers the first error of a write, so that no verb calls it success when its answer is lost.
type watchedWriter struct {
	io.Writer
	err error
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// blame is the error of a verb, or that of its output if this is why it failed, or if it took no notice of it.
func (w *watchedWriter) blame(err error) error {
	switch {
	case w.err == nil || err != nil && !errors.Is(err, w.err) && !errors.Is(err, errSilent):
		return err
	case errors.Is(w.err, syscall.EPIPE):
		return exitWith(ExitPipe, errSilent)
	default:
		return exitWith(ExitStart, fmt.Errorf("write to standard output: %w", w.err))
	}
}

// color tells whether text for people may be coloured (https://no-color.org) on a stream that is a terminal or not.
func (app *App) color(terminal bool) bool {
	if none, ok := app.LookupEnv("NO_COLOR"); ok && none != "" {
		return false
	}
	if term, _ := app.LookupEnv("TERM"); term == "dumb" {
		return false
	}
	return terminal
}
