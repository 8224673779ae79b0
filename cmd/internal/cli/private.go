package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eksemu/eksemu/emulator"
)

// privateEnvironment starts an environment for one run, in a state folder of its own that stop removes.
func (app *App) privateEnvironment(ctx context.Context, options emulator.Options, wait time.Duration, quiet bool) (*emulator.Client, func() error, error) {
	app.removeAbandoned(ctx)
	return app.startPrivate(ctx, fmt.Sprintf("%s%d", privatePrefix, os.Getpid()), options, wait, quiet)
}

// startPrivate starts a private environment of a name.
func (app *App) startPrivate(ctx context.Context, name string, options emulator.Options, wait time.Duration, quiet bool) (*emulator.Client, func() error, error) {
	options.Name = name
	dir := filepath.Join(app.StateHome, options.Name)
	options.Dir, options.InstanceCredentials = dir, instanceCredentials(dir)
	progress := app.progress(quiet)
	options.Progress = progress.begin
	env, err := start(ctx, options, wait)
	progress.end(err == nil)
	if err != nil {
		_ = removeFailed(context.WithoutCancel(ctx), options) // the reason of the failed start is what counts
		return nil, nil, err
	}
	stop := func() error { return exitWith(ExitStart, env.Remove(context.WithoutCancel(ctx))) }
	client, err := emulator.Attach(ctx, dir)
	if err != nil {
		return nil, nil, exitWith(ExitStart, errors.Join(err, stop()))
	}
	return client, stop, nil
}

// privatePrefix begins the names of environments of one run; a process ID follows, and a number where a run has several. No user's environment has such a
// name: validName refuses the dot. Only `eksemu down` takes it, for what is kept of one that could not start.
const privatePrefix = "run."

// keptFile says in the state folder of a private environment that it is there for the user: with the logs of a kind
// cluster that could not be made, or with its nodes.
const keptFile = "kept"

// logsKept is how long logs are kept for the user.
const logsKept = 24 * time.Hour

// removeFailed removes a private environment that could not start, but for what its error names.
func removeFailed(ctx context.Context, options emulator.Options) error {
	_, logs := os.Stat(filepath.Join(emulator.Layout{Dir: options.Dir}.Logs(), "kind"))
	switch {
	case options.Kind.Retain && emulator.KeptBackend(options.Dir) == emulator.BackendKind:
	case logs == nil:
		if err := emulator.RemoveAllButLogs(ctx, options.Dir, options.ToolEnv); err != nil {
			return err
		}
	default:
		return emulator.RemoveState(ctx, options.Dir, options.ToolEnv)
	}
	return os.WriteFile(filepath.Join(options.Dir, keptFile), nil, 0o600)
}

// removeAbandoned removes the state folders of private environments whose process was killed: it holds their locks no
// more. A young one without a lock stays: another run may have made it a moment ago. So does what the user was told
// about: nodes until `eksemu down`, and logs for a day.
func (app *App) removeAbandoned(ctx context.Context) {
	dirs, err := filepath.Glob(filepath.Join(app.StateHome, privatePrefix+"[0-9]*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		age := app.Now().Sub(info.ModTime())
		_, unlocked := os.Stat(filepath.Join(dir, "lock"))
		_, kept := os.Stat(filepath.Join(dir, keptFile))
		if kept == nil && (emulator.KeptBackend(dir) != "" || age < logsKept) || unlocked != nil && age <= time.Minute {
			continue
		}
		_ = emulator.RemoveState(ctx, dir, app.toolEnviron()) // one that is in use is refused, and stays
	}
}
