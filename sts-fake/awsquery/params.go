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
	values map[string]string
}

// SyntaxError is a parameter list that does not decode. Its text is the message of AWS's MalformedQueryString
// answer (spec/sts.md section 2.2).
type SyntaxError struct{ Message string }

func (e *SyntaxError) Error() string { return e.Message }

// Decode reads parameter lists: a raw query string, and the body of a form if there is one. Names and values
// are percent-decoded and '+' means a space. A name without '=' has the empty value. Where a name occurs more
// than once the first one counts, and the query string comes before the form; AWS's rule for both is not
// known. The error is a *[SyntaxError].
func Decode(lists ...string) (Params, error) {
	p := Params{values: make(map[string]string, size(lists))}
	count := 0
	for _, list := range lists {
		for more := true; more; {
			var pair string
			if pair, list, more = strings.Cut(list, "&"); pair == "" {
				continue
			}
			if count++; count > MaxParams {
				return Params{}, &SyntaxError{fmt.Sprintf("more than %d parameters", MaxParams)}
			}
			if err := p.add(pair); err != nil {
				return Params{}, err
			}
		}
	}
	return p, nil
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

func (p Params) add(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := unescape(rawName)
	if err != nil {
		return err
	}
	value, err := unescape(rawValue)
	if err != nil {
		return err
	}
	if _, taken := p.values[name]; !taken {
		p.values[name] = value
	}
	return nil
}

// Get is the value of a parameter, or "" if the request does not have it.
func (p Params) Get(name string) string { return p.values[name] }

// Lookup is the value of a parameter and whether the request has it: an empty value is not an absent one.
func (p Params) Lookup(name string) (string, bool) {
	value, ok := p.values[name]
	return value, ok
}

// Has says whether the request has a parameter of that name, or one below it: Has("Tags") is true for
// Tags.member.1.Key.
func (p Params) Has(name string) bool {
	if _, ok := p.values[name]; ok {
		return true
	}
	for key := range p.values {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
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
	for name, value := range p.values {
		rest, ok := strings.CutPrefix(name, prefix+".")
		if !ok {
			continue
		}
		digits, field, _ := strings.Cut(rest, ".")
		index, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || index == 0 || digits[0] == '0' {
			continue
		}
		if groups[index].values == nil {
			groups[index] = Params{values: map[string]string{}}
		}
		groups[index].values[field] = value
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
