package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// stopPoll is how often an environment that is starting is looked at until it can be asked to stop.
const stopPoll = 20 * time.Millisecond

// Stop stops the environment of a state folder, also one that is still starting, and waits until it has stopped. It
// returns false if there is none.
func Stop(ctx context.Context, dir string) (bool, error) {
	ticker := time.NewTicker(stopPoll)
	defer ticker.Stop()
	for {
		client, err := Attach(ctx, dir)
		if errors.Is(err, ErrNotRunning) || errors.Is(err, ErrDamaged) {
			client, err = attachStarting(dir)
		}
		switch {
		case err == nil:
			if err := client.Stop(ctx); err == nil {
				return true, WaitStopped(ctx, dir)
			}
		case !errors.Is(err, ErrNotRunning) && !errors.Is(err, ErrDamaged):
			return false, err
		}
		if !inUse(dir) { // what was read was left by one that was killed
			return false, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false, fmt.Errorf("a process holds %s, but cannot be asked to stop (find it with `fuser %s`, and end it): %w", dir, filepath.Join(dir, "lock"), context.Cause(ctx))
		}
	}
}

// attachStarting finds the environment of a state folder that is starting. It can only be asked to stop.
func attachStarting(dir string) (*Client, error) {
	r, err := readRuntime(dir, startingFile)
	if err != nil {
		return nil, err
	}
	return newClient(dir, r), nil
}

// inUse tells whether a process owns a state folder.
func inUse(dir string) bool {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); err != nil {
		return false
	}
	file := flock.New(path)
	locked, err := file.TryLock()
	if locked {
		_ = file.Unlock() // it was only asked for
	}
	return err != nil || !locked
}
