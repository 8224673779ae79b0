package emulator

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// awsClock is the clock of the AWS side, which can be moved: signatures and sessions are judged by it, and answers
// have it in their Date header. The API server, the authenticator and the trace keep the real one.
type awsClock struct {
	real   func() time.Time
	offset atomic.Int64 // nanoseconds ahead of real
}

func (c *awsClock) now() time.Time { return c.real().Add(time.Duration(c.offset.Load())) }

// maxClockOffset bounds how far the clock of the AWS side may be from the real one: a hundred years.
const maxClockOffset = 100 * 365 * 24 * time.Hour

// AddClockOffset is how far the clock of the AWS side is ahead of the real one after it was moved by d from an offset, or
// the error that it would be too far.
func AddClockOffset(offset, d time.Duration) (time.Duration, error) {
	after := offset + d
	if d > maxClockOffset || d < -maxClockOffset || after > maxClockOffset || after < -maxClockOffset {
		return 0, fmt.Errorf("the clock of the AWS side cannot be moved by %s: it stays within a hundred years of the real one", d)
	}
	return after, nil
}

// advance moves the clock by d, back if d is negative, or refuses to.
func (c *awsClock) advance(d time.Duration) error {
	for {
		before := c.offset.Load()
		after, err := AddClockOffset(time.Duration(before), d)
		if err != nil {
			return err
		}
		if c.offset.CompareAndSwap(before, int64(after)) {
			return nil
		}
	}
}

func (c *awsClock) read() Clock {
	offset := time.Duration(c.offset.Load())
	return Clock{Time: c.real().Add(offset), Offset: offset}
}

// Clock is what the clock of the AWS side shows.
type Clock struct {
	Time   time.Time     `json:"time"`
	Offset time.Duration `json:"offset"` // ahead of the real clock, in nanoseconds
}

// Clock reads the clock of the AWS side: the one by which STS judges signatures and sessions.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	var clock Clock
	return clock, c.call(ctx, http.MethodGet, "clock", nil, nil, &clock)
}

// AdvanceClock moves the clock of the AWS side by d, back if d is negative. The API server and the authenticator
// keep the real clock.
func (c *Client) AdvanceClock(ctx context.Context, d time.Duration) (Clock, error) {
	var clock Clock
	return clock, c.call(ctx, http.MethodPost, "clock/advance", nil, advance{d}, &clock)
}

// advance is the request to move the clock.
type advance struct {
	By time.Duration `json:"by"` // nanoseconds
}

func (a *admin) clock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.env.clock.read())
}

func (a *admin) advanceClock(w http.ResponseWriter, r *http.Request) {
	var move advance
	if !readJSON(w, r, "the clock's move", &move) {
		return
	}
	if err := a.env.clock.advance(move.By); err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, a.env.clock.read())
}
