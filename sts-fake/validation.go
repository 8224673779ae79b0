package stsfake

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// validate holds a request against an operation's part of the model. The error is AWS's one message about everything
// that is wrong (spec/sts.md section 2.2): members in the model's order, which is recorded for two of them
// (aws-runas#80), and of one member the pattern before the length, which is recorded as well (consigliere#18).
func validate(p awsquery.Params, model []member) error {
	var v validator
	v.structure(p, "", "", model)
	return v.err()
}

// validator collects what is wrong with a request's members.
type validator struct {
	items     []string
	recorded  []string // the same without secrets
	malformed error    // a value of the wrong type: nothing else is said then
}

// structure checks the members of a structure. prefix is what their parameters' names begin with, at what messages
// put before theirs.
func (v *validator) structure(p awsquery.Params, prefix, at string, members []member) {
	for _, m := range members {
		name, at := prefix+m.name, at+lowerFirst(m.name)
		value, given := p.Lookup(name)
		if m.shape.kind == listShape || m.shape.kind == structureShape {
			given = p.Has(name)
		}
		switch {
		case !given && m.required:
			v.problem(quote{"null ", "null "}, at, "not be null")
		case !given:
		case m.shape.kind == structureShape:
			v.structure(p, name+".", at+".", m.shape.members)
		case m.shape.kind == listShape:
			v.list(p.Members(name+".member"), at, m.shape)
		case m.shape.kind == numberShape:
			v.number(value, at, m.shape)
		default:
			v.text(value, at, m.shape)
		}
	}
}

// list checks a list. The value that stands for one that is too long or too short, and the names of the members inside
// ("tags.1.member.key"), are inferred from other services' messages.
func (v *validator) list(elements []awsquery.Params, at string, s shape) {
	if v.length(members(len(elements)), at, len(elements), s) {
		return
	}
	for i, p := range elements {
		at := fmt.Sprintf("%s.%d.member", at, i+1)
		if s.element.kind == structureShape {
			v.structure(p, "", at+".", s.element.members)
		} else {
			v.text(p.Get(""), at, *s.element)
		}
	}
}

// text checks a text. That a sensitive one is left out of the message, with the quotes, is inferred from what other
// services say about passwords.
func (v *validator) text(value, at string, s shape) {
	shown := quoting(value)
	switch {
	case s.sensitive:
		shown = quote{}
	case s.secret:
		shown.recorded = ""
	}
	if s.pattern != nil && !s.pattern.re.MatchString(value) {
		v.problem(shown, at, "satisfy regular expression pattern: %s", s.pattern.text)
	}
	v.length(shown, at, utf8.RuneCountInString(value), s)
}

// length checks the length of a text or list, and says whether it is wrong.
func (v *validator) length(shown quote, at string, length int, s shape) bool {
	switch {
	case length < s.min:
		v.problem(shown, at, "have length greater than or equal to %d", s.min)
	case s.max > 0 && length > s.max:
		v.problem(shown, at, "have length less than or equal to %d", s.max)
	default:
		return false
	}
	return true
}

// number checks an integer. An empty value is an absent one, which is inferred, as is the text of the upper bound from
// that of the lower one. Code and text for what is no integer are not AWS's word: the code is the query protocol's
// for a value of the wrong type, the text is ours.
func (v *validator) number(value, at string, s shape) {
	if value == "" {
		return
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		v.malformed = &awsquery.Error{
			Status: http.StatusBadRequest, Code: "MalformedInput", Message: fmt.Sprintf("Value '%s' at '%s' is not an integer", value, at),
		}
		return
	}
	switch {
	case n < int64(s.min):
		v.problem(quoting(value), at, "have value greater than or equal to %d", s.min)
	case n > int64(s.max):
		v.problem(quoting(value), at, "have value less than or equal to %d", s.max)
	}
}

// quote is a value as a message repeats it, to the client and in the record.
type quote struct{ answered, recorded string }

func quoting(value string) quote {
	shown := "'" + value + "' "
	return quote{shown, shown}
}

// members stands for a list of so many.
func members(count int) quote { return quoting(fmt.Sprintf("[%d members]", count)) }

func (v *validator) problem(shown quote, at, format string, args ...any) {
	constraint := fmt.Sprintf("at '%s' failed to satisfy constraint: Member must ", at) + fmt.Sprintf(format, args...)
	v.items = append(v.items, "Value "+shown.answered+constraint)
	v.recorded = append(v.recorded, "Value "+shown.recorded+constraint)
}

func (v *validator) err() error {
	switch {
	case v.malformed != nil:
		return v.malformed
	case len(v.items) == 0:
		return nil
	}
	answer := validationError(validationMessage(v.items))
	if slices.Equal(v.items, v.recorded) {
		return answer
	}
	return &repeating{answer, validationMessage(v.recorded)}
}

func validationMessage(items []string) string {
	plural := ""
	if len(items) > 1 {
		plural = "s"
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(items), plural, strings.Join(items, "; "))
}

// lowerFirst is a member's name as messages have it: "roleArn".
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// number is the value of an integer member that was validated, or another one if the request does not have it.
func number(p awsquery.Params, name string, absent int) int {
	n, err := strconv.Atoi(p.Get(name))
	if err != nil {
		return absent
	}
	return n
}

// duration is DurationSeconds.
func duration(p awsquery.Params, absent int) time.Duration {
	return time.Duration(number(p, "DurationSeconds", absent)) * time.Second
}
