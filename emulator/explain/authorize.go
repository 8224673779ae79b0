package explain

import (
	"slices"
	"strconv"
	"strings"
)

// mastersGroup is the group that kube-apiserver allows everything, before it asks the configured authorizers.
const mastersGroup = "system:masters"

// answer is what the authorizers said to a question.
type answer struct {
	allowed, denied bool
	reason          string // of the authorizer that decided, or of those that had one not to
	words           Evidence
}

// authenticated explains a request of somebody whom the API server knows.
func (c *inquiry) authenticated() {
	if c.verdict.Identity.Kind == KindIAM {
		c.review, c.verdict.Cached = c.history.acceptanceOf(c.event, c.verdict.Identity)
	}
	if c.review != nil {
		c.verdict.Token = c.review.Token
		c.verdict.Cached = completed(*c.review).Before(received(c.event).Add(-tolerance))
		if c.verdict.Cluster == "" {
			c.verdict.Cluster = c.review.Cluster
		}
	}
	r := c.request
	message := Evidence{componentAPIServer, r.Message}
	switch own := ownReview(r); {
	case r.Code == 401:
		c.conclude(causeByID("backend-unauthorized"), message)
	case own != nil:
		text := `"status": {"allowed": ` + strconv.FormatBool(own.Allowed)
		for _, part := range []struct{ name, value string }{{"reason", own.Reason}, {"evaluationError", own.Error}} {
			if part.value != "" {
				text += `, "` + part.name + `": ` + strconv.Quote(part.value)
			}
		}
		c.answered(answer{own.Allowed, own.Denied, strings.TrimSpace(own.Reason + " " + own.Error), Evidence{componentAPIServer, text + "}"}})
	case r.Decision == "allow" && r.Code == 403:
		c.refusedAfterwards(message)
	case r.Decision == "allow":
		c.answered(answer{allowed: true, reason: r.Reason, words: Evidence{componentAPIServer, `authorization.k8s.io/decision: "allow", authorization.k8s.io/reason: ` + strconv.Quote(r.Reason)}})
	case r.Decision == "forbid":
		c.answered(answer{reason: r.Reason + " " + r.Message, words: message})
	default:
		c.undecided(message)
	}
}

// answered explains an answer of the authorizers.
func (c *inquiry) answered(a answer) {
	switch {
	case a.allowed:
		c.allowed(a)
	case a.denied:
		c.note(HopAPIServer, a.reason)
		c.conclude(causeByID("authorizer-denied"), a.words)
	default:
		cause := c.whyDenied(a.reason)
		c.note(HopNode, "nothing that this node needs")
		c.note(HopRBAC, "no rule matches")
		c.conclude(cause, a.words)
	}
}

// allowed explains a yes.
func (c *inquiry) allowed(a answer) {
	cause := c.whoAllowed(a.reason)
	evidence := a.words
	if a.reason != "" && cause.Hop != HopAPIServer {
		evidence.Text = a.reason
	}
	if cause.Hop == HopMasters && c.review != nil && c.verdict.Identity.Impersonates == "" {
		if line := c.history.lineOf(*c.review, "access granted"); line != nil {
			evidence = Evidence{componentAuthenticator, logText(line.Log)}
		}
	}
	c.note(HopMasters, "a member: allowed before RBAC is asked")
	c.note(cause.Hop, a.reason)
	c.conclude(cause, evidence)
}

// whoAllowed finds the authorizer that allowed a request, by the reason that it gave.
func (c *inquiry) whoAllowed(reason string) Cause {
	subject := c.verdict.Identity.subject()
	c.facts.set("reason", reason)
	cause, found, ok := recognise(allowedCauses(), reason)
	c.facts.add(found)
	switch {
	case ok && cause.Hop == HopRBAC && subject.Kind == KindServiceAccount:
		return causeByID("allowed-service-account")
	case ok:
		return cause
	case reason == "" && slices.Contains(subject.Groups, mastersGroup):
		return causeByID("allowed-masters")
	case reason == "" && subject.isNode():
		return causeByID("allowed-node")
	}
	c.facts.set("reason", "without giving a reason")
	if reason != "" {
		c.facts.set("reason", reason)
	}
	return causeByID("allowed-other")
}

// whyDenied finds the cause of a no that no authorizer wanted to turn into a yes.
func (c *inquiry) whyDenied(reason string) Cause {
	id := c.verdict.Identity
	cause, found, ok := recognise(deniedCauses(), reason)
	if !ok && id.subject().isNode() {
		cause, found, ok = recognise(nodeCauses(), reason)
	}
	c.facts.add(found)
	if ok {
		return cause
	}
	switch {
	case id.Impersonates != "":
		return causeByID("no-rule-impersonated")
	case id.Kind == KindAnonymous:
		return causeByID("no-rule-anonymous")
	case id.Kind == KindServiceAccount:
		return causeByID("no-rule-service-account")
	case strings.HasPrefix(id.Username, nodePrefix) && !id.isNode():
		return causeByID("node-not-in-group")
	}
	if cause, ok := c.whyNoPolicy(id); ok {
		return cause
	}
	if id.Kind == KindIAM && len(ownGroups(id.Groups)) == 0 {
		return causeByID("no-groups")
	}
	return causeByID("no-rule")
}

// ownGroups are the groups that a mapping gave, without those that the API server adds to everyone.
func ownGroups(groups []string) []string {
	var own []string
	for _, group := range groups {
		if group != "system:authenticated" && group != "system:unauthenticated" {
			own = append(own, group)
		}
	}
	return own
}

// refusedAfterwards explains a 403 to a request that the authorizers had allowed.
func (c *inquiry) refusedAfterwards(message Evidence) {
	cause, _, ok := recognise(afterwardsCauses(), message.Text)
	if !ok || cause.Hop != HopRBAC {
		cause = causeByID("admission-forbidden")
	}
	c.afterwards = true
	c.conclude(cause, message)
}

// undecided explains a request without a decision in its audit event: impersonation that was refused, an
// authorizer that failed, or a request that was turned away or answered before.
func (c *inquiry) undecided(message Evidence) {
	cause, _, ok := recognise(afterwardsCauses(), c.request.Reason+" "+message.Text)
	switch code := c.request.Code; {
	case ok && (code == 403 || cause.ID == "authorizer-error"):
	case code == 403:
		c.answered(answer{reason: message.Text, words: message})
		return
	case code < 400:
		c.answered(answer{allowed: true, words: Evidence{componentAPIServer, strconv.Itoa(code)}})
		return
	default:
		cause = causeByID("not-decided")
	}
	c.note(cause.Hop, message.Text)
	c.conclude(cause, message)
}
