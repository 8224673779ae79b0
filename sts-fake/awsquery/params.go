package awsquery

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxParams is the number of parameters that one request may carry. The largest request that a client of
// these APIs makes (AssumeRole with 50 tags) has about 170. AWS's own bound is not known.
// Package sigv4 has the same for a query.
const MaxParams = 1024

// Params are the decoded parameters of one request. The zero value has none.
type Params struct {
	list []param // in received order; of one name the first counts
}

type param struct{ name, value string }

// SyntaxError is a parameter list that does not decode. Its text is the message of AWS's MalformedQueryString
// answer (spec/sts.md section 2.2).
type SyntaxError struct{ Message string }

func (e *SyntaxError) Error() string { return e.Message }

// Decode reads parameter lists: a raw query string, and the body of a form if there is one. Names and values
// are percent-decoded and '+' means a space. A name without '=' has the empty value. Where a name occurs more
// than once the first one counts, and the query string comes before the form; AWS's rule for both is not
// known. The error is a *[SyntaxError].
func Decode(lists ...string) (Params, error) {
	list := make([]param, 0, size(lists))
	for _, pairs := range lists {
		for more := true; more; {
			var pair string
			if pair, pairs, more = strings.Cut(pairs, "&"); pair == "" {
				continue
			}
			if len(list) == MaxParams {
				return Params{}, &SyntaxError{fmt.Sprintf("more than %d parameters", MaxParams)}
			}
			p, err := decodePair(pair)
			if err != nil {
				return Params{}, err
			}
			list = append(list, p)
		}
	}
	return Params{list}, nil
}

// size is how many parameters there are at most, within bounds.
func size(lists []string) int {
	n := 0
	for _, list := range lists {
		if list != "" {
			n += 1 + strings.Count(list, "&")
		}
	}
	return min(n, MaxParams)
}

func decodePair(pair string) (p param, err error) {
	name, value, _ := strings.Cut(pair, "=")
	if p.name, err = unescape(name); err != nil {
		return param{}, err
	}
	if p.value, err = unescape(value); err != nil {
		return param{}, err
	}
	return p, nil
}

// Get is the value of a parameter, or "" if the request does not have it.
func (p Params) Get(name string) string {
	value, _ := p.Lookup(name)
	return value
}

// Lookup is the value of a parameter and whether the request has it: an empty value is not an absent one.
func (p Params) Lookup(name string) (string, bool) {
	for _, q := range p.list {
		if q.name == name {
			return q.value, true
		}
	}
	return "", false
}

// Has says whether the request has a parameter of that name, or one below it: Has("Tags") is true for
// Tags.member.1.Key.
func (p Params) Has(name string) bool {
	return slices.ContainsFunc(p.list, func(q param) bool {
		below, ok := strings.CutPrefix(q.name, name)
		return ok && (below == "" || below[0] == '.')
	})
}

// Strings is a list of plain values: prefix is "TransitiveTagKeys.member" for STS and IAM, "InstanceId" for
// EC2. Values come in the order of their numbers; gaps between the numbers do not matter.
func (p Params) Strings(prefix string) []string {
	var out []string
	for _, m := range p.Members(prefix) {
		if value, ok := m.Lookup(""); ok {
			out = append(out, value)
		}
	}
	return out
}

// Members is a list of structures: prefix is "Tags.member" for STS and IAM, "Filter" for EC2. Each element
// holds the parameters of one structure with the prefix and the number taken off ("Key", "Value.1"), in the
// order of the numbers.
func (p Params) Members(prefix string) []Params {
	groups := map[uint64]Params{}
	for _, q := range p.list {
		rest, ok := strings.CutPrefix(q.name, prefix+".")
		if !ok {
			continue
		}
		digits, field, _ := strings.Cut(rest, ".")
		index, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || index == 0 || digits[0] == '0' {
			continue
		}
		groups[index] = Params{append(groups[index].list, param{field, q.value})}
	}
	indexes := make([]uint64, 0, len(groups))
	for index := range groups {
		indexes = append(indexes, index)
	}
	slices.SortFunc(indexes, cmp.Compare)
	out := make([]Params, 0, len(groups))
	for _, index := range indexes {
		out = append(out, groups[index])
	}
	return out
}
