package stsfake

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// Patterns of the STS model, as its messages quote them and as Go reads them (spec/sts.md sections 2.2 and 4.2; those of
// serial numbers, token codes and tags from the pages AssumeRole and Tag of the STS API reference). Messages are on
// record with the patterns of ARNs and names; that they quote the others in the same way is inferred. \w is ASCII, which
// the section has from practice.
var (
	arnPattern = pattern{
		`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{7E}\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+$`),
	}
	namePattern       = samePattern(`[\w+=,.@-]*`)
	externalIDPattern = samePattern(`[\w+=,.@:\/-]*`)
	serialPattern     = samePattern(`[\w+=/:,.@-]*`)
	tokenCodePattern  = samePattern(`[\d]*`)
	tagKeyPattern     = samePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)
	tagValuePattern   = samePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
)

type pattern struct {
	text string
	re   *regexp.Regexp
}

func samePattern(text string) pattern { return pattern{text, regexp.MustCompile("^(?:" + text + ")$")} }

// constraint bounds a text: its length in characters, and what it may consist of.
type constraint struct {
	min, max int
	pattern  pattern
}

// validator collects what is wrong with a request's members. Messages name a member with a small first letter.
// Where several members are wrong, they come in the order of the model: AWS's order is not recorded. Of one member
// the pattern comes before the length, which is.
type validator struct {
	items []string
}

func (v *validator) problem(value, member, format string, args ...any) {
	v.items = append(v.items, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must ", value, member)+fmt.Sprintf(format, args...))
}

// required checks a text that must be there.
func (v *validator) required(p awsquery.Params, name, member string, c constraint) string {
	value, ok := p.Lookup(name)
	if !ok {
		v.problem("null", member, "not be null")
		return ""
	}
	v.text(value, member, c)
	return value
}

// optional checks a text that may be absent.
func (v *validator) optional(p awsquery.Params, name, member string, c constraint) string {
	value, ok := p.Lookup(name)
	if ok {
		v.text(value, member, c)
	}
	return value
}

func (v *validator) text(value, member string, c constraint) {
	quoted := "'" + value + "'"
	if !c.pattern.re.MatchString(value) {
		v.problem(quoted, member, "satisfy regular expression pattern: %s", c.pattern.text)
	}
	switch length := utf8.RuneCountInString(value); {
	case length < c.min:
		v.problem(quoted, member, "have length greater than or equal to %d", c.min)
	case length > c.max:
		v.problem(quoted, member, "have length less than or equal to %d", c.max)
	}
}

// number checks an integer that may be absent: absent then stands for it. The text of the upper bound is inferred
// from that of the lower one.
func (v *validator) number(value, member string, low, high, absent int) (int, error) {
	if value == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil { // the code is the query protocol's for a value of the wrong type, not recorded at STS; the text is ours
		return 0, &awsquery.Error{Status: 400, Code: "MalformedInput", Message: fmt.Sprintf("Value '%s' at '%s' is not an integer", value, member)}
	}
	quoted := "'" + value + "'"
	switch {
	case n < int64(low):
		v.problem(quoted, member, "have value greater than or equal to %d", low)
	case n > int64(high):
		v.problem(quoted, member, "have value less than or equal to %d", high)
	}
	return int(n), nil
}

// err is AWS's one message for everything that is wrong.
func (v *validator) err() error {
	if len(v.items) == 0 {
		return nil
	}
	plural := ""
	if len(v.items) > 1 {
		plural = "s"
	}
	return validationError(fmt.Sprintf("%d validation error%s detected: %s", len(v.items), plural, strings.Join(v.items, "; ")))
}
