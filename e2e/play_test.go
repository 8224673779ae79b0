package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	. "github.com/onsi/gomega"
)

// play is a sequence of calls with one of the SDK's clients.
type play struct {
	client any
	called map[string]bool
	names  map[string]string // what earlier answers said, for later calls: "$role"
}

// step is a call. The input is AWS's JSON. The answer is what must be in it, as JSON: objects may have further members,
// "~…" is a regular expression, "$…" gives what is there a name. A step without an answer has to be refused with code.
type step struct{ operation, input, answer, code string }

func newPlay(client any) *play {
	return &play{client: client, called: map[string]bool{}, names: map[string]string{}}
}

func (p *play) run(steps ...step) {
	for _, s := range steps {
		p.step(s)
	}
}

func (p *play) step(s step) {
	input := s.input
	for name, value := range p.names {
		input = strings.ReplaceAll(input, `"`+name+`"`, `"`+value+`"`)
	}
	p.called[s.operation] = true
	out, err := call(p.client, s.operation, input)
	if s.code != "" {
		ExpectWithOffset(2, err).To(HaveOccurred(), "%s %s", s.operation, input)
		ExpectWithOffset(2, refusalOf(err).Code).To(Equal(s.code), "%s %s: %v", s.operation, input, err)
		return
	}
	ExpectWithOffset(2, err).NotTo(HaveOccurred(), "%s %s", s.operation, input)
	if s.answer == "" {
		return
	}
	var want any
	ExpectWithOffset(2, json.Unmarshal([]byte(s.answer), &want)).To(Succeed(), s.answer)
	if problem := p.differs("", want, map[string]any(out)); problem != "" {
		raw, _ := json.MarshalIndent(out, "", "  ")
		ExpectWithOffset(2, problem).To(BeEmpty(), "%s %s answered\n%s", s.operation, input, raw)
	}
}

// differs tells where what was got is not what was wanted, "" if it is.
func (p *play) differs(at string, want, got any) string {
	switch wanted := want.(type) {
	case map[string]any:
		there, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: want an object, got %v", at, got)
		}
		for key, value := range wanted {
			if problem := p.differs(at+"."+key, value, there[key]); problem != "" {
				return problem
			}
		}
		return ""
	case []any:
		there, ok := got.([]any) // null, which is no list at all, is none
		if !ok || len(there) != len(wanted) {
			return fmt.Sprintf("%s: want %d elements, got %v", at, len(wanted), got)
		}
		for i, value := range wanted {
			if problem := p.differs(fmt.Sprintf("%s[%d]", at, i), value, there[i]); problem != "" {
				return problem
			}
		}
		return ""
	case string:
		return p.textDiffers(at, wanted, got)
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Sprintf("%s: want %v, got %v", at, want, got)
	}
	return ""
}

func (p *play) textDiffers(at, want string, got any) string {
	text, ok := got.(string)
	switch {
	case !ok:
		return fmt.Sprintf("%s: want %q, got %v", at, want, got)
	case strings.HasPrefix(want, "$"):
		p.names[want] = text
	case strings.HasPrefix(want, "~"):
		if !regexp.MustCompile("^(?:" + want[1:] + ")$").MatchString(text) {
			return fmt.Sprintf("%s: want a match of %s, got %q", at, want[1:], text)
		}
	case text != want:
		return fmt.Sprintf("%s: want %q, got %q", at, want, text)
	}
	return ""
}
