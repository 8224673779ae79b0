package explain

import (
	"slices"
	"sort"
	"strconv"

	"github.com/eksemu/eksemu/emulator/trace"
)

// An audit event of a 401 says nothing about the token. What takes a refused TokenReview to it is time alone: the
// review ended while the request was handled, and right before it was answered.

// pairing is the refused TokenReview that is taken for a request's, and the others that could be it as well.
type pairing struct {
	review *trace.Event
	others []string // fingerprints, without the review's own
}

// refusalOf finds the TokenReview that made a request end in 401; see [history.pair].
func (h *history) refusalOf(request trace.Event) pairing {
	if h.pairings == nil {
		h.pair()
	}
	return h.pairings[request.Request]
}

// pair gives every refused request a refused TokenReview, in the order in which the requests were completed. Each
// takes one that nobody has yet, if there is any: the API server asks only once for concurrent requests with the same
// token, so the others share. Of concurrent requests, the one that is answered first has the review that ended first.
func (h *history) pair() {
	h.pairings = map[*trace.Request]pairing{}
	var requests []trace.Event
	chosen := map[*trace.Request]*trace.Event{}
	owner := map[*trace.Event]trace.Event{}
	for _, request := range h.requests {
		if !mayHaveRefusal(request) {
			continue
		}
		fitting := h.refusalsDuring(request)
		isFree := func(review *trace.Event) bool { return owner[review].Request == nil }
		free := slices.DeleteFunc(slices.Clone(fitting), func(review *trace.Event) bool { return !isFree(review) })
		switch review := closest(free, request); {
		case review != nil:
			owner[review], chosen[request.Request] = request, review
			h.uncross(append(requests, request), chosen, owner)
		default:
			chosen[request.Request] = closest(fitting, request)
		}
		requests = append(requests, request)
	}
	for _, request := range requests {
		review := chosen[request.Request]
		h.pairings[request.Request] = pairing{review, h.rivals(request, review, owner)}
	}
}

// uncross puts the reviews of overlapping requests into the order of the requests, which all but the last are in: it
// swaps with each one before whose review ended later, if both reviews fit both requests.
func (h *history) uncross(requests []trace.Event, chosen map[*trace.Request]*trace.Event, owner map[*trace.Event]trace.Event) {
	later := requests[len(requests)-1]
	for i := len(requests) - 2; i >= 0 && overlap(requests[i], later); i-- {
		earlier := requests[i]
		mine, its := chosen[later.Request], chosen[earlier.Request]
		if its == nil || owner[its].Request != earlier.Request || byTime(*its, *mine) <= 0 || !fits(*mine, earlier) || !fits(*its, later) {
			continue
		}
		chosen[later.Request], chosen[earlier.Request] = its, mine
		owner[its], owner[mine] = later, earlier
		later = earlier
	}
}

// rivals are the other tokens whose reviews could be the request's: the request shares its review, nobody else has
// the other one, or its owner could have had this one instead.
func (h *history) rivals(request trace.Event, review *trace.Event, owner map[*trace.Event]trace.Event) []string {
	if review == nil {
		return nil
	}
	var others []string
	for _, other := range h.refusalsDuring(request) {
		its := owner[other]
		exchangeable := owner[review].Request != request.Request || its.Request == nil || fits(*review, its)
		if other.Token != review.Token && exchangeable && fits(*other, request) && !slices.Contains(others, other.Token) {
			others = append(others, other.Token)
		}
	}
	return others
}

// mayHaveRefusal reports whether a request ended in 401 because nobody could be authenticated, and had a token.
func mayHaveRefusal(e trace.Event) bool {
	r := e.Request
	return r.Code == 401 && identityOf(r).Kind == KindUnknown && hadToken(r.Message)
}

// refusalsDuring lists the refused TokenReviews that ended while a request was handled, give or take the clocks'
// tolerance, oldest first. They may have begun earlier.
func (h *history) refusalsDuring(request trace.Event) []*trace.Event {
	var found []*trace.Event
	list := during(h.reviews, request)
	for i := range list {
		if !list[i].TokenReview.Authenticated && sameCluster(list[i], request) {
			found = append(found, &list[i])
		}
	}
	return found
}

// closest returns the last of the reviews that ended at or before the request did; if all ended later, the first.
func closest(reviews []*trace.Event, request trace.Event) *trace.Event {
	if len(reviews) == 0 {
		return nil
	}
	after := sort.Search(len(reviews), func(i int) bool { return completed(*reviews[i]).After(completed(request)) })
	return reviews[max(after-1, 0)]
}

// fits reports whether a review ended while a request was handled, by the clocks as they are.
func fits(review, request trace.Event) bool {
	at := completed(review)
	return !at.Before(received(request)) && !at.After(completed(request))
}

// overlap reports whether two requests were handled at the same time.
func overlap(earlier, later trace.Event) bool { return !completed(earlier).Before(received(later)) }

// doubt says how many other tokens a refusal may be about.
func (p pairing) doubt() string {
	switch len(p.others) {
	case 0:
		return ""
	case 1:
		return "another token was refused at the same time, and this may be the reason for that one instead"
	}
	return strconv.Itoa(len(p.others)) + " other tokens were refused at the same time, and this may be the reason for one of those instead"
}
