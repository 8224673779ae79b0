package scenarios

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

// picker finds the verdict of a call in the events since its scenario began; nil if it is not among them.
type picker func([]trace.Event) *explain.Verdict

// verdict waits for the events of a call that has ended, and returns its verdict. It is nil if none came in time.
// One that is not final is given a moment for more events to arrive.
func (c call) verdict(ctx context.Context, pick picker, final func(explain.Verdict) bool) (*explain.Verdict, error) {
	window, cancel := context.WithTimeout(ctx, eventWindow)
	defer cancel()
	var verdict *explain.Verdict
	for wait := eventWindow; ; {
		came, err := c.poll(window, wait)
		if err != nil || !came {
			return verdict, err
		}
		if verdict = pick(c.events); verdict != nil {
			if final(*verdict) {
				return verdict, nil
			}
			wait = quietWindow
		}
	}
}

// poll waits for events and keeps them: explain tells more when it knows what happened before, such as that a key
// worked. It reports false if none came in time.
func (s *session) poll(window context.Context, wait time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(window, wait)
	defer cancel()
	more, err := s.Environment.Events(ctx, s.after)
	if len(more) > 0 {
		s.events, s.after = append(s.events, more...), more[len(more)-1].Seq
		return true, nil
	}
	if err != nil && ctx.Err() == nil {
		return false, fmt.Errorf("read the trace: %w", err)
	}
	return false, nil // the time is over; if it is the step's, the caller sees that
}

// final reports whether more events could not change what the step is judged by: it is as expected, or has another
// outcome. A hop or cause that differs may only be for want of an event that has not come yet.
func (c call) final(v explain.Verdict) bool {
	return v.Outcome != c.step.Expect.Outcome || len(mismatchedVerdict(*c.step.Expect, v)) == 0
}

// agrees is final for a client that says by its exit code whether it succeeded: the verdict must say the same.
func (c call) agrees(succeeded bool) func(explain.Verdict) bool {
	return func(v explain.Verdict) bool { return (v.Outcome == explain.Allowed) == succeeded && c.final(v) }
}

// requests picks the last request to the API server that the call's kubectl made. Discovery is only how kubectl finds
// out what to ask, so it counts only where there is nothing else.
func (c call) requests(events []trace.Event) *explain.Verdict {
	verdicts := explain.ForUserAgent(events, c.id+"/")
	discovery := discoveries(events)
	for _, v := range slices.Backward(verdicts) {
		if !discovery[v.AuditID] {
			return &v
		}
	}
	return last(verdicts)
}

// audited picks the request to the API server with an audit ID.
func audited(id string) picker {
	return func(events []trace.Event) *explain.Verdict {
		if verdict, ok := explain.ForRequest(events, id); ok {
			return &verdict
		}
		return nil
	}
}

// discoveries are the audit IDs of requests that ask what the API server serves.
func discoveries(events []trace.Event) map[string]bool {
	ids := map[string]bool{}
	for _, e := range events {
		if e.Request != nil && isDiscovery(e.Request.URI) {
			ids[e.Request.AuditID] = true
		}
	}
	return ids
}

// isDiscovery knows the paths of client-go's discovery client: /version, /openapi/…, /api, /api/VERSION, /apis,
// /apis/GROUP and /apis/GROUP/VERSION.
func isDiscovery(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch parts[0] {
	case "version", "openapi":
		return true
	case "api":
		return len(parts) <= 2
	case "apis":
		return len(parts) <= 3
	}
	return false
}

// awsCalls picks the last AWS call that the call's client made.
func (c call) awsCalls(events []trace.Event) *explain.Verdict {
	var verdicts []explain.Verdict
	for _, e := range events {
		if e.AWS != nil && e.AWS.Client == c.id {
			verdicts = append(verdicts, explain.ExplainAWS(e))
		}
	}
	return last(verdicts)
}

// requestsOrCredentials is requests or, if kubectl did not get as far as a request, refusedCredentials.
func (c call) requestsOrCredentials(events []trace.Event) *explain.Verdict {
	if v := c.requests(events); v != nil {
		return v
	}
	return c.refusedCredentials(events)
}

// refusedCredentials picks the AWS call for which the call's signer got no credentials, such as an AssumeRole.
func (c call) refusedCredentials(events []trace.Event) *explain.Verdict {
	if v := c.awsCalls(events); v != nil && v.Outcome != explain.Allowed {
		return v
	}
	return nil
}

func last(verdicts []explain.Verdict) *explain.Verdict {
	if len(verdicts) == 0 {
		return nil
	}
	return &verdicts[len(verdicts)-1]
}
