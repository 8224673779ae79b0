package explain

import (
	"io"
	"strconv"
	"strings"
	"time"
)

// CauseOfToken is the entry of the catalogue for what the authenticator says about a token's form, filled in with what
// its words give away and with known facts, by the names of the catalogue: "cluster", "host", "age".
func CauseOfToken(text string, known map[string]string) Cause {
	cause, found, ok := recognise(append(tokenCauses(), tokenTimeCauses()...), text)
	if !ok {
		cause = causeByID("token-format")
	}
	found.set("partition", strings.Trim(found["partition"], "{}"))
	return cause.filled(found, known)
}

// CauseOfClient is the same for what keeps a client from sending a token at all.
func CauseOfClient(text string, known map[string]string) Cause {
	cause, found, _ := recognise(clientCauses(), text)
	return cause.filled(found, known)
}

// CauseOfSTS is the same for a refusal by STS.
func CauseOfSTS(status int, code, message string, known map[string]string) Cause {
	c := inquiry{facts: facts{"status": strconv.Itoa(status)}}
	cause := c.recognise(commonCode(code)+": "+message, stsSignatureCauses(), stsScopeCauses(), stsKeyCauses(), stsRequestCauses())
	c.facts.set("skew", clockSkew(c.facts))
	return cause.filled(c.facts, known)
}

// filled is a cause with its placeholders replaced, by what was found before what was known.
func (c Cause) filled(found facts, known map[string]string) Cause {
	all := facts{}
	all.add(known)
	all.add(found)
	c.Sentence, c.Fix = all.fill(c.Sentence), all.fill(c.Fix)
	return c
}

// Span writes a duration for people as verdicts do: in seconds or, if it is long, in days.
func Span(d time.Duration) string { return span(d) }

// Clean makes one line of text that is fit to be shown of anything: without what looks like a bearer token, a signature
// or a session token, and without control characters.
func Clean(text string) string { return cleanLine(text) }

// Sheet is the explanation of something that is no request: a token or a kubeconfig that was taken apart.
type Sheet struct {
	Word     string  // what became of it, as the first word: "Unauthorized"
	Outcome  Outcome // colours the word; "" is undecided
	Subject  string  // what it is
	Facts    []Fact  // what was found out about it
	Steps    []Step  // what was checked
	Summary  string
	Evidence Evidence
	Fix      string
	Remarks  []string
}

// Fact is a text behind a label of at most 17 characters.
type Fact struct{ Label, Text string }

// WriteSheet prints a sheet the way [Write] prints a verdict. Its error is the writer's.
func WriteSheet(w io.Writer, s Sheet, opts TextOptions) error {
	v := Verdict{Steps: s.Steps, Summary: s.Summary, Evidence: s.Evidence, Fix: s.Fix}
	v.clean()
	p := &printer{opts: opts}
	code := map[Outcome]string{Unauthorized: red, Denied: yellow, Allowed: green}[s.Outcome]
	p.WriteString(p.color(code, s.Word) + "  " + cleanLine(s.Subject) + "\n")
	for _, fact := range s.Facts {
		p.labelled(fact.Label, cleanLine(fact.Text))
	}
	if len(v.Steps) > 0 {
		p.WriteString("\n")
	}
	p.reasons(v)
	for i, remark := range s.Remarks {
		label := ""
		if i == 0 {
			label = "note"
			p.WriteString("\n")
		}
		p.labelled(label, cleanLine(remark))
	}
	_, err := io.WriteString(w, p.String())
	return err
}
