package authn

import (
	"context"
	"fmt"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Line takes a line that the authenticator printed, records it, and hands it to the review that it is about.
// Call it for every line in order; process.Spec.OnLine does.
//
// The event's token is that of the review in flight on the connection that the line names as its client, or of
// the last one on it. Lines that name no client, such as those of start-up, have no token.
func (r *Recorder) Line(text string) {
	line := parseLine(text)
	if expected(line) {
		return
	}
	event := trace.Event{Kind: trace.KindLog, Cluster: r.cfg.Cluster, Log: &line}
	flight := r.correlator.attribute(line.Fields["client"], line.Message)
	if flight != nil {
		event.Token = flight.fingerprint
	}
	r.cfg.Trace.Record(event)
	if flight != nil && line.Message == messageDenied {
		select {
		case flight.denied <- line.Fields["error"]:
		default: // said twice
		}
	}
}

// AwaitLog returns the first line of this cluster's authenticator that matches, among those after position seq
// of the trace, the ones that have already come included. The error is ctx's.
func (r *Recorder) AwaitLog(ctx context.Context, seq uint64, match func(*trace.LogLine) bool) (trace.Event, error) {
	var found trace.Event
	err := r.cfg.Trace.Follow(ctx, seq, func(e trace.Event) bool {
		if e.Kind != trace.KindLog || e.Cluster != r.cfg.Cluster || !match(e.Log) {
			return true
		}
		found = e
		return false
	})
	if err != nil {
		return trace.Event{}, fmt.Errorf("wait for a log line of %s for cluster %q: %w", Component, r.cfg.Cluster, err)
	}
	return found, nil
}
