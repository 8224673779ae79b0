package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/version"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/config"
)

// upFlags are the flags that say which environment to start and how.
type upFlags struct {
	verb     string // upVerb, stsVerb for an environment without clusters, or "" for one of a run
	config   string
	port     int
	wait     time.Duration
	fallback string
	ahead    time.Duration // clock of the AWS side
	backend  backendFlags
}

func (f *upFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.config, "config", "", "environment `file`, - for standard input (default: the built-in one, see `eksemu config init`)")
	command.Flags().IntVar(&f.port, "port", 0, "`port` of the AWS endpoint and proxy on 127.0.0.1 (default: any free one)")
	command.Flags().DurationVar(&f.wait, "wait", defaultWait, "how long getting ready may take")
	command.Flags().StringVar(&f.fallback, "fallback", "", "`URL` of another emulator, for AWS hosts that eksemu does not emulate")
}

const upVerb = "up"

func newUpCommand(app *App) *cobra.Command {
	f := &upFlags{verb: upVerb}
	command := &cobra.Command{
		Use:   "up",
		Short: "Start an environment: STS, IAM, EKS API, API server and authenticator",
		Args:  cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	f.add(command)
	f.backend.add(app, command)
	f.runWith(app, command, name)
	return command
}

// runWith makes a command start the environment that the flags describe, in the foreground or in the background.
func (f *upFlags) runWith(app *App, command *cobra.Command, name *nameFlag) {
	var detach, quiet bool
	command.Flags().BoolVarP(&detach, "detach", "d", false, "return when it is ready and leave it running in the background")
	command.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	var report int
	command.Flags().IntVar(&report, "report-fd", 0, "")
	_ = command.Flags().MarkHidden("report-fd") // the flag exists
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		if detach && f.config == "-" {
			return errors.New("--config - cannot be combined with --detach: save the configuration to a file")
		}
		env, err := f.options(app, name)
		if err != nil {
			return err
		}
		switch {
		case report != 0:
			return app.upInBackground(cmd.Context(), env, f.wait, os.NewFile(uintptr(report), "report"))
		case detach:
			return app.upDetached(cmd.Context(), name, f, env, quiet)
		default:
			return app.upInForeground(cmd.Context(), name, f, env, quiet)
		}
	}
}

// options loads and checks everything that can be wrong before anything starts.
func (f *upFlags) options(app *App, name *nameFlag) (emulator.Options, error) {
	dir, err := name.dir()
	if err != nil {
		return emulator.Options{}, err
	}
	load := app.loadConfig
	if f.verb == stsVerb {
		load = app.loadIdentities
	}
	environment, err := load(f.config)
	if err != nil {
		return emulator.Options{}, err
	}
	if f.wait <= 0 {
		return emulator.Options{}, fmt.Errorf("--wait %s: give it some time, such as 2m", f.wait)
	}
	if f.port < 0 || f.port > 65535 {
		return emulator.Options{}, fmt.Errorf("--port %d: use 0 (any free one) to 65535", f.port)
	}
	var fallback *url.URL
	if f.fallback != "" {
		if fallback, err = url.Parse(f.fallback); err != nil || fallback.Host == "" || fallback.Scheme != "http" && fallback.Scheme != "https" {
			return emulator.Options{}, fmt.Errorf("--fallback %q: give the URL of another emulator, such as http://127.0.0.1:4566", f.fallback)
		}
	}
	var kept emulator.Backend
	if f.verb == upVerb {
		kept = emulator.KeptBackend(dir)
	}
	backend, err := f.backend.options(kept)
	if err != nil {
		return emulator.Options{}, err
	}
	return emulator.Options{
		Backend:             backend.name,
		Kind:                backend.kind,
		KindCluster:         backend.cluster,
		BackendVariable:     backend.variable,
		ToolEnv:             app.toolEnviron(),
		Name:                name.name,
		Dir:                 dir,
		Config:              environment,
		Port:                f.port,
		Fallback:            fallback,
		Proxy:               app.proxy(),
		Executable:          app.Executable,
		Command:             childCommand,
		AWSCommand:          app.find("aws"),
		InstanceCredentials: instanceCredentials(dir),
		Path:                app.env("PATH"),
		Version:             app.version(),
		Kubernetes:          version.DefaultKubeBinaryVersion,
		Now:                 app.Now,
		ClockOffset:         f.ahead,
	}, nil
}

// find returns a program's name if it is on PATH, else "".
func (app *App) find(program string) string {
	if _, err := app.LookPath(program); err != nil {
		return ""
	}
	return program
}

// upInForeground runs the environment until it is interrupted or stopped by `eksemu down`.
func (app *App) upInForeground(ctx context.Context, name *nameFlag, f *upFlags, options emulator.Options, quiet bool) error {
	progress := app.progress(quiet)
	options.Progress = progress.begin
	env, err := start(ctx, options, f.wait)
	progress.end(err == nil)
	if err != nil {
		return err
	}
	app.printNotes(env.Notes())
	app.printReady(name, env.Runtime(), false)
	return app.await(ctx, env)
}

// printNotes says what the user should know about a start that succeeded.
func (app *App) printNotes(notes []string) {
	for _, note := range notes {
		fmt.Fprintln(app.ErrOut, "note:", note)
	}
}

// running is what can be waited for: an environment.
type running interface {
	Done() <-chan struct{}
	Err() error
	Stop(ctx context.Context) error
}

var _ running = (*emulator.Environment)(nil)

// await waits until an environment is interrupted or shall end, and stops it. What broke it is an error.
func (app *App) await(ctx context.Context, env running) error {
	select {
	case <-ctx.Done():
		fmt.Fprintln(app.ErrOut, "stopping; the environment's state is kept for its next start")
	case <-env.Done():
	}
	broke := env.Err()
	if err := errors.Join(broke, env.Stop(context.WithoutCancel(ctx))); err != nil {
		return exitWith(ExitStart, err)
	}
	if ctx.Err() != nil {
		return exitWith(ExitInterrupted, errSilent)
	}
	return nil
}

// start starts an environment and gives its errors their exit codes.
func start(ctx context.Context, options emulator.Options, wait time.Duration) (*emulator.Environment, error) {
	limited, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("not ready after %s (give it more with --wait)", wait))
	defer cancel()
	env, err := emulator.Start(limited, options)
	switch {
	case err == nil:
		return env, nil
	case ctx.Err() != nil:
		return nil, exitWith(ExitInterrupted, fmt.Errorf("interrupted while starting environment %s; %s", options.Name, leftRunning(err)))
	case limited.Err() != nil:
		return nil, exitWith(ExitTimeout, fmt.Errorf("environment %s: %w: %w", options.Name, context.Cause(limited), err))
	default:
		return nil, exitWith(ExitStart, err)
	}
}

// leftRunning says what of a start that was interrupted is left, which is nothing unless it could not be taken down.
func leftRunning(err error) string {
	var left *cluster.LeftError
	if errors.As(err, &left) {
		return left.Error()
	}
	return "nothing is left running"
}

// loadConfig reads the environment file of an environment with its cluster.
func (app *App) loadConfig(path string) (*config.Environment, error) {
	environment, err := app.readConfig(path)
	if err != nil {
		return nil, err
	}
	if n := len(environment.Clusters); n != 1 {
		return nil, fmt.Errorf("environment file %s has %s under clusters, nothing was started: an environment runs exactly one", path, count(n, "cluster"))
	}
	return environment, nil
}

// readConfig reads the environment file, "" for the built-in one; problems are listed with file and line.
func (app *App) readConfig(path string) (*config.Environment, error) {
	if path == "" {
		return config.Default(), nil
	}
	raw, err := app.readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the environment file: %w", err)
	}
	environment, problems := config.Load(path, raw, config.Options{
		KubernetesVersion: version.DefaultKubeBinaryVersion,
		ReadFile:          func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(filepath.Dir(path), name)) },
	})
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s in environment file %s, nothing was started:\n%w", count(len(problems), "problem"), path, problems)
	}
	return environment, nil
}

// count is a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// printReady tells what to do next.
func (app *App) printReady(name *nameFlag, r emulator.Runtime, detached bool) {
	if len(r.Clusters) == 0 {
		app.printSTSReady(name, r, detached)
		return
	}
	cluster := r.Clusters[0].Name
	where := "In another shell:"
	if detached {
		where = "Now:"
	}
	fmt.Fprintf(app.ErrOut, `
Environment %s is ready: cluster %s at %s. %s

  eval "$(eksemu env%s)"
  aws sts get-caller-identity
  kubectl auth can-i get pods
`, r.Name, cluster, r.Clusters[0].Endpoint, where, name.flag())
	if r.Has("alice", "bob", "mallory") {
		fmt.Fprintf(app.ErrOut, `  kubectl --context alice@%[1]s auth can-i get pods     # yes
  kubectl --context bob@%[1]s auth can-i get pods       # no
  kubectl --context mallory@%[1]s auth can-i get pods   # Unauthorized
`, cluster)
	}
	fmt.Fprintf(app.ErrOut, "  eksemu explain%s   # which hop decided, and why\n\n", name.flag())
	app.printHowToStop(name, detached)
}

func (app *App) printHowToStop(name *nameFlag, detached bool) {
	if detached {
		fmt.Fprintf(app.ErrOut, "Stop it with `eksemu down%s`.\n", name.flag())
	} else {
		fmt.Fprintf(app.ErrOut, "Stop it with Ctrl-C or `eksemu down%s`.\n", name.flag())
	}
}

var errNotReady = errors.New("the background process ended before it was ready")
