package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gotest.tools/v3/golden"
)

// commands are all commands of eksemu itself: cobra's own completion and help are left out.
func commands(w *world) []*cobra.Command {
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, c)
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(newRootCommand(w.App))
	return all
}

// TestHelp holds the help text of every command.
func TestHelp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, command := range commands(w) {
		if command.Hidden {
			continue
		}
		path := strings.Fields(command.CommandPath())
		got := w.run(append([]string{"help"}, path[1:]...)...)
		got.want(t, ExitOK, "")
		golden.Assert(t, got.out, filepath.Join("help", strings.Join(path, "-")+".txt"))
		if command.DisableFlagParsing {
			continue // its --help is another program's
		}
		if flag := w.run(append(path[1:], "--help")...); flag != got {
			t.Errorf("%s --help is not its help: %+v", command.CommandPath(), flag)
		}
	}
}

func TestHelpUnderUpstreamsNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aws-iam-authenticator", "/usr/local/bin/heptio-authenticator-aws"} {
		w := newWorld(t)
		w.Args0 = name
		got := w.run("--help")
		got.want(t, ExitOK, "")
		golden.Assert(t, got.out, "help/aws-iam-authenticator.txt")
		w.run("up").want(t, ExitUsage, "error: unknown command \"up\" for \"aws-iam-authenticator\"\n")
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, command := range commands(newWorld(t)) {
		if !command.Hidden && (command.Short == "" || strings.HasSuffix(command.Short, ".")) {
			t.Errorf("%s: short description %q", command.CommandPath(), command.Short)
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !command.Hidden && f.Usage == "" {
				t.Errorf("%s --%s is not described", command.CommandPath(), f.Name)
			}
		})
	}
}

// TestAnswersForProgramsHaveJSON checks that the verbs with data have the flag.
func TestAnswersForProgramsHaveJSON(t *testing.T) {
	t.Parallel()
	for _, command := range commands(newWorld(t)) {
		has := command.Flags().Lookup("output") != nil
		want := slices.Contains([]string{
			"eksemu status", "eksemu explain", "eksemu trace", "eksemu run", "eksemu version", "eksemu scenarios list", "eksemu scenarios show",
			"eksemu fault list", "eksemu clock show", "eksemu clock advance", "eksemu mfa",
		}, command.CommandPath())
		if has != want {
			t.Errorf("%s has -o: %t", command.CommandPath(), has)
		}
	}
}
