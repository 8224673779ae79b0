package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/eksemu/eksemu/emulator/trace"
)

// maxBody bounds one EventList, in bytes. The API server sends one event at a time in blocking mode and up to
// 400 in batches; an event's bodies are those of access reviews, at most a few kilobytes each.
const maxBody = 16 << 20

// Sink is the audit webhook of one cluster's API server: an [http.Handler] for POSTs of audit.k8s.io/v1
// EventLists. It is safe for concurrent use.
type Sink struct {
	Cluster string          // EKS cluster name, put into every event
	Trace   *trace.Recorder // where the events go
}

// ServeHTTP records the requests of an EventList, but for those of the control plane itself
// ([trace.Request.OfControlPlane]): 200 when all of it was read, 400 with the reason and nothing
// recorded when it is not an EventList, 405 and 413 for another method or too long a body.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "audit events are sent by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, fmt.Sprintf("read audit events: %v", err), status)
		return
	}
	events, err := s.events(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, e := range events {
		s.Trace.Record(e)
	}
}

// events decodes an EventList into the trace events of the requests that ended with it, in its order.
func (s *Sink) events(body []byte) ([]trace.Event, error) {
	var list eventList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("decode audit events: %w", err)
	}
	if list.APIVersion != "audit.k8s.io/v1" || list.Kind != "EventList" {
		return nil, fmt.Errorf("decode audit events: want audit.k8s.io/v1 EventList, got %q %q (leave --audit-webhook-version at its default)", list.APIVersion, list.Kind)
	}
	var out []trace.Event
	for i := range list.Items {
		if !list.Items[i].last() {
			continue
		}
		request := list.Items[i].request()
		if request.OfControlPlane() {
			continue
		}
		out = append(out, trace.Event{Time: request.Completed, Kind: trace.KindRequest, Cluster: s.Cluster, Request: request})
	}
	return out, nil
}
