package explain

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Components as evidence names them.
const (
	componentAuthenticator = "aws-iam-authenticator"
	componentAPIServer     = "kube-apiserver"
	componentSTS           = "sts"
)

// tokenLifetime is how long the authenticator takes a token for, from X-Amz-Date (presignedURLExpiration in token.go).
const tokenLifetime = 15 * time.Minute

// unauthorized explains a request that ended in 401 with nobody known.
func (c *inquiry) unauthorized() {
	refusal := c.history.refusalOf(c.event)
	if c.review = refusal.review; c.review == nil {
		c.withoutRefusal()
		return
	}
	c.verdict.OtherTokens = refusal.others
	c.remark(refusal.doubt())
	c.meet()
	review := c.review.TokenReview
	switch review.Status {
	case 0:
		c.note(HopAPIServer, "the authenticator did not answer")
		c.conclude(causeByID("authenticator-unreachable"), Evidence{componentAPIServer, review.Error})
	case 400, 405:
		c.note(HopAPIServer, "the authenticator answered "+strconv.Itoa(review.Status))
		c.conclude(causeByID("authenticator-bad-request"), Evidence{componentAuthenticator, review.Error})
	default:
		c.refusedByAuthenticator()
	}
}

// hadToken reports whether the API server saw a token that it hands to the webhook, or does not say what it saw.
func hadToken(message string) bool {
	return !strings.HasPrefix(message, "Authentication failed") || strings.Contains(message, "bearer") || strings.Contains(message, "access_token")
}

// withoutRefusal explains a 401 for which no TokenReview was refused.
func (c *inquiry) withoutRefusal() {
	message := c.request.Message
	cause, found, ok := recognise(apiServerCauses(), message)
	c.facts.add(found)
	if !ok {
		cause = causeByID("webhook-not-asked")
	}
	if cause.ID == "webhook-not-asked" {
		if c.review = c.history.orphanOf(c.event); c.review != nil {
			c.meet()
			cause = causeByID("answer-not-accepted")
		}
	}
	c.note(HopAPIServer, message)
	c.conclude(cause, Evidence{componentAPIServer, message})
}

// meet takes over what a TokenReview tells about the token and its holder.
func (c *inquiry) meet() {
	c.verdict.Token = c.review.Token
	if c.verdict.Cluster == "" {
		c.verdict.Cluster = c.review.Cluster
	}
	c.learnIdentity()
}

// refusedByAuthenticator explains a TokenReview that the authenticator denied.
func (c *inquiry) refusedByAuthenticator() {
	text := c.review.TokenReview.Authenticator
	line := c.history.lineOf(*c.review, "access denied")
	if text == "" && line != nil {
		text = line.Log.Fields["error"]
	}
	evidence := Evidence{componentAuthenticator, text}
	if line != nil {
		evidence.Text = logText(line.Log)
	}
	call := c.history.callOf(*c.review)
	switch asked := call != nil && call.AWS.Status != 200; {
	case strings.HasPrefix(text, "sts getCallerIdentity "), text == "" && asked, c.review.TokenReview.Status == 429:
		c.refusedBySTS(text, call, evidence)
	case c.refusedByMapper(text):
		cause, found, ok := recognise(mapperCauses(), text)
		if !ok {
			cause, found = c.whyNotMapped()
		}
		c.facts.add(found)
		c.note(HopMapper, text)
		c.conclude(cause, evidence)
	default:
		c.refusedByForm(text, evidence)
	}
}

// refusedByMapper reports whether a refusal came after STS had said who the caller is.
func (c *inquiry) refusedByMapper(text string) bool {
	if text == "" {
		call := c.history.callOf(*c.review)
		return call != nil && call.AWS.Status == 200 || c.history.lineOf(*c.review, "STS response") != nil
	}
	if strings.HasPrefix(text, "input token was not properly formatted: ") {
		return false
	}
	_, _, ok := recognise(mapperCauses(), text)
	return ok || strings.Contains(text, notMapped)
}

// refusedByForm explains a token that was not even worth asking STS about.
func (c *inquiry) refusedByForm(text string, evidence Evidence) {
	review := c.review.TokenReview
	if text == "" {
		text = review.TokenError
		evidence.Text = text
	}
	cause, found, ok := recognise(append(tokenCauses(), tokenTimeCauses()...), text)
	if !ok {
		cause = causeByID("token-format")
	}
	c.facts.add(found)
	c.facts.set("partition", strings.Trim(found["partition"], "{}"))
	if cause.ID == "token-expired" {
		signed, err := time.Parse("2006-01-02 15:04:05 -0700 MST", strings.TrimSpace(found["date"]))
		if err != nil {
			signed = review.SignedAt
		}
		age := seen(*c.review).Sub(signed)
		c.facts.set("age", span(age))
		c.facts.set("over", span(age-tokenLifetime))
	}
	c.note(HopToken, strings.TrimPrefix(text, "input token was not properly formatted: "))
	c.conclude(cause, evidence)
}

// refusedBySTS explains a token that STS refused, or that the authenticator could not ask STS about.
func (c *inquiry) refusedBySTS(text string, call *trace.Event, evidence Evidence) {
	code, message := errorDocument(text)
	status, _ := match("(expected 200, got {status})", text)
	c.facts.add(status)
	if code == "" && call != nil && (text == "" || len(status) > 0) {
		code, message = call.AWS.Code, call.AWS.Message
		c.facts.set("status", strconv.Itoa(call.AWS.Status))
	}
	var cause Cause
	if code == "" {
		cause = c.recognise(text, transportCauses(), stsRequestCauses())
		if c.review.TokenReview.Status == 429 {
			cause = causeByID("sts-throttled")
		}
		c.note(HopSTS, strings.TrimPrefix(text, "sts getCallerIdentity failed: "))
	} else {
		cause = c.stsCause(code, message)
		evidence = Evidence{componentSTS, strings.TrimSpace(c.facts["status"] + " " + code + ": " + message)}
		c.note(HopSTS, strings.TrimSpace(c.facts["status"]+" "+code))
	}
	c.conclude(cause, evidence)
}

// stsCause finds the cause of a refusal in STS's words.
func (c *inquiry) stsCause(code, message string) Cause {
	if strings.Contains(code, "Throttling") {
		return causeByID("sts-throttled")
	}
	cause := c.recognise(commonCode(code)+": "+message, stsSignatureCauses(), stsScopeCauses(), stsKeyCauses(), stsRequestCauses())
	if cause.ID == "signature-mismatch" && c.history.keyWorked(c.verdict.Identity.AccessKeyID, seen(*c.review)) {
		c.remark("another request with this access key succeeded before, so the secret key is right in the client that sent it, which makes the cluster name the likelier of the two")
	}
	c.facts.set("skew", clockSkew(c.facts))
	return cause
}

// recognise finds the cause that says text in several parts of the catalogue, and keeps the facts it gives away.
func (c *inquiry) recognise(text string, parts ...[]Cause) Cause {
	for _, part := range parts {
		if cause, found, ok := recognise(part, text); ok {
			c.facts.add(found)
			return cause
		}
	}
	if status := c.facts["status"]; len(status) == 3 && status[0] == '5' {
		return causeByID("sts-unavailable")
	}
	return causeByID("sts-refused")
}

// errorDocument reads STS's error document out of the authenticator's error text.
func errorDocument(text string) (code, message string) {
	_, body, found := strings.Cut(text, "Body: ")
	if !found {
		return "", ""
	}
	var document struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		return "", "" // not STS: whatever answered in its place is quoted in the evidence
	}
	return document.Error.Code, document.Error.Message
}

// clockSkew is the distance of the two times in STS's words about a signature's date.
func clockSkew(f facts) string {
	const basic = "20060102T150405Z"
	date, errDate := time.Parse(basic, f["date"])
	now, errNow := time.Parse(basic, f["now"])
	if errDate != nil || errNow != nil {
		return ""
	}
	return span(now.Sub(date))
}

// seen is when the authenticator got a token.
func seen(review trace.Event) time.Time {
	if !review.TokenReview.Started.IsZero() {
		return review.TokenReview.Started
	}
	return completed(review)
}
