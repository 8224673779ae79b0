package process

import (
	"context"
	"fmt"
	"time"
)

// supervise keeps the child running from its first life on until ctx ends.
func (c *Child) supervise(ctx context.Context, l *life) {
	defer close(c.ended)
	defer c.failedOnce.Do(func() { close(c.failed) })
	defer c.closeLog()
	deaths := 0
	recovered, err := c.watch(ctx, l)
	for ctx.Err() == nil {
		if recovered {
			deaths = 0
		}
		deaths++
		if deaths >= c.pace.deaths {
			c.setErr(fmt.Errorf("%s died %d times in a row: %w", c.spec.Name, deaths, err))
			c.failedOnce.Do(func() { close(c.failed) })
		}
		if !Sleep(ctx, c.pace.pause(deaths)) {
			return
		}
		recovered = false
		if l, err = c.launch(ctx, Restarted); err == nil {
			recovered, err = c.watch(ctx, l)
		}
	}
}

// launch gives the child a life and waits until it is ready. After an error, that life is over.
func (c *Child) launch(ctx context.Context, state State) (*life, error) {
	l, err := begin(c.spec, c.log)
	if err != nil {
		return nil, err
	}
	c.setPID(l.pid())
	c.observe(state, l, nil)
	if err := l.awaitReady(ctx, c.spec); err != nil {
		_ = l.end(c.spec.StopTimeout, c.hurry) // err matters more than how it ended
		c.setPID(0)
		c.observe(Exited, l, err)
		return nil, err
	}
	c.observe(Ready, l, nil)
	return l, nil
}

// watch waits until the child dies and says why, and whether it had been up for long enough to call it
// recovered. When ctx ends first, it ends the child.
func (c *Child) watch(ctx context.Context, l *life) (recovered bool, err error) {
	stable := time.NewTimer(c.pace.stable)
	defer stable.Stop()
	for {
		select {
		case <-stable.C:
			recovered = true
			c.setErr(nil)
		case <-l.exited:
			err := l.exitError()
			c.setPID(0)
			c.observe(Exited, l, err)
			return recovered, err
		case <-ctx.Done():
			err := l.end(c.spec.StopTimeout, c.hurry)
			c.setPID(0)
			c.observe(Exited, l, err)
			return recovered, err
		}
	}
}

func (c *Child) observe(state State, l *life, err error) {
	c.spec.Observe(Event{Name: c.spec.Name, State: state, PID: l.pid(), Err: err})
}

// Sleep waits for d and reports whether ctx lasted that long.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
