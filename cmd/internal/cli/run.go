package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

	only     []string
	parallel int
	keep     bool
	step     bool
}

func newRunCommand(app *App) *cobra.Command {
	f := &runFlags{}
	command := &cobra.Command{
		Use:   "run [SCENARIO|FILE|DIRECTORY…]",
		Short: "Run scenarios and say which hop decided each, and why",
		Long: `Run scenarios: shipped ones by name, or those of files and directories; without arguments, all that are shipped.

They run against the environment of that name if it is running, and otherwise against a private one that is started
for them and removed afterwards. What a scenario changes is put back.

In a workflow of GitHub Actions, the step's summary has a table of the scenarios and explains those that failed, and the
steps that failed are annotated in their files (GITHUB_STEP_SUMMARY, GITHUB_ACTIONS).`,
		ValidArgsFunction: completeScenarios,
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	f.up.add(command)
	f.up.backend.add(app, command)
	command.Flags().StringArrayVar(&f.reports, "report", nil, "also write a report: junit=`FILE`, json=FILE or github=FILE (Markdown), - is standard output; may be repeated")
	command.Flags().BoolVar(&f.explain, "explain", false, "below the table, explain every scenario hop by hop")
	command.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	addOnlyFlag(command, &f.only)
	command.Flags().IntVar(&f.parallel, "parallel", 1, "run in so many private environments side by side")
	command.Flags().BoolVar(&f.keep, "keep", false, "stop at a scenario that fails, and leave what it changed as it is, but for what it did with the EKS and IAM APIs; needs a running environment")
	command.Flags().BoolVar(&f.step, "step", false, "show each lesson, and wait for Enter before each step, for workshops")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		return app.runScenarios(cmd.Context(), name, f, output, args)
	}
	return command
}

func (app *App) runScenarios(ctx context.Context, name *nameFlag, f *runFlags, output *outputFlag, args []string) error {
	app.KeepPipes() // `eksemu run | head` must clean up, too
	options, err := f.up.options(app, name)
	if err != nil {
		return err
	}
	loader := scenarios.Loader{Environment: options.Config}
	if _, err := emulator.ReadRuntime(options.Dir); err == nil {
		loader.Environment = nil // the runner checks names against the identities of the environment that runs
	}
	list, err := loader.Load(args...)
	if err == nil {
		list, err = scenarios.Only(list, f.only...)
	}
	if err != nil {
		return fmt.Errorf("nothing was run:\n%w", err)
	}
	if err := f.check(options.KindCluster); err != nil {
		return err
	}
	reports, err := openReports(f.reports)
	if err != nil {
		return err
	}
	if output.json() && toStdout(reports) {
		abandon(reports)
		return errors.New("-o json and a --report on standard output: leave out one of them")
	}
	reports = app.withSummary(reports)
	err = app.runInEnvironment(ctx, name, f, options, list, func(report scenarios.Report) error {
		return errors.Join(app.show(report, f, output, toStdout(reports)), app.writeReports(report, reports), app.annotate(report))
	})
	abandon(reports)
	return err
}

// runInEnvironment runs scenarios in the running environment of that name, or in a private one, and tells what came
// out: of a run that is interrupted, what was done until then.
func (app *App) runInEnvironment(ctx context.Context, name *nameFlag, f *runFlags, options emulator.Options, list []*scenarios.Scenario, tell func(scenarios.Report) error) (err error) {
	home, err := homeOf(app.env("HOME"))
	if err != nil {
		return exitWith(ExitStart, err)
	}
	var report scenarios.Report
	if f.parallel > 1 {
		report, err = app.executeParallel(ctx, f, options, list, home)
	} else {
		client, stop, begun := app.environmentForRun(ctx, name, f, options)
		if begun != nil {
			return begun
		}
		defer func() { err = errors.Join(err, stop()) }()
		report, err = app.execute(ctx, client, list, home, f)
	}
	stopped := errors.Is(err, errNoEnter)
	if err != nil && ctx.Err() == nil && !stopped {
		return err
	}
	if err := tell(report); err != nil {
		return err
	}
	switch {
	case stopped:
		return err
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
	case errors.Is(err, emulator.ErrNotRunning) && f.keep:
		return nil, nil, exitWith(ExitStart, fmt.Errorf("--keep needs an environment that is there afterwards, and %s is not running: start it with `eksemu up --detach --name %s`", name.name, name.name))
	case errors.Is(err, emulator.ErrNotRunning):
		return app.privateEnvironment(ctx, options, f.up.wait, f.quiet)
	case err != nil:
		return nil, nil, exitWith(ExitStart, err)
	case f.up.config != "" || f.up.port != 0 || f.up.fallback != "" || len(f.up.backend.given) > 0:
		return nil, nil, fmt.Errorf("environment %s is running as it was configured: leave out --config, --port, --fallback, --backend and its flags, or choose another --name", name.name)
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

// execute runs scenarios whose clients have some of the user's home folder in theirs.
func (app *App) execute(ctx context.Context, client *emulator.Client, list []*scenarios.Scenario, users []string, f *runFlags) (scenarios.Report, error) {
	environment, err := newTarget(client)
	if err != nil {
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	temp, err := runFolder(client.Dir)
	if err != nil {
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	defer os.RemoveAll(temp) //nolint:errcheck // the next run removes it, too
	home := filepath.Join(temp, "home")
	if err := ownHome(home, users); err != nil {
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	progress := app.progress(f.quiet || f.step)
	progress.begin(fmt.Sprintf("run %s on cluster %s", count(len(list), "scenario"), environment.cluster.Name))
	runner := &scenarios.Runner{
		Environment: environment,
		Executable:  app.Executable,
		LookPath:    app.LookPath,
		Now:         app.Now,
		TempDir:     temp,
		BaseEnv:     app.baseEnviron(home),
		Keep:        f.keep,
	}
	if f.step {
		app.stepwise(runner)
	}
	report, err := runner.Run(ctx, list)
	progress.end(err == nil)
	return report, err
}

// show prints what people read or, with -o json, what programs read. It goes to standard error if a report has
// standard output.
func (app *App) show(report scenarios.Report, f *runFlags, output *outputFlag, stdoutTaken bool) error {
	if output.json() {
		return report.WriteJSON(app.Out)
	}
	out, color := app.Out, app.color(app.OutTerminal)
	if stdoutTaken {
		out, color = app.ErrOut, app.color(app.Terminal)
	}
	if err := report.WriteTable(out, scenarios.TableOptions{Color: color, Width: app.Width}); err != nil {
		return err
	}
	if n := len(report.Scenarios); n > 0 && report.Scenarios[n-1].Kept {
		fmt.Fprintf(app.ErrOut, "\nWhat %s changed was left as it is, but for what it did with the EKS and IAM APIs. Look around, then begin anew with `eksemu down` and `eksemu up`.\n", report.Scenarios[n-1].Name)
	}
	if !f.explain {
		return nil
	}
	for _, result := range report.Scenarios {
		if verdict := deciding(result); verdict != nil {
			fmt.Fprintf(out, "\n%s: %s\n", result.Name, result.Title)
			if err := explain.Write(out, *verdict, explain.TextOptions{Color: color}); err != nil {
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
