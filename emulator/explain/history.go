package explain

import (
	"slices"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// tolerance is how far the clocks of an audit event (truncated to microseconds) and of the webhook recorder may
// disagree about the same instant.
const tolerance = 50 * time.Millisecond

// history is a trace sorted by hop. Every list is in the order of time.
type history struct {
	requests []trace.Event
	reviews  []trace.Event
	calls    []trace.Event
	logs     []trace.Event
}

// newHistory sorts events. Events whose pointer does not fit their kind are left out.
func newHistory(events []trace.Event) *history {
	h := &history{}
	for _, e := range events {
		switch {
		case e.Kind == trace.KindRequest && e.Request != nil:
			h.requests = append(h.requests, e)
		case e.Kind == trace.KindTokenReview && e.TokenReview != nil:
			h.reviews = append(h.reviews, e)
		case e.Kind == trace.KindAWS && e.AWS != nil:
			h.calls = append(h.calls, e)
		case e.Kind == trace.KindLog && e.Log != nil:
			h.logs = append(h.logs, e)
		}
	}
	for _, list := range [][]trace.Event{h.requests, h.reviews, h.calls, h.logs} {
		sortedByTime(list)
	}
	return h
}

// completed is when the hop finished what the event tells.
func completed(e trace.Event) time.Time {
	switch {
	case e.Request != nil && !e.Request.Completed.IsZero():
		return e.Request.Completed
	case e.TokenReview != nil && !e.TokenReview.Started.IsZero():
		return e.TokenReview.Started.Add(e.TokenReview.Duration)
	}
	return e.Time
}

// received is when the API server got a request.
func received(e trace.Event) time.Time {
	if !e.Request.Received.IsZero() {
		return e.Request.Received
	}
	return completed(e)
}

// during reports whether an instant lies within the handling of a request, give or take the clocks' tolerance.
func during(at time.Time, request trace.Event) bool {
	return !at.Before(received(request).Add(-tolerance)) && !at.After(completed(request).Add(tolerance))
}

// sameCluster reports whether two events can belong to the same cluster.
func sameCluster(a, b trace.Event) bool {
	return a.Cluster == "" || b.Cluster == "" || a.Cluster == b.Cluster
}

// nearest returns the event of the list that fits and whose end is nearest to an instant; the later one of two
// that are equally near; nil if none fits.
func nearest(list []trace.Event, to time.Time, fits func(trace.Event) bool) *trace.Event {
	var best *trace.Event
	for i := range list {
		if !fits(list[i]) {
			continue
		}
		if best == nil || completed(list[i]).Sub(to).Abs() <= completed(*best).Sub(to).Abs() {
			best = &list[i]
		}
	}
	return best
}

// refusalOf finds the TokenReview that made a request end in 401. It ended while the request was handled; it may have
// begun earlier, for the API server asks once for all concurrent requests with the same token.
func (h *history) refusalOf(request trace.Event) *trace.Event {
	return nearest(h.reviews, completed(request), func(e trace.Event) bool {
		return !e.TokenReview.Authenticated && sameCluster(e, request) && during(completed(e), request)
	})
}

// orphanOf finds a TokenReview that accepted a token while a request was handled that ended in 401, and that
// belongs to no request which succeeded at that time.
func (h *history) orphanOf(request trace.Event) *trace.Event {
	return nearest(h.reviews, completed(request), func(e trace.Event) bool {
		return e.TokenReview.Authenticated && sameCluster(e, request) && during(completed(e), request) &&
			!slices.ContainsFunc(h.requests, func(other trace.Event) bool {
				return other.Request.Code != 401 && other.Request.Username == e.TokenReview.Username && during(completed(e), other)
			})
	})
}

// acceptanceOf finds the latest TokenReview that authenticated the user of a request. It may be much older
// than the request: the API server caches successes for the webhook's TTL (spec/eks.md §1.7).
func (h *history) acceptanceOf(request trace.Event, id Identity) *trace.Event {
	var found *trace.Event
	for i, e := range h.reviews {
		review := e.TokenReview
		if !review.Authenticated || !sameCluster(e, request) || completed(e).After(completed(request).Add(tolerance)) {
			continue
		}
		key := reviewedKey(review)
		if review.UID != id.UID || review.Username != id.Username || id.AccessKeyID != "" && key != "" && key != id.AccessKeyID {
			continue
		}
		found = &h.reviews[i]
	}
	return found
}

// reviewedKey is the access key of a TokenReview's token.
func reviewedKey(review *trace.TokenReview) string {
	if key := first(review.Extra["accessKeyId"]); key != "" {
		return key
	}
	return review.AccessKeyID
}

// callOf finds the GetCallerIdentity call that the authenticator made for a TokenReview.
func (h *history) callOf(review trace.Event) *trace.Event {
	if review.Token == "" {
		return nil
	}
	return nearest(h.calls, completed(review), func(e trace.Event) bool {
		return e.Token == review.Token && e.AWS.Service == "sts" && !e.Time.After(completed(review).Add(tolerance))
	})
}

// lineOf finds the line that the authenticator logged about a TokenReview.
func (h *history) lineOf(review trace.Event, message string) *trace.Event {
	if review.Token == "" {
		return nil
	}
	return nearest(h.logs, completed(review), func(e trace.Event) bool {
		return e.Token == review.Token && e.Log.Message == message
	})
}

// keyWorks reports whether any request with an access key was authenticated, at whatever time: then the secret
// key that goes with it is known to its user.
func (h *history) keyWorks(accessKeyID string) bool {
	if accessKeyID == "" {
		return false
	}
	return slices.ContainsFunc(h.calls, func(e trace.Event) bool {
		return e.AWS.AccessKeyID == accessKeyID && e.AWS.Status >= 200 && e.AWS.Status < 300
	}) || slices.ContainsFunc(h.reviews, func(e trace.Event) bool {
		return e.TokenReview.Authenticated && reviewedKey(e.TokenReview) == accessKeyID
	})
}

// formerID finds the principal ID under which the same ARN was authenticated before, if it was another one.
func (h *history) formerID(canonicalARN, principalID string, before time.Time) string {
	former := ""
	for _, e := range h.reviews {
		extra := e.TokenReview.Extra
		if id := first(extra["principalId"]); id != "" && first(extra["canonicalArn"]) == canonicalARN && completed(e).Before(before) {
			former = id
		}
	}
	if canonicalARN == "" || principalID == "" || former == principalID {
		return ""
	}
	return former
}
