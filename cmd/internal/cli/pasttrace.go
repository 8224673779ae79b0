package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/trace"
)

// events returns the trace of an environment: from itself if it is running, and otherwise, which standard error says,
// from the file that its last run left.
func (app *App) events(ctx context.Context, name *nameFlag) ([]trace.Event, error) {
	dir, err := name.dir()
	if err != nil {
		return nil, err
	}
	client, err := emulator.Attach(ctx, dir)
	if errors.Is(err, emulator.ErrNotRunning) {
		return app.pastEvents(name, dir)
	}
	if err != nil {
		return nil, exitWith(ExitStart, err)
	}
	events, err := client.Events(ctx, 0, 0)
	return events, exitWith(ExitStart, err)
}

func (app *App) pastEvents(name *nameFlag, dir string) ([]trace.Event, error) {
	events, err := emulator.ReadTrace(dir)
	if err != nil {
		return nil, exitWith(ExitStart, err)
	}
	if len(events) == 0 {
		return nil, name.notRunning()
	}
	fmt.Fprintf(app.ErrOut, "environment %s is not running: this is from %s, of its last run\n", name.name, emulator.Layout{Dir: dir}.Trace())
	return events, nil
}
