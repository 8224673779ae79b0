package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/scenarios"
)

// check refuses flags that cannot be meant together. kindCluster is the name of a kind cluster, by flag or
// variable, that the backend would take.
func (f *runFlags) check(kindCluster string) error {
	switch {
	case f.parallel < 1:
		return fmt.Errorf("--parallel %d: use 1 or more", f.parallel)
	case f.parallel > 1 && (f.keep || f.step):
		return errors.New("--parallel with --keep or --step: leave out one of them")
	case f.parallel > 1 && f.up.port != 0:
		return errors.New("--parallel with --port: several environments cannot have one port; leave out one of them")
	case f.parallel > 1 && kindCluster != "":
		return fmt.Errorf("--parallel with --kind-cluster (or %s): several environments cannot have one kind cluster; leave out one of them", clusterVariable)
	}
	return nil
}

// executeParallel runs scenarios in several private environments side by side.
func (app *App) executeParallel(ctx context.Context, f *runFlags, options emulator.Options, list []*scenarios.Scenario, users []string) (scenarios.Report, error) {
	switch _, err := emulator.Attach(ctx, options.Dir); {
	case err == nil:
		return scenarios.Report{}, fmt.Errorf("--parallel makes environments of its own, and %s is running: leave out --parallel, or choose another --name", options.Name)
	case !errors.Is(err, emulator.ErrNotRunning):
		return scenarios.Report{}, exitWith(ExitStart, err)
	}
	app.removeAbandoned(ctx)
	parts := scenarios.Split(list, f.parallel)
	progress := app.progress(f.quiet)
	progress.begin(fmt.Sprintf("run %s in %s side by side", count(len(list), "scenario"), count(len(parts), "environment")))
	reports := make([]scenarios.Report, len(parts))
	quiet := *f
	quiet.quiet = true
	group, together := errgroup.WithContext(ctx)
	for i, part := range parts {
		group.Go(func() (err error) {
			name := fmt.Sprintf("%s%d-%d", privatePrefix, os.Getpid(), i+1)
			client, stop, err := app.startPrivate(together, name, options, f.up.wait, true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, stop()) }()
			reports[i], err = app.execute(together, client, part, users, &quiet)
			return err
		})
	}
	err := group.Wait()
	progress.end(err == nil)
	return scenarios.Join(list, reports...), err
}

// errNoEnter ends a run that waits for somebody who cannot answer. What was done until then is reported.
var errNoEnter = errors.New("--step waits for Enter on standard input, which has ended: run it in a terminal")

// stepwise has a run show what it does, and wait for Enter before each step but those that must come at once.
func (app *App) stepwise(runner *scenarios.Runner) {
	in := bufio.NewReader(app.In)
	color := app.color(app.Terminal)
	runner.Before = func(ctx context.Context, scenario *scenarios.Scenario, i int) error {
		steps := scenario.AllSteps()
		if i == 0 {
			fmt.Fprintf(app.ErrOut, "\n%s: %s\n\n%s\n", scenario.Metadata.Name, scenario.Metadata.Title, strings.TrimSpace(scenario.Lesson))
		}
		if i == len(scenario.Steps) {
			fmt.Fprint(app.ErrOut, "\nNow the cure.\n")
		}
		fmt.Fprintf(app.ErrOut, "\n%d of %d: %s  ", i+1, len(steps), steps[i].Title())
		if steps[i].AtOnce {
			fmt.Fprint(app.ErrOut, "[at once] ")
			return nil
		}
		fmt.Fprint(app.ErrOut, "[Enter]")
		return awaitEnter(ctx, in)
	}
	runner.After = func(_ *scenarios.Scenario, _ int, result scenarios.StepResult) {
		fmt.Fprintf(app.ErrOut, "%s\n", result.Status)
		if result.Verdict != nil {
			explain.Write(app.ErrOut, *result.Verdict, explain.TextOptions{Color: color}) //nolint:errcheck // nothing can be told where this cannot
		}
		for _, line := range append(result.Mismatch, result.Error) {
			if line != "" {
				fmt.Fprintf(app.ErrOut, "  %s\n", line)
			}
		}
	}
}

// awaitEnter reads a line, for as long as ctx lasts.
func awaitEnter(ctx context.Context, in *bufio.Reader) error {
	read := make(chan error, 1)
	go func() {
		_, err := in.ReadString('\n')
		read <- err
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-read:
		if errors.Is(err, io.EOF) {
			return exitWith(ExitUsage, errNoEnter)
		}
		return err
	}
}
