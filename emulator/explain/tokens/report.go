package tokens

import (
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
)

// Report is what a token says of itself, and what every check that needs no secret says of it.
type Report struct {
	// Outcome is [explain.Unauthorized] if the token cannot be accepted, and "" if that takes asking STS or the API server.
	Outcome   explain.Outcome  `json:"outcome,omitempty"`
	DecidedBy explain.Hop      `json:"decidedBy,omitempty"` // that refuses it: client, token or sts
	Cause     string           `json:"cause,omitempty"`     // ID of an [explain.Cause]
	Summary   string           `json:"summary"`
	Evidence  explain.Evidence `json:"evidence"` // what the component would say
	Fix       string           `json:"fix,omitempty"`
	Token     Anatomy          `json:"token"`
	Checks    []Check          `json:"checks"`
	Remarks   []string         `json:"remarks,omitempty"`
}

// Anatomy is what a token consists of, as far as it could be read. Nothing of it is proved.
type Anatomy struct {
	Bytes         int        `json:"bytes"`
	Scheme        string     `json:"scheme,omitempty"`
	Host          string     `json:"host,omitempty"`
	Endpoint      string     `json:"endpoint,omitempty"` // "regional", "global", with "FIPS" and "dual-stack"; "" for a host that is none of STS
	Region        string     `json:"region,omitempty"`   // of the endpoint
	Partition     string     `json:"partition,omitempty"`
	Algorithm     string     `json:"algorithm,omitempty"`
	AccessKeyID   string     `json:"accessKeyId,omitempty"`
	KeyKind       string     `json:"keyKind,omitempty"` // "long-term" or "temporary", by its first four letters
	Account       string     `json:"account,omitempty"` // that the access key ID encodes
	Scope         string     `json:"scope,omitempty"`   // DATE/REGION/SERVICE/aws4_request
	SignedAt      *time.Time `json:"signedAt,omitempty"`
	ValidUntil    *time.Time `json:"validUntil,omitempty"` // 15 minutes later
	AgeSeconds    *int64     `json:"ageSeconds,omitempty"` // negative: signed in the future
	Expires       string     `json:"expires,omitempty"`    // X-Amz-Expires, which means nothing
	SignedHeaders []string   `json:"signedHeaders,omitempty"`
	Action        string     `json:"action,omitempty"`
	Version       string     `json:"version,omitempty"`
	SessionToken  bool       `json:"sessionToken"`  // there is one
	Signature     bool       `json:"signature"`     // there is one
	JWT           bool       `json:"jwt,omitempty"` // it is a JSON Web Token and none of EKS
}

// Check is one thing that the authenticator or STS looks at.
type Check struct {
	Hop    explain.Hop   `json:"hop"` // that makes it
	Name   string        `json:"name"`
	State  explain.State `json:"state"` // passed, refused, not-reached, or no-opinion: it takes a secret
	Detail string        `json:"detail,omitempty"`
	Says   string        `json:"says,omitempty"` // the component's words, if it refuses
}

// Sheet is a report for people.
func (r Report) Sheet() explain.Sheet {
	s := explain.Sheet{
		Word: "undecided", Subject: "an EKS token", Facts: r.facts(),
		Summary: r.Summary, Evidence: r.Evidence, Fix: r.Fix, Remarks: r.Remarks,
	}
	if r.Token.JWT {
		s.Subject = "a JSON Web Token"
	}
	if r.Outcome == explain.Unauthorized {
		s.Word, s.Outcome = "Unauthorized", r.Outcome
		s.Facts = append([]explain.Fact{{Label: "decided by", Text: string(r.DecidedBy)}}, s.Facts...)
	}
	for _, c := range r.Checks {
		detail := c.Detail
		if c.Says != "" {
			detail = strings.TrimPrefix(c.Says, formatError)
		}
		s.Steps = append(s.Steps, explain.Step{Hop: explain.Hop(c.Name), State: c.State, Detail: detail})
	}
	return s
}

// facts are the lines about what the token says of itself.
func (r Report) facts() []explain.Fact {
	t := r.Token
	facts := []explain.Fact{{Label: "for", Text: t.endpoint()}, {Label: "signed by", Text: t.key()}}
	if t.SignedAt != nil {
		facts = append(facts, explain.Fact{Label: "signed at", Text: t.SignedAt.Format(time.RFC3339) + ", " + t.age()})
	}
	return facts
}

// endpoint describes the STS endpoint that a token is presigned for.
func (t Anatomy) endpoint() string {
	if t.Host == "" {
		return ""
	}
	if t.Endpoint == "" {
		return t.Host + ", no endpoint of STS"
	}
	return t.Host + ", " + t.Endpoint + ", " + t.Region + ", partition " + t.Partition
}

// key describes the access key that signed a token.
func (t Anatomy) key() string {
	if t.AccessKeyID == "" {
		return ""
	}
	text := "access key " + t.AccessKeyID
	switch t.KeyKind {
	case longTerm:
		text += ", long-term (of an IAM user or root)"
	case temporary:
		text += ", temporary (of a session)"
	}
	if t.Account != "" {
		text += ", account " + t.Account
	}
	return text
}

// age says how old a token is.
func (t Anatomy) age() string {
	age := time.Duration(*t.AgeSeconds) * time.Second
	if age < 0 {
		return explain.Span(age) + " in the future"
	}
	return explain.Span(age) + " ago"
}
