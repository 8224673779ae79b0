package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/eksemu/eksemu/emulator"
)

// report is one line of what a background environment tells the command that started it.
type report struct {
	Step  string `json:"step,omitempty"`
	Note  string `json:"note,omitempty"` // what the user should know, though it succeeds
	Ready bool   `json:"ready,omitempty"`
	Error string `json:"error,omitempty"`
	Code  int    `json:"code,omitempty"`
}

// reportFD is the file descriptor of the pipe for reports in the background process.
const reportFD = 3

// upDetached starts this binary again in the background and shows its progress until it is ready.
func (app *App) upDetached(ctx context.Context, name *nameFlag, f *upFlags, options emulator.Options, quiet bool) error {
	reports, child, err := app.spawn(name, f, options)
	if err != nil {
		return exitWith(ExitStart, fmt.Errorf("start environment %s in the background: %w", options.Name, err))
	}
	defer reports.Close()
	stop := context.AfterFunc(ctx, func() { _ = child.Signal(os.Interrupt) }) // it may have ended
	defer stop()
	progress := app.progress(quiet)
	notes, err := follow(reports, progress)
	progress.end(err == nil)
	app.printNotes(notes)
	if errors.Is(err, errNotReady) {
		return exitWith(ExitStart, fmt.Errorf("environment %s: %w: see %s", options.Name, err, backgroundLog(options.Dir)))
	}
	if err != nil {
		return err
	}
	_ = child.Release() // it lives on by itself
	client, err := name.attach(ctx)
	if err != nil {
		return err
	}
	app.printReady(name, client.Runtime, true)
	return nil
}

// spawn starts the background process. Its output goes to logs/eksemu.log, its reports to the returned pipe.
func (app *App) spawn(name *nameFlag, f *upFlags, options emulator.Options) (io.ReadCloser, *os.Process, error) {
	if err := emulator.MakeState(options.Dir); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(emulator.Layout{Dir: options.Dir}.Logs(), 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the folder of its log: %w", err)
	}
	log, err := os.OpenFile(backgroundLog(options.Dir), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open its log (set XDG_STATE_HOME to a folder that you can write to, or make %s one): %w", options.Dir, err)
	}
	defer log.Close() //nolint:errcheck // the child has its own
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer write.Close() //nolint:errcheck // the child has its own
	args := []string{
		f.verb, "--name", name.name, "--port", strconv.Itoa(f.port), "--wait", f.wait.String(),
		"--fallback", f.fallback, "--report-fd", strconv.Itoa(reportFD),
	}
	cmd := exec.Command(app.Executable, args...) //nolint:noctx // it outlives this command
	if f.ahead != 0 {
		cmd.Args = append(cmd.Args, "--clock-offset", f.ahead.String())
	}
	if f.config != "" {
		cmd.Args = append(cmd.Args, "--config", f.config)
	}
	cmd.Args = append(cmd.Args, f.backend.arguments()...)
	cmd.Env = app.Environ
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, read.Close())
	}
	return read, cmd.Process, nil
}

// backgroundLog is where the background process's output goes.
func backgroundLog(dir string) string {
	return filepath.Join(emulator.Layout{Dir: dir}.Logs(), "eksemu.log")
}

// follow shows the reports of a background process until it is ready or has failed.
func follow(reports io.Reader, progress *progress) (notes []string, err error) {
	decoder := json.NewDecoder(reports)
	for {
		var r report
		if err := decoder.Decode(&r); err != nil {
			return notes, exitWith(ExitStart, errNotReady)
		}
		switch {
		case r.Step != "":
			progress.begin(r.Step)
		case r.Note != "":
			notes = append(notes, r.Note)
		case r.Ready:
			return notes, nil
		default:
			return notes, exitWith(r.Code, errors.New(r.Error))
		}
	}
}

// upInBackground is the other side of upDetached.
func (app *App) upInBackground(ctx context.Context, options emulator.Options, wait time.Duration, pipe *os.File) error {
	tell := func(r report) { _ = json.NewEncoder(pipe).Encode(r) } // the reader may have gone
	options.Progress = func(step string) { tell(report{Step: step}) }
	var env *emulator.Environment
	_, err := os.Stat(backgroundLog(options.Dir)) // which spawn has made
	if errors.Is(err, fs.ErrNotExist) {
		err = exitWith(ExitStart, fmt.Errorf("environment %s was removed by `eksemu down` before it was started", options.Name))
	} else {
		env, err = start(ctx, options, wait)
	}
	if err != nil {
		tell(report{Error: err.Error(), Code: ExitCode(err)})
		return err
	}
	for _, note := range env.Notes() {
		tell(report{Note: note})
	}
	tell(report{Ready: true})
	_ = pipe.Close() // nobody listens any more
	return app.await(ctx, env)
}
