package explain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// tolerance is how far the clocks of an audit event (truncated to microseconds) and of the webhook recorder may
// disagree about the same instant.
const tolerance = 50 * time.Millisecond

// history is a trace sorted by hop, and by what links the hops. Every list is in the order of time.
type history struct {
	requests []trace.Event
	reviews  []trace.Event
	mappers  []trace.Event            // log lines about no token: those of the mappers are among them
	calls    map[string][]trace.Event // STS calls, by token
	lines    map[string][]trace.Event // log lines, by token
	accepted map[string][]trace.Event // TokenReviews that authenticated somebody, by UID

	pairings map[*trace.Request]pairing // refused requests and their TokenReviews, once asked for

	keysWorked    map[string]time.Time // when a request with an access key was first authenticated
	policyHolders map[string]time.Time // when an access policy first allowed the principal of an ID something
	policyReviews []trace.Event        // questions to the access policies
}

// newHistory sorts events. Events whose pointer does not fit their kind are left out.
func newHistory(events []trace.Event) *history {
	h := &history{
		calls: map[string][]trace.Event{}, lines: map[string][]trace.Event{}, accepted: map[string][]trace.Event{},
		keysWorked: map[string]time.Time{}, policyHolders: map[string]time.Time{},
	}
	for _, e := range slices.SortedStableFunc(slices.Values(events), byTime) {
		switch {
		case e.Kind == trace.KindRequest && e.Request != nil:
			h.addRequest(e)
		case e.Kind == trace.KindTokenReview && e.TokenReview != nil:
			h.addReview(e)
		case e.Kind == trace.KindAWS && e.AWS != nil:
			h.addCall(e)
		case e.Kind == trace.KindPolicyReview && e.PolicyReview != nil:
			h.policyReviews = append(h.policyReviews, e)
		case e.Kind == trace.KindLog && e.Log != nil && e.Token == "":
			h.mappers = append(h.mappers, e)
		case e.Kind == trace.KindLog && e.Log != nil:
			h.lines[e.Token] = append(h.lines[e.Token], e)
		}
	}
	return h
}

func (h *history) addRequest(e trace.Event) {
	const policy = "EKS Access Policy:"
	r := e.Request
	h.requests = append(h.requests, e)
	if strings.HasPrefix(r.Reason, policy) || r.Review != nil && strings.HasPrefix(r.Review.Reason, policy) {
		if id := identityOf(r).PrincipalID; h.policyHolders[id].IsZero() {
			h.policyHolders[id] = completed(e)
		}
	}
}

func (h *history) addReview(e trace.Event) {
	h.reviews = append(h.reviews, e)
	if review := e.TokenReview; review.Authenticated {
		h.accepted[review.UID] = append(h.accepted[review.UID], e)
		h.keyWorks(reviewedKey(review), e)
	}
}

func (h *history) addCall(e trace.Event) {
	if e.AWS.Status >= 200 && e.AWS.Status < 300 {
		h.keyWorks(e.AWS.AccessKeyID, e)
	}
	if e.AWS.Service == "sts" && e.Token != "" {
		h.calls[e.Token] = append(h.calls[e.Token], e)
	}
}

// byTime sorts events by the time at which their hop finished, then by their place in the trace.
func byTime(a, b trace.Event) int {
	return cmp.Or(completed(a).Compare(completed(b)), cmp.Compare(a.Seq, b.Seq))
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

// during cuts the part out of a list that ended while a request was handled, give or take the clocks' tolerance.
func during(list []trace.Event, request trace.Event) []trace.Event {
	from, to := received(request).Add(-tolerance), completed(request).Add(tolerance)
	begin, _ := slices.BinarySearchFunc(list, from, func(e trace.Event, at time.Time) int { return completed(e).Compare(at) })
	end := begin
	for end < len(list) && !completed(list[end]).After(to) {
		end++
	}
	return list[begin:end]
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

// orphanOf finds a TokenReview that accepted a token while a request was handled that ended in 401, and that
// belongs to no request which succeeded at that time.
func (h *history) orphanOf(request trace.Event) *trace.Event {
	return nearest(during(h.reviews, request), completed(request), func(e trace.Event) bool {
		return e.TokenReview.Authenticated && sameCluster(e, request) &&
			!slices.ContainsFunc(h.requests, func(other trace.Event) bool {
				return other.Request.Code != 401 && other.Request.Username == e.TokenReview.Username && len(during([]trace.Event{e}, other)) > 0
			})
	})
}

// cacheWindow is how long the API server is taken to remember an accepted token: the default of
// --authentication-token-webhook-cache-ttl. EKS's value is not public (spec/eks.md §1.7).
const cacheWindow = 2 * time.Minute

// acceptanceOf finds the TokenReview that authenticated the user of a request: one that ended while the request was
// handled or, since the API server caches successes, an earlier one. The event of a request does not name its token;
// several is true if the user had more than one accepted that the cache may hold, and then there is no review.
func (h *history) acceptanceOf(request trace.Event, id Identity) (review *trace.Event, several bool) {
	accepted := h.acceptedBefore(request, id)
	if len(accepted) == 0 {
		return nil, false
	}
	latest := accepted[len(accepted)-1]
	if fits(*latest, request) {
		return latest, false
	}
	age := func(e *trace.Event) time.Duration { return received(request).Sub(completed(*e)) }
	window := max(cacheWindow, age(latest)) // older than the window, it is remembered for longer
	for _, e := range accepted {
		if e.Token != latest.Token && age(e) <= window {
			return nil, true
		}
	}
	return latest, false
}

// acceptedBefore lists the TokenReviews that authenticated the user of a request, by the time it was completed.
func (h *history) acceptedBefore(request trace.Event, id Identity) []*trace.Event {
	var found []*trace.Event
	accepted := h.accepted[id.UID]
	for i, e := range accepted {
		review := e.TokenReview
		if !sameCluster(e, request) || completed(e).After(completed(request).Add(tolerance)) {
			continue
		}
		key := reviewedKey(review)
		if review.Username != id.Username || id.AccessKeyID != "" && key != "" && key != id.AccessKeyID {
			continue
		}
		found = append(found, &accepted[i])
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
	return nearest(h.calls[review.Token], completed(review), func(e trace.Event) bool {
		return !e.Time.After(completed(review).Add(tolerance))
	})
}

// lineOf finds the line that the authenticator logged about a TokenReview.
func (h *history) lineOf(review trace.Event, message string) *trace.Event {
	return nearest(h.lines[review.Token], completed(review), func(e trace.Event) bool { return e.Log.Message == message })
}

// keyWorks notes an event that proves that somebody has the secret key of an access key. Events come in the order of
// time.
func (h *history) keyWorks(accessKeyID string, e trace.Event) {
	if _, known := h.keysWorked[accessKeyID]; !known && accessKeyID != "" {
		h.keysWorked[accessKeyID] = completed(e)
	}
}

// keyWorked reports whether a request with an access key had been authenticated before an instant.
func (h *history) keyWorked(accessKeyID string, before time.Time) bool {
	at, known := h.keysWorked[accessKeyID]
	return known && at.Before(before)
}

// formerID finds the principal ID under which an access entry let the holder of a refused TokenReview's ARN in
// before, if it was another one than the caller's.
func (h *history) formerID(refused trace.Event, canonicalARN, principalID string) string {
	if canonicalARN == "" || principalID == "" {
		return ""
	}
	former := ""
	for _, e := range h.reviews {
		extra := e.TokenReview.Extra
		id := first(extra["principalId"])
		if id != "" && first(extra["canonicalArn"]) == canonicalARN && sameCluster(e, refused) && completed(e).Before(completed(refused)) && h.byAccessEntry(e, canonicalARN) {
			former = id
		}
	}
	if former == principalID {
		return ""
	}
	return former
}

// byAccessEntry reports whether a TokenReview was accepted by an access entry: the mapper of those, which goes by
// principal IDs, is the only one that logs that it compares the ARN too (pkg/mapper/dynamicfile/mapper.go). The line
// names neither client nor token.
func (h *history) byAccessEntry(accepted trace.Event, canonicalARN string) bool {
	compared := "additional arn comparison for IAM arn. arn from STS response is " + strings.ToLower(canonicalARN) + ","
	return slices.ContainsFunc(h.mappers, func(line trace.Event) bool {
		at := completed(line)
		return strings.HasPrefix(line.Log.Message, compared) && sameCluster(line, accepted) &&
			!at.Before(accepted.TokenReview.Started.Add(-tolerance)) && !at.After(completed(accepted).Add(tolerance))
	})
}
