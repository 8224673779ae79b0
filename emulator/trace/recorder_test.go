package trace_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

// recorded makes a recorder and records n events in it.
func recorded(capacity, n int) *trace.Recorder {
	r := trace.NewRecorder(capacity, clock, nil)
	for range n {
		r.Record(trace.Event{Kind: trace.KindLog})
	}
	return r
}

func numbers(events []trace.Event) []uint64 {
	var all []uint64
	for _, e := range events {
		all = append(all, e.Seq)
	}
	return all
}

func TestSince(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name            string
		capacity, count int
		after           uint64
		want            []uint64
	}{
		{"before the first event", 4, 0, 0, nil},
		{"everything", 4, 3, 0, []uint64{1, 2, 3}},
		{"the newer ones", 4, 3, 2, []uint64{3}},
		{"after the newest", 4, 3, 3, nil},
		{"full to the brim", 4, 4, 0, []uint64{1, 2, 3, 4}},
		{"the oldest was overwritten", 4, 5, 0, []uint64{2, 3, 4, 5}},
		{"after an event that is gone", 4, 11, 3, []uint64{8, 9, 10, 11}},
		{"after the last event that is gone", 4, 11, 7, []uint64{8, 9, 10, 11}},
		{"across the wrap", 4, 11, 8, []uint64{9, 10, 11}},
		{"after an event that has not happened", 4, 11, 100, nil},
		{"after the last number there is", 4, 11, math.MaxUint64, nil},
		{"a ring of one", 1, 3, 0, []uint64{3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := recorded(tc.capacity, tc.count)
			got, _ := r.Since(tc.after)
			if diff := cmp.Diff(tc.want, numbers(got)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if r.Last() != uint64(tc.count) {
				t.Errorf("last %d, want %d", r.Last(), tc.count)
			}
		})
	}
}

func TestDefaultCapacity(t *testing.T) {
	t.Parallel()
	events, _ := recorded(0, trace.DefaultCapacity+1).Since(0)
	if len(events) != trace.DefaultCapacity || events[0].Seq != 2 {
		t.Errorf("%d events from %d", len(events), events[0].Seq)
	}
}

func TestRecordGivesNumberAndTime(t *testing.T) {
	t.Parallel()
	var seen []trace.Event
	r := trace.NewRecorder(2, clock, func(e trace.Event) { seen = append(seen, e) })
	earlier := testNow.Add(-time.Minute)
	first := r.Record(trace.Event{Kind: trace.KindAWS, Seq: 99})
	second := r.Record(trace.Event{Kind: trace.KindLog, Time: earlier})
	want := []trace.Event{{Seq: 1, Kind: trace.KindAWS, Time: testNow}, {Seq: 2, Kind: trace.KindLog, Time: earlier}}
	if diff := cmp.Diff(want, []trace.Event{first, second}); diff != "" {
		t.Errorf("returned (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the sink saw (-want +got):\n%s", diff)
	}
}

func TestSinceTellsOfMore(t *testing.T) {
	t.Parallel()
	r := recorded(4, 1)
	_, more := r.Since(1)
	select {
	case <-more:
		t.Fatal("more events are announced, there are none")
	default:
	}
	r.Record(trace.Event{})
	<-more
}

func TestFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := recorded(4, 3)
		var seen []uint64
		var err error
		go func() {
			err = r.Follow(ctx, 1, func(e trace.Event) bool {
				seen = append(seen, e.Seq)
				return true
			})
		}()
		synctest.Wait()
		r.Record(trace.Event{})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if diff := cmp.Diff([]uint64{2, 3, 4}, seen); diff != "" {
			t.Errorf("followed (-want +got):\n%s", diff)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Follow returned %v, want context.Canceled", err)
		}
	})
}

func TestFollowEndsWhenEnoughIsSeen(t *testing.T) {
	t.Parallel()
	seen := 0
	err := recorded(8, 5).Follow(t.Context(), 0, func(trace.Event) bool {
		seen++
		return seen < 3
	})
	if err != nil || seen != 3 {
		t.Errorf("saw %d events, error %v", seen, err)
	}
}

// TestConcurrently records from many sides while others follow: nobody misses an event or sees one twice.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	const writers, followers, each = 8, 3, 200
	const total = writers * each
	sink := uint64(0)
	r := trace.NewRecorder(total, clock, func(e trace.Event) {
		if sink++; e.Seq != sink {
			t.Errorf("the sink saw event %d as number %d", e.Seq, sink)
		}
	})
	var wg sync.WaitGroup
	for range followers {
		wg.Go(func() {
			next := uint64(1)
			err := r.Follow(t.Context(), 0, func(e trace.Event) bool {
				if e.Seq != next {
					t.Errorf("followed event %d, want %d", e.Seq, next)
				}
				next++
				return next <= total
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range writers {
		wg.Go(func() {
			for range each {
				r.Record(trace.Event{Kind: trace.KindLog})
				r.Since(0)
			}
		})
	}
	wg.Wait()
	if sink != total {
		t.Errorf("the sink saw %d events, want %d", sink, total)
	}
}
