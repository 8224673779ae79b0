package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/scenarios"
)

// runFlags are the flags of `eksemu run`.
type runFlags struct {
	up      upFlags
	reports []string
	explain bool
	quiet   bool
}

func newRunCommand(app *App) *cobra.Command {
	f := &runFlags{}
	command := &cobra.Command{
		Use:   "run [SCENARIO|FILE|DIRECTORY…]",
		Short: "Run scenarios and say which hop decided each, and why",
		Long: `Run scenarios: shipped ones by name, or those of files and directories; without arguments, all that are shipped.

They run against the environment of that name if it is running, and otherwise against a private one that is started
for them and removed afterwards. What a scenario changes is put back.`,
		ValidArgsFunction: completeScenarios,
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	f.up.add(command)
	command.Flags().StringArrayVar(&f.reports, "report", nil, "also write a report: junit=`FILE` or json=FILE; may be repeated")
	command.Flags().BoolVar(&f.explain, "explain", false, "below the table, explain every scenario hop by hop")
	command.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		return app.runScenarios(cmd.Context(), name, f, output, args)
	}
	return command
}

func (app *App) runScenarios(ctx context.Context, name *nameFlag, f *runFlags, output *outputFlag, args []string) (err error) {
	writers, err := reportWriters(f.reports)
	if err != nil {
		return err
	}
	options, err := f.up.options(app, name)
	if err != nil {
		return err
	}
	loader := scenarios.Loader{Environment: options.Config}
	if _, err := emulator.ReadRuntime(options.Dir); err == nil {
		loader.Environment = nil // the runner checks names against the identities of the environment that runs
	}
	list, err := loader.Load(args...)
	if err != nil {
		return fmt.Errorf("nothing was run:\n%w", err)
	}
	client, stop, err := app.environmentForRun(ctx, name, f, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	report, err := app.execute(ctx, client, list, f.quiet)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err := app.show(report, f, output); err != nil {
		return err
	}
	for _, write := range writers {
		if err := write(report); err != nil {
			return exitWith(ExitStart, err)
		}
	}
	switch {
	case ctx.Err() != nil:
		return exitWith(ExitInterrupted, errors.New("interrupted; what the scenarios changed was put back"))
	case report.Failed > 0:
		return exitWith(ExitMismatch, errSilent)
	}
	return nil
}

// environmentForRun attaches to the running environment of that name, or starts a private one. stop ends what was
// started.
func (app *App) environmentForRun(ctx context.Context, name *nameFlag, f *runFlags, options emulator.Options) (*emulator.Client, func() error, error) {
	client, err := emulator.Attach(ctx, options.Dir)
	switch {
	case errors.Is(err, emulator.ErrNotRunning):
		return app.privateEnvironment(ctx, options, f.up.wait, f.quiet)
	case err != nil:
		return nil, nil, exitWith(ExitStart, err)
	case f.up.config != "" || f.up.port != 0 || f.up.fallback != "":
		return nil, nil, fmt.Errorf("environment %s is running as it was configured: leave out --config, --port and --fallback, or choose another --name", name.name)
	}
	unlock, err := app.alone(ctx, client.Dir, f.quiet)
	return client, unlock, err
}

// alone waits until no other run uses the environment: runs change its state and put it back.
func (app *App) alone(ctx context.Context, dir string, quiet bool) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(dir, "run.lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		progress := app.progress(quiet)
		progress.begin("wait for another run in this environment to end")
		locked, err = lock.TryLockContext(ctx, 100*time.Millisecond)
		progress.end(locked)
	}
	if err != nil {
		return nil, exitWith(ExitStart, fmt.Errorf("wait for other runs in the environment: %w", err))
	}
	return lock.Unlock, nil
}

func (app *App) execute(ctx context.Context, client *emulator.Client, list []*scenarios.Scenario, quiet bool) (scenarios.Report, error) {
	environment, err := newTarget(client)
	if err != nil {
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	temp, err := os.MkdirTemp("", "eksemu-run-")
	if err != nil {
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	defer os.RemoveAll(temp) //nolint:errcheck // a temporary folder
	progress := app.progress(quiet)
	progress.begin(fmt.Sprintf("run %s on cluster %s", count(len(list), "scenario"), environment.cluster.Name))
	runner := &scenarios.Runner{
		Environment: environment,
		Executable:  app.Executable,
		LookPath:    app.LookPath,
		Now:         app.Now,
		TempDir:     temp,
		BaseEnv:     app.baseEnviron(),
	}
	report, err := runner.Run(ctx, list)
	progress.end(err == nil)
	return report, err
}

// baseEnviron is what a scenario's children inherit: nothing that leads an AWS client or kubectl elsewhere.
func (app *App) baseEnviron() []string {
	return slices.DeleteFunc(slices.Clone(app.Environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		return strings.HasPrefix(upper, "AWS_") || strings.HasSuffix(upper, "_PROXY") ||
			strings.HasPrefix(upper, "KUBE") || upper == "DEFAULT_ROLE"
	})
}

func (app *App) show(report scenarios.Report, f *runFlags, output *outputFlag) error {
	if output.json() {
		return report.WriteJSON(app.Out)
	}
	if err := report.WriteTable(app.Out, scenarios.TableOptions{Color: app.color(), Width: app.Width}); err != nil {
		return err
	}
	if !f.explain {
		return nil
	}
	for _, result := range report.Scenarios {
		if verdict := deciding(result); verdict != nil {
			fmt.Fprintf(app.Out, "\n%s: %s\n", result.Name, result.Title)
			if err := explain.Write(app.Out, *verdict, explain.TextOptions{Color: app.color()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// deciding is the verdict of the last step that has one.
func deciding(result scenarios.Result) *explain.Verdict {
	var last *explain.Verdict
	for _, step := range result.Steps {
		if step.Verdict != nil {
			last = step.Verdict
		}
	}
	return last
}

// reportWriters reads --report before anything runs.
func reportWriters(reports []string) ([]func(scenarios.Report) error, error) {
	formats := map[string]func(scenarios.Report, io.Writer) error{
		"junit": scenarios.Report.WriteJUnit,
		"json":  scenarios.Report.WriteJSON,
	}
	var writers []func(scenarios.Report) error
	for _, value := range reports {
		format, path, found := strings.Cut(value, "=")
		write := formats[format]
		if !found || write == nil || path == "" {
			return nil, fmt.Errorf("--report %q: use junit=FILE or json=FILE", value)
		}
		writers = append(writers, func(r scenarios.Report) error {
			file, err := os.Create(path)
			if err != nil {
				return fmt.Errorf("write the %s report: %w", format, err)
			}
			return errors.Join(write(r, file), file.Close())
		})
	}
	return writers, nil
}
