package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// stopPoll is how often an environment that is starting is looked at until it can be asked to stop.
const stopPoll = 20 * time.Millisecond

// stopAnswer is how long it may take to answer that it stops before it is asked anew.
const stopAnswer = time.Second

// Stop stops the environment of a state folder, also one that is still starting, and waits until it has stopped; remove
// says that [RemoveState] will follow. It returns false if there is none.
func Stop(ctx context.Context, dir string, remove bool) (bool, error) {
	ticker := time.NewTicker(stopPoll)
	defer ticker.Stop()
	for inUse(dir) { // else what there is to read was left by one that was killed
		client, err := Attach(ctx, dir)
		if errors.Is(err, ErrNotRunning) || errors.Is(err, ErrDamaged) {
			client, err = attachStarting(dir)
		}
		switch {
		case err == nil:
			if client.askToStop(ctx, remove) == nil {
				return true, WaitStopped(ctx, dir)
			}
		case !errors.Is(err, ErrNotRunning) && !errors.Is(err, ErrDamaged):
			return false, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false, fmt.Errorf("a process holds %s, but cannot be asked to stop (find it with `fuser %s`, and end it): %w", dir, filepath.Join(dir, lockFile), context.Cause(ctx))
		}
	}
	return false, nil
}

func (c *Client) askToStop(ctx context.Context, remove bool) error {
	limited, cancel := context.WithTimeout(ctx, stopAnswer)
	defer cancel()
	return c.Stop(limited, remove)
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
	file := lockToAsk(dir)
	locked, err := file.TryRLock()
	if locked {
		_ = file.Unlock() // it was only asked for
	}
	return !locked && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// lockToAsk is the lock of a state folder for whoever only asks about it: it is never made, and who asks at the same
// time with TryRLock gets it, too.
func lockToAsk(dir string) *flock.Flock {
	return flock.New(filepath.Join(dir, lockFile), flock.SetFlag(os.O_RDONLY))
}
