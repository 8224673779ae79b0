package explain

import "strings"

// Cause is an entry of the catalogue: a reason for an outcome, how to recognise it, and what to do about it.
//
// In Sentence and Fix, {name} stands for a fact of the request; {name:yaml} and {name:sh} for the same, quoted
// for YAML or a shell where it needs to be.
type Cause struct {
	ID      string  `json:"id"`      // kebab-case, stable
	Outcome Outcome `json:"outcome"` //
	Hop     Hop     `json:"hop"`     // that decides; "" where it is the AWS service that was called
	// Says is the wording by which the cause is known, one of several; {name} stands for any text. Empty
	// for a cause that is known by other things than words.
	Says     []string `json:"says,omitempty"`
	Sentence string   `json:"sentence"`
	Fix      string   `json:"fix,omitempty"`
}

// Causes returns the whole catalogue, in the order of the hops. Every ID is unique.
func Causes() []Cause {
	var all []Cause
	for _, part := range [][]Cause{
		clientCauses(), tokenCauses(), tokenTimeCauses(), transportCauses(), stsSignatureCauses(), stsScopeCauses(), stsKeyCauses(), stsRequestCauses(),
		mappingCauses(), mapperCauses(), apiServerCauses(), allowedCauses(), deniedCauses(), nodeCauses(), afterwardsCauses(), webIdentityCauses(), mfaCauses(), awsCauses(),
	} {
		all = append(all, part...)
	}
	return all
}

// causeByID looks an entry of the catalogue up.
func causeByID(id string) Cause {
	for _, c := range Causes() {
		if c.ID == id {
			return c
		}
	}
	return Cause{ID: id}
}

// recognise finds the first of the causes that says text, and the facts that its wording gives away.
func recognise(causes []Cause, text string) (Cause, facts, bool) {
	for _, c := range causes {
		for _, says := range c.Says {
			if found, ok := match(says, text); ok {
				return c, found, true
			}
		}
	}
	return Cause{}, nil, false
}

// match reports whether text contains pattern, in which {name} stands for the shortest text up to what
// follows it, and returns what the names stand for.
func match(pattern, text string) (facts, bool) {
	found := facts{}
	literal, pattern, named := strings.Cut(pattern, "{")
	at := strings.Index(text, literal)
	if at < 0 {
		return nil, false
	}
	text = text[at+len(literal):]
	for named {
		var name string
		name, pattern, _ = strings.Cut(pattern, "}")
		literal, pattern, named = strings.Cut(pattern, "{")
		end := len(text)
		if literal != "" {
			if end = strings.Index(text, literal); end < 0 {
				return nil, false
			}
		}
		found[name] = text[:end]
		text = text[min(end+len(literal), len(text)):]
	}
	return found, true
}
