package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

// envFormats writes variables, and the names of variables to unset, as a consumer wants them.
var envFormats = map[string]func(app *App, set []emulator.Variable, unset []string) error{
	"sh":     writeSh,
	"fish":   writeFish,
	"dotenv": writeDotenv,
	"github": writeGitHub,
	"json":   writeEnvJSON,
}

func newEnvCommand(app *App) *cobra.Command {
	var format, identity string
	var undo bool
	command := &cobra.Command{
		Use:   "env",
		Short: "Print the variables that make AWS clients and kubectl use the environment",
		Long: `Print the variables that make AWS clients and kubectl use a running environment, for your shell to evaluate:

  eval "$(eksemu env)"                # bash, zsh
  eksemu env --format fish | source   # fish
  eksemu env --format github          # appends to $GITHUB_ENV
  eval "$(eksemu env --unset)"        # back to AWS, and to the proxy that the shell had before

Variables of your shell that would lead AWS clients elsewhere are unset; json has null for them, and dotenv, which cannot
unset a variable, a comment.`,
		Args: cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	command.Flags().StringVar(&format, "format", "sh", "sh, fish, dotenv, github or json")
	command.Flags().StringVar(&identity, "as", "", "identity to act as (default: the creator of the cluster)")
	command.Flags().BoolVar(&undo, "unset", false, "print how to take it back instead; the environment need not run (sh and fish)")
	command.MarkFlagsMutuallyExclusive("unset", "as")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(envFormatNames(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	_ = command.RegisterFlagCompletionFunc("as", name.completeIdentities)                                                          // the flag exists
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		write := envFormats[format]
		if write == nil {
			return fmt.Errorf("--format %q: use one of %s", format, strings.Join(envFormatNames(), ", "))
		}
		if undo {
			if format != "sh" && format != "fish" {
				return fmt.Errorf("--unset --format %s: only a shell can unset a variable: use sh or fish", format)
			}
			set, unset := app.undoEnv()
			return write(app, set, unset)
		}
		client, err := name.attach(cmd.Context())
		if err != nil {
			return err
		}
		if err := checkIdentity(client.Runtime, identity); err != nil {
			return err
		}
		set := slices.Concat(emulator.Variables(client.Dir, client.Runtime, identity), app.keepProxy())
		unset := emulator.Misleading(func(name string) bool { _, ok := app.LookupEnv(name); return ok })
		unset = slices.DeleteFunc(unset, func(name string) bool {
			return slices.ContainsFunc(set, func(v emulator.Variable) bool { return v.Name == name })
		})
		if format == "github" {
			set, unset = append(set, neutral(unset, set, client.Runtime.Region)...), nil
		}
		return write(app, set, unset)
	}
	return command
}

func envFormatNames() []string { return []string{"sh", "fish", "dotenv", "github", "json"} }

// checkIdentity says which identities there are if name is none of them. "" is fine.
func checkIdentity(r emulator.Runtime, name string) error {
	var names []string
	for _, identity := range r.Identities {
		if identity.Name == name {
			return nil
		}
		names = append(names, identity.Name)
	}
	if name == "" {
		return nil
	}
	return fmt.Errorf("identity %q: environment %s has %s", name, r.Name, strings.Join(names, ", "))
}

func (f *nameFlag) completeIdentities(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := f.attach(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, identity := range client.Runtime.Identities {
		names = append(names, identity.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func writeSh(app *App, set []emulator.Variable, unset []string) error {
	for _, name := range unset {
		fmt.Fprintf(app.Out, "unset %s\n", name)
	}
	for _, v := range set {
		fmt.Fprintf(app.Out, "export %s=%s\n", v.Name, shellQuote(v.Value))
	}
	return nil
}

func writeFish(app *App, set []emulator.Variable, unset []string) error {
	for _, name := range unset {
		fmt.Fprintf(app.Out, "set -e %s\n", name)
	}
	for _, v := range set {
		fmt.Fprintf(app.Out, "set -gx %s %s\n", v.Name, fishQuote(v.Value))
	}
	return nil
}

// writeDotenv has a comment for what a dotenv file cannot unset.
func writeDotenv(app *App, set []emulator.Variable, unset []string) error {
	for _, name := range unset {
		fmt.Fprintf(app.Out, "# unset %s\n", name)
	}
	for _, v := range set {
		fmt.Fprintf(app.Out, "%s=%s\n", v.Name, dotenvQuote(v.Value))
	}
	return nil
}

// dotenvQuote quotes a value for dotenv files if it needs it: docker --env-file knows no quotes. The readers agree that
// nothing counts within single quotes, but not on how to write one in there; so a value that has one is in double quotes,
// with the escapes of Docker Compose (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/).
func dotenvQuote(value string) string {
	switch {
	case !strings.ContainsAny(value, " \t\n'\"\\$`#"):
		return value
	case !strings.Contains(value, "'"):
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value) + `"`
}

// writeGitHub appends to the file that GitHub Actions names in GITHUB_ENV; later steps of the job have the
// variables (https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#environment-files).
func writeGitHub(app *App, set []emulator.Variable, _ []string) error {
	path, ok := app.LookupEnv("GITHUB_ENV")
	if !ok || path == "" {
		return fmt.Errorf("--format github: GITHUB_ENV is not set; outside of GitHub Actions use --format dotenv")
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the runner's own file
	if err != nil {
		return exitWith(ExitStart, fmt.Errorf("append to GITHUB_ENV: %w", err))
	}
	for _, v := range set {
		fmt.Fprintf(file, "%s=%s\n", v.Name, v.Value)
	}
	if err := file.Close(); err != nil {
		return exitWith(ExitStart, fmt.Errorf("append to GITHUB_ENV: %w", err))
	}
	return nil
}

// neutral gives misleading variables values with which AWS clients do what they do without them, for GitHub Actions,
// which cannot unset a variable. Most are neutral when they are empty. But the aws CLI takes an empty profile or region
// at its word, and Python an empty https_proxy for "no proxy".
func neutral(misleading []string, set []emulator.Variable, region string) []emulator.Variable {
	values := map[string]string{
		"AWS_PROFILE": "default", "AWS_DEFAULT_PROFILE": "default", "AWS_REGION": region, "AWS_DEFAULT_REGION": region,
	}
	for _, v := range set {
		switch v.Name {
		case "AWS_PROFILE":
			values["AWS_DEFAULT_PROFILE"] = v.Value
		case "HTTPS_PROXY", "NO_PROXY":
			values[strings.ToLower(v.Name)] = v.Value
		}
	}
	var list []emulator.Variable
	for _, name := range misleading {
		list = append(list, emulator.Variable{Name: name, Value: values[name]})
	}
	return list
}

// writeEnvJSON has null for a variable to unset.
func writeEnvJSON(app *App, set []emulator.Variable, unset []string) error {
	values := make(map[string]any, len(set)+len(unset))
	for _, name := range unset {
		values[name] = nil
	}
	for _, v := range set {
		values[v.Name] = v.Value
	}
	return app.printJSON(values)
}

// fishQuote quotes a value for fish, where a backslash counts within single quotes
// (https://fishshell.com/docs/current/language.html#quotes).
func fishQuote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// shellQuote quotes a value for POSIX shells, where it needs quotes.
func shellQuote(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\n'\"\\$`&|;<>()*?[]#~=%!{}") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
