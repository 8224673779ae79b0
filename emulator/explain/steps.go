package explain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// note keeps a detail for a hop's step, unless there is one already.
func (c *inquiry) note(hop Hop, detail string) {
	if c.notes == nil {
		c.notes = map[Hop]string{}
	}
	if c.notes[hop] == "" {
		c.notes[hop] = detail
	}
}

// learn collects the facts that every cause may mention.
func (c *inquiry) learn() {
	id, v := c.verdict.Identity, &c.verdict
	common := facts{}
	for name, value := range map[string]string{
		"username": id.name(), "who": id.subjectName(), "arn": id.ARN, "canonical": id.CanonicalARN, "principal": id.CanonicalARN, "principalid": id.PrincipalID,
		"session": strconv.Quote(id.SessionName), "key": "access key " + id.AccessKeyID, "cluster": v.Cluster, "question": c.question.asked(),
		"groups": strings.Join(id.subject().Groups, ", "), "subject": subjectFlag(id), "impersonated": id.Impersonates,
		"grant": c.question.grant(subjectFlag(id)), "mapped": shortName(id.CanonicalARN), "status": strconv.Itoa(v.Status),
		"policy": c.question.policy(), "scope": c.question.scope(), "reason": c.request.Reason,
	} {
		common.set(name, value)
	}
	if id.AccessKeyID == "" {
		common.set("key", "an access key")
	}
	if c.review != nil {
		common.set("host", c.review.TokenReview.Host)
	}
	common.add(c.facts)
	c.facts = common
}

// chain is the order of the hops that a request meets. The Node authorizer and the one of access policies are only
// shown where they matter: a cluster need not have the latter. A check after authorization is a hop of its own, at
// the end.
func (c *inquiry) chain() []Hop {
	chain := []Hop{HopClient, HopToken, HopSTS, HopMapper, HopAPIServer, HopMasters}
	subject := c.verdict.Identity.subject()
	if subject.isNode() || strings.HasPrefix(subject.Username, nodePrefix) || c.verdict.DecidedBy == HopNode {
		chain = append(chain, HopNode)
	}
	chain = append(chain, HopRBAC)
	if c.verdict.DecidedBy == HopAccessPolicy || c.afterwards && c.whoAllowed(c.request.Reason).Hop == HopAccessPolicy {
		chain = append(chain, HopAccessPolicy)
	}
	if c.afterwards {
		chain = append(chain, c.verdict.DecidedBy)
	}
	return chain
}

// steps tells what every hop did with the request.
func (c *inquiry) steps() []Step {
	c.describe()
	chain := c.chain()
	decided := slices.Index(chain, c.verdict.DecidedBy)
	authorizers := slices.Index(chain, HopMasters)
	end := decided // the hop after which nothing was asked
	switch by := c.verdict.DecidedBy; {
	case c.afterwards:
		decided, end = len(chain)-1, slices.Index(chain, c.whoAllowed(c.request.Reason).Hop)
	case c.verdict.Outcome == Denied && (by == HopRBAC || by == HopNode || by == HopAccessPolicy):
		end = len(chain) - 1
	}
	var steps []Step
	for i, hop := range chain {
		step := Step{Hop: hop, State: StatePassed, Detail: c.notes[hop]}
		switch {
		case i == decided && c.verdict.Outcome == Allowed:
			step.State = StateDecided
		case i == decided:
			step.State = StateRefused
		case i > end || c.sidestepped() && slices.Contains([]Hop{HopToken, HopSTS, HopMapper}, hop):
			step.State, step.Detail = StateNotReached, ""
			if i < end {
				step.Detail = "not asked"
			}
		case i >= authorizers && i != end || i > decided:
			step.State, step.Detail = StateNoOpinion, noOpinion(hop)
		}
		steps = append(steps, step)
	}
	return steps
}

// noOpinion is why an authorizer left a request to the next one.
func noOpinion(hop Hop) string {
	switch hop {
	case HopMasters:
		return "not a member"
	case HopRBAC:
		return "no rule matches"
	}
	return ""
}

// sidestepped reports whether IAM had no part in it: nobody asked the authenticator, or it did not answer.
func (c *inquiry) sidestepped() bool {
	if c.review != nil {
		status := c.review.TokenReview.Status
		return status == 0 || status == 400 || status == 405
	}
	return c.verdict.Identity.Kind != KindIAM
}

// describe notes what the hops that let the request through found.
func (c *inquiry) describe() {
	id := c.verdict.Identity
	agent, _, _ := strings.Cut(c.request.UserAgent, " ")
	c.note(HopClient, agent)
	switch {
	case c.review != nil:
		c.describeToken(*c.review)
	case id.Kind == KindIAM && c.verdict.Cached:
		c.note(HopToken, "one of several that the authenticator accepted")
	case id.Kind == KindIAM:
		c.note(HopToken, "verified before this trace began")
	}
	if id.ARN != "" {
		c.note(HopSTS, "GetCallerIdentity: "+id.ARN)
	}
	if id.Kind != KindUnknown {
		mapped := "user " + strconv.Quote(id.Username)
		if groups := ownGroups(id.Groups); len(groups) > 0 {
			mapped += " in " + strings.Join(groups, ", ")
		}
		c.note(HopMapper, mapped)
		c.note(HopAPIServer, c.howAuthenticated())
	}
}

// describeToken notes what a token says of itself, and how old it was when the authenticator saw it.
func (c *inquiry) describeToken(e trace.Event) {
	review := e.TokenReview
	var parts []string
	if review.Host != "" {
		parts = append(parts, "presigned for "+review.Host)
	}
	if key := reviewedKey(review); key != "" {
		parts = append(parts, "key "+key)
	}
	if !review.SignedAt.IsZero() {
		age := seen(e).Sub(review.SignedAt)
		when := "signed " + span(age) + " before it was checked"
		if age < 0 {
			when = "signed " + span(age) + " in the future"
		}
		parts = append(parts, when)
	}
	c.note(HopToken, strings.Join(parts, ", "))
}

// howAuthenticated says how the API server came to know the caller.
func (c *inquiry) howAuthenticated() string {
	switch c.verdict.Identity.Kind {
	case KindServiceAccount:
		return "verified the service account token itself"
	case KindClientCertificate:
		return "verified the client certificate itself"
	case KindAnonymous:
		return "no credentials: " + c.verdict.Identity.Username
	case KindIAM:
		switch {
		case c.verdict.Cached && c.review == nil:
			return "answered from the API server's token cache"
		case c.verdict.Cached:
			return "answered from the API server's token cache, " + span(received(c.event).Sub(completed(*c.review))) + " after the authenticator was asked"
		}
		return "took the authenticator's answer"
	}
	return "verified the credentials itself"
}
