package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

const defaultName = "default"

// nameFlag is --name, of every verb that talks to an environment.
type nameFlag struct {
	app  *App
	name string
}

func addNameFlag(app *App, command *cobra.Command) *nameFlag {
	f := &nameFlag{app: app}
	command.Flags().StringVar(&f.name, "name", app.defaultName(), "name of the environment (default from EKSEMU_NAME)")
	_ = command.RegisterFlagCompletionFunc("name", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return app.environments(), cobra.ShellCompDirectiveNoFileComp
	}) // the flag exists
	return f
}

// environments are the names of the environments that have a state folder.
func (app *App) environments() []string {
	entries, err := os.ReadDir(app.StateHome)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && validName(entry.Name()) == nil {
			names = append(names, entry.Name())
		}
	}
	return names
}

func (app *App) defaultName() string {
	if name, ok := app.LookupEnv("EKSEMU_NAME"); ok && name != "" {
		return name
	}
	return defaultName
}

func validName(name string) error {
	if !regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`).MatchString(name) {
		return fmt.Errorf("environment name %q: use 1 to 40 lower-case letters, digits and dashes", name)
	}
	return nil
}

// validStateHome refuses a place for state folders that clients could not be told.
func validStateHome(dir string) error {
	if dir == "" {
		return errors.New("there is no place for the state: set HOME, or XDG_STATE_HOME to a folder that you can write to")
	}
	if strings.ContainsFunc(dir, func(r rune) bool { return r == os.PathListSeparator || unicode.IsControl(r) }) {
		return fmt.Errorf("state folder %q: KUBECONFIG and dotenv files cannot name it, because of a %q or a control character: set XDG_STATE_HOME to another folder", dir, os.PathListSeparator)
	}
	return nil
}

// dir is the environment's state folder.
func (f *nameFlag) dir() (string, error) {
	if err := validName(f.name); err != nil {
		return "", err
	}
	if err := validStateHome(f.app.StateHome); err != nil {
		return "", err
	}
	return filepath.Join(f.app.StateHome, f.name), nil
}

// dirToRemove is dir, also of the private environment of a run.
func (f *nameFlag) dirToRemove() (string, error) {
	if regexp.MustCompile(`^`+regexp.QuoteMeta(privatePrefix)+`[0-9]+(-[0-9]+)?$`).MatchString(f.name) && validStateHome(f.app.StateHome) == nil {
		return filepath.Join(f.app.StateHome, f.name), nil
	}
	return f.dir()
}

// attach finds the running environment; none is an error that says how to start it.
func (f *nameFlag) attach(ctx context.Context) (*emulator.Client, error) {
	dir, err := f.dir()
	if err != nil {
		return nil, err
	}
	client, err := emulator.Attach(ctx, dir)
	if errors.Is(err, emulator.ErrNotRunning) {
		return nil, f.notRunning()
	}
	if err != nil {
		return nil, exitWith(ExitStart, err)
	}
	return client, nil
}

// ask asks the admin API of the environment. What cannot be asked is wrong usage.
func ask[T any](cmd *cobra.Command, f *nameFlag, question func(*emulator.Client, context.Context) (T, error)) (T, error) {
	client, err := f.attach(cmd.Context())
	if err != nil {
		return *new(T), err
	}
	answer, err := question(client, cmd.Context())
	if errors.Is(err, emulator.ErrInvalidRequest) {
		return answer, err
	}
	return answer, exitWith(ExitStart, err)
}

func (f *nameFlag) notRunning() error {
	start := "up" + f.flag()
	if f.name == stsVerb {
		start = stsVerb // which calls its environments so, unless EKSEMU_NAME is set
		if f.app.env("EKSEMU_NAME") != "" {
			start += f.flag()
		}
	}
	return exitWith(ExitStart, fmt.Errorf("environment %s is not running: start it with `eksemu %s --detach`", f.name, start))
}

// flag is how --name has to be repeated in a command that is shown to the user.
func (f *nameFlag) flag() string {
	if f.name == f.app.defaultName() {
		return ""
	}
	return " --name " + f.name
}
