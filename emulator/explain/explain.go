package explain

import (
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Explain gives a verdict for every API request of a person or a client, oldest first. Requests of the
// environment's own machinery ([trace.Request.OfControlPlane]) are left out;
// [ForRequest] explains those, too. Events may be in any order.
func Explain(events []trace.Event) []Verdict {
	h := newHistory(events)
	return h.explain(func(e trace.Event) bool { return !e.Request.OfControlPlane() })
}

// ForRequest explains the API request with an audit ID. It reports false if its audit event has not come.
func ForRequest(events []trace.Event, auditID string) (Verdict, bool) {
	h := newHistory(events)
	verdicts := h.explain(func(e trace.Event) bool { return e.Request.AuditID == auditID })
	if len(verdicts) == 0 {
		return Verdict{}, false
	}
	return verdicts[len(verdicts)-1], true
}

// ForUserAgent explains the API requests of every client whose User-Agent header begins with prefix, oldest first.
func ForUserAgent(events []trace.Event, prefix string) []Verdict {
	h := newHistory(events)
	return h.explain(func(e trace.Event) bool { return strings.HasPrefix(e.Request.UserAgent, prefix) })
}

// explain gives the verdicts of the chosen requests, in the order in which they were completed.
func (h *history) explain(chosen func(trace.Event) bool) []Verdict {
	var verdicts []Verdict
	for _, e := range h.requests {
		if chosen(e) {
			verdicts = append(verdicts, h.verdict(e))
		}
	}
	return verdicts
}

// verdict explains one API request.
func (h *history) verdict(e trace.Event) Verdict {
	r := e.Request
	c := &inquiry{history: h, event: e, request: r, question: questionOf(r), facts: facts{}}
	c.verdict = Verdict{
		Identity: identityOf(r), Question: c.question.String(), Cluster: e.Cluster, AuditID: r.AuditID,
		UserAgent: r.UserAgent, Status: r.Code, Time: completed(e),
	}
	if r.Code == 401 && c.verdict.Identity.Kind == KindUnknown {
		c.unauthorized()
	} else {
		c.authenticated()
	}
	c.verdict.clean()
	return c.verdict
}

// inquiry is the explanation of one request while it is being made.
type inquiry struct {
	history  *history
	event    trace.Event
	request  *trace.Request
	question question
	review   *trace.Event // the TokenReview that authenticated or refused it, if it was found
	facts    facts
	verdict  Verdict
	notes    map[Hop]string // details for the steps
	remarks  []string       // what the summary says besides the cause

	afterwards bool // refused after an authorizer had allowed it
}

// remark adds something to the summary, unless it is empty.
func (c *inquiry) remark(text string) {
	if text != "" {
		c.remarks = append(c.remarks, text)
	}
}

// conclude writes the cause and its texts into the verdict.
func (c *inquiry) conclude(cause Cause, evidence Evidence) {
	c.learn()
	v := &c.verdict
	v.Outcome, v.DecidedBy, v.Cause, v.Evidence = cause.Outcome, cause.Hop, cause.ID, evidence
	v.Summary = strings.Join(append([]string{c.facts.fill(cause.Sentence)}, c.remarks...), "; ")
	v.Fix = c.facts.fill(cause.Fix)
	v.Steps = c.steps()
}
