package awsmodel

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// Style is how a service words its messages. The zero value is STS's, whose members come in the model's order and whose
// values are repeated (spec/sts.md section 2.2).
type Style struct {
	// IAM leaves out the values, puts members in alphabetical order, and judges a list of texts as a whole: all
	// recorded by localstack from AWS in 2026 (tests/aws/services/iam/test_iam_oidc.snapshot.json and
	// test_iam_policies.snapshot.json). Older records have the values in.
	IAM bool
}

// SecretError is a message that repeats a secret to the client who sent it, with the one that a record has instead.
type SecretError struct {
	Answer   *awsquery.Error
	Recorded string
}

func (e *SecretError) Error() string { return e.Recorded }

func (e *SecretError) Unwrap() error { return e.Answer }

// Check holds a request against an operation's part of the model. The error is AWS's one message about everything
// that is wrong (spec/sts.md section 2.2), an *[awsquery.Error] or a *[SecretError]. Of one member the pattern comes
// before the length, which is recorded (consigliere#18).
func (s Style) Check(p awsquery.Params, model []Member) error {
	v := Checker{style: s}
	v.structure(p, "", "", model)
	return v.Err()
}

// ValidationError is AWS's refusal of a value.
func ValidationError(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "ValidationError", Message: message}
}

// Int is the value of an integer member that was checked, or another one if the request does not have it.
func Int(p awsquery.Params, name string, absent int) int {
	n, err := strconv.Atoi(p.Get(name))
	if err != nil {
		return absent
	}
	return n
}

// Checker collects what is wrong with values that are no parameters, such as the claims of a token, in STS's style.
// The zero value is ready to use.
type Checker struct {
	style     Style
	items     []item
	own       error // what the service says in a way of its own, if nothing else is wrong
	malformed error // a value of the wrong type: nothing else is said then
}

// item is one thing that is wrong, as the client and the record see it.
type item struct{ at, answered, recorded string }

// structure checks the members of a structure. prefix is what their parameters' names begin with, at what messages
// put before theirs.
func (v *Checker) structure(p awsquery.Params, prefix, at string, members []Member) {
	for _, m := range members {
		name, at := prefix+m.Name, at+lowerFirst(m.Name)
		value, given := p.Lookup(name)
		if m.Shape.Kind == List || m.Shape.Kind == Structure {
			given = p.Has(name)
		}
		switch {
		case !given && m.Required:
			v.problem(quote{"null ", "null "}, at, "not be null")
		case !given:
		case m.Shape.Kind == Structure:
			v.structure(p, name+".", at+".", m.Shape.Members)
		case m.Shape.Kind == List:
			v.list(p.Members(name+".member"), at, m.Shape)
		case m.Shape.Kind == Number:
			v.number(value, at, m.Shape)
		case m.Shape.Kind == Boolean:
			v.boolean(value, at)
		default:
			v.Text(value, at, m.Shape)
		}
	}
}

// list checks a list. The value that stands for one that is too long or too short, and the names of texts inside
// ("transitiveTagKeys.1.member"), are inferred from other services' messages; those of structures inside
// ("tags.1.member.key") are recorded for IAM.
func (v *Checker) list(elements []awsquery.Params, at string, s Shape) {
	if !v.Count(len(elements), at, s) {
		return
	}
	for i, p := range elements {
		inside := fmt.Sprintf("%s.%d.member", at, i+1)
		switch {
		case s.Element.Kind == Structure:
			v.structure(p, "", inside+".", s.Element.Members)
		case v.style.IAM:
			if !s.Element.takes(p.Get("")) {
				v.problem(quote{}, at, "satisfy constraint: [%s]", s.Element.constraints())
				return
			}
		default:
			v.Text(p.Get(""), inside, *s.Element)
		}
	}
}

// takes says whether a text is one of a shape's.
func (s Shape) takes(text string) bool {
	length := utf8.RuneCountInString(text)
	return length >= s.Min && (s.Max == 0 || length <= s.Max) && (s.Pattern == nil || s.Pattern.Regexp.MatchString(text))
}

// constraints are all that IAM says of the texts of a list if one of them is wrong. The four of tag keys and the two of
// client IDs and thumbprints are recorded; that it is the pattern that makes the difference is inferred.
func (s Shape) constraints() string {
	text := fmt.Sprintf("Member must have length less than or equal to %d, Member must have length greater than or equal to %d", s.Max, s.Min)
	if s.Pattern != nil {
		text += ", Member must satisfy regular expression pattern: " + s.Pattern.Text + ", Member must not be null"
	}
	return text
}

// Count checks the number of members of a list, and says whether it is right.
func (v *Checker) Count(n int, at string, s Shape) bool { return !v.length(members(n), at, n, s) }

// Text checks a text; at is what messages call it. That a sensitive one is left out of the message, with the quotes,
// is inferred from what other services say about passwords; the words about enumerations are as well.
func (v *Checker) Text(value, at string, s Shape) {
	shown := quoting(value)
	switch {
	case s.Sensitive:
		shown = quote{}
	case s.Secret:
		shown.recorded = ""
	}
	switch {
	case s.Pattern == nil || s.Pattern.Regexp.MatchString(value):
	case s.Pattern.Message != "":
		v.own = cmp.Or[error](v.own, ValidationError(fmt.Sprintf(s.Pattern.Message, at)))
	default:
		v.problem(shown, at, "satisfy regular expression pattern: %s", s.Pattern.Text)
	}
	if s.Enum != nil && !slices.Contains(s.Enum, value) {
		v.problem(shown, at, "satisfy enum value set: [%s]", strings.Join(s.Enum, ", "))
	}
	v.length(shown, at, utf8.RuneCountInString(value), s)
}

// length checks the length of a text or list, and says whether it is wrong.
func (v *Checker) length(shown quote, at string, length int, s Shape) bool {
	switch {
	case length < s.Min:
		v.problem(shown, at, "have length greater than or equal to %d", s.Min)
	case s.Max > 0 && length > s.Max:
		v.problem(shown, at, "have length less than or equal to %d", s.Max)
	default:
		return false
	}
	return true
}

// number checks an integer. An empty value is an absent one, which is inferred, as is the text of the upper bound from
// that of the lower one.
func (v *Checker) number(value, at string, s Shape) {
	if value == "" {
		return
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		v.wrongType(value, at, "an integer")
		return
	}
	switch {
	case n < int64(s.Min):
		v.problem(quoting(value), at, "have value greater than or equal to %d", s.Min)
	case n > int64(s.Max):
		v.problem(quoting(value), at, "have value less than or equal to %d", s.Max)
	}
}

// boolean checks a truth value. That an empty one is an absent one is inferred.
func (v *Checker) boolean(value, at string) {
	if value != "" && value != "true" && value != "false" {
		v.wrongType(value, at, "a boolean")
	}
}

// wrongType is for what is no number, or no boolean. Code and text are not AWS's word: the code is the query protocol's
// for a value of the wrong type, the text is ours.
func (v *Checker) wrongType(value, at, kind string) {
	v.malformed = &awsquery.Error{
		Status: http.StatusBadRequest, Code: "MalformedInput", Message: fmt.Sprintf("Value '%s' at '%s' is not %s", value, at, kind),
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

func (v *Checker) problem(shown quote, at, format string, args ...any) {
	if v.style.IAM {
		shown = quote{}
	}
	constraint := fmt.Sprintf("at '%s' failed to satisfy constraint: Member must ", at) + fmt.Sprintf(format, args...)
	v.items = append(v.items, item{at, "Value " + shown.answered + constraint, "Value " + shown.recorded + constraint})
}

// Err is AWS's one message about everything that is wrong, as of [Style.Check], or nil.
func (v *Checker) Err() error {
	switch {
	case v.malformed != nil:
		return v.malformed
	case len(v.items) == 0:
		return v.own
	}
	if v.style.IAM {
		slices.SortStableFunc(v.items, func(a, b item) int { return strings.Compare(a.at, b.at) })
	}
	var answered, recorded []string
	for _, i := range v.items {
		answered, recorded = append(answered, i.answered), append(recorded, i.recorded)
	}
	answer := ValidationError(message(answered))
	if slices.Equal(answered, recorded) {
		return answer
	}
	return &SecretError{answer, message(recorded)}
}

func message(items []string) string {
	plural := ""
	if len(items) > 1 {
		plural = "s"
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(items), plural, strings.Join(items, "; "))
}

// lowerFirst is a member's name as messages have it: "roleArn".
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
