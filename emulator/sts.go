package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	stsfake "github.com/eksemu/eksemu/sts-fake"
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

// FailNext lets the next calls of an STS operation fail.
func (c *Client) FailNext(ctx context.Context, fault stsfake.Fault) error {
	return c.call(ctx, http.MethodPost, "faults", nil, fault, nil)
}

// Faults are the faults that still wait for calls, oldest first.
func (c *Client) Faults(ctx context.Context) ([]stsfake.Fault, error) {
	var faults []stsfake.Fault
	return faults, c.call(ctx, http.MethodGet, "faults", nil, nil, &faults)
}

// ClearFaults forgets all faults that still wait and returns how many there were.
func (c *Client) ClearFaults(ctx context.Context) (int, error) {
	var answer cleared
	return answer.Cleared, c.call(ctx, http.MethodDelete, "faults", nil, nil, &answer)
}

// advance is the request to move the clock.
type advance struct {
	By time.Duration `json:"by"` // nanoseconds
}

// cleared is the answer to the request to forget all faults.
type cleared struct {
	Cleared int `json:"cleared"`
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

func (a *admin) failNext(w http.ResponseWriter, r *http.Request) {
	var fault stsfake.Fault
	if !readJSON(w, r, "the fault", &fault) {
		return
	}
	if err := a.env.faults.FailNext(fault); err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{err.Error()})
		return
	}
	writeJSON(w, http.StatusCreated, struct{}{})
}

func (a *admin) pendingFaults(w http.ResponseWriter, _ *http.Request) {
	faults := a.env.faults.Pending()
	if faults == nil {
		faults = []stsfake.Fault{}
	}
	writeJSON(w, http.StatusOK, faults)
}

func (a *admin) clearFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, cleared{a.env.faults.Clear()})
}

// readJSON reads the body of a request of the admin API, or answers what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request, what string, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBodySize))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more behind it")
		}
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, adminError{"decode " + what + ": " + err.Error()})
		return false
	}
	return true
}
