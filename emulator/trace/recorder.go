package trace

import (
	"context"
	"sync"
	"time"
)

// DefaultCapacity is the number of events that a [Recorder] keeps when asked for none in particular.
const DefaultCapacity = 4096

// Recorder keeps the newest events in memory and hands them to whoever follows. It is safe for concurrent
// use, and the zero value is not: make one with [NewRecorder].
type Recorder struct {
	now  func() time.Time
	sink func(Event)

	mu      sync.Mutex
	ring    []Event       // event seq is at (seq-1) % len(ring)
	seq     uint64        // of the newest event
	changed chan struct{} // closed and replaced at every event
}

// NewRecorder makes a recorder for capacity events ([DefaultCapacity] if zero or less). Events without a time
// get one from now. sink, which may be nil, sees every event in order, under the recorder's lock: it must be
// quick and must not call back.
func NewRecorder(capacity int, now func() time.Time, sink func(Event)) *Recorder {
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	return &Recorder{now: now, sink: sink, ring: make([]Event, capacity), changed: make(chan struct{})}
}

// Record adds an event, gives it its sequence number and, if it has none, its time.
func (r *Recorder) Record(e Event) Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	e.Seq = r.seq
	if e.Time.IsZero() {
		e.Time = r.now()
	}
	r.ring[(r.seq-1)%uint64(len(r.ring))] = e
	if r.sink != nil {
		r.sink(e)
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return e
}

// Since returns the events after seq that are still kept, oldest first, and a channel that closes when there
// are more.
func (r *Recorder) Since(seq uint64) ([]Event, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if capacity := uint64(len(r.ring)); r.seq > capacity && seq < r.seq-capacity {
		seq = r.seq - capacity
	}
	var out []Event
	for ; seq < r.seq; seq++ {
		out = append(out, r.ring[seq%uint64(len(r.ring))]) // event seq+1
	}
	return out, r.changed
}

// Last returns the sequence number of the newest event, 0 before the first.
func (r *Recorder) Last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

// Follow calls fn for every event after seq until ctx ends or fn returns false.
func (r *Recorder) Follow(ctx context.Context, seq uint64, fn func(Event) bool) error {
	for {
		events, more := r.Since(seq)
		for _, e := range events {
			if !fn(e) {
				return nil
			}
			seq = e.Seq
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		}
	}
}
