package ec2

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// selectFilters keeps the instances that match every filter. A filter matches if one of its values does; in a
// value * stands for any characters and ? for one (EC2 user guide, "List and filter your resources").
func selectFilters(instances []Instance, filters []awsquery.Params) ([]Instance, error) {
	for _, filter := range filters {
		field, err := filterField(filter.Get("Name"))
		if err != nil {
			return nil, err
		}
		values := filter.Strings("Value")
		instances = slices.DeleteFunc(slices.Clone(instances), func(i Instance) bool {
			return !slices.ContainsFunc(values, func(value string) bool { return wildcardMatch(value, field(i)) })
		})
	}
	return instances, nil
}

// filterField returns what a filter of that name looks at. EC2 has some hundred filters; the text for those
// that are not here is ours.
func filterField(name string) (func(Instance) string, error) {
	switch name {
	case "instance-id":
		return func(i Instance) string { return i.InstanceID }, nil
	case "private-dns-name":
		return func(i Instance) string { return i.PrivateDNSName }, nil
	}
	return nil, badRequest("InvalidParameterValue",
		fmt.Sprintf("The filter '%s' is not emulated by eksemu; it knows instance-id and private-dns-name", name))
}

// wildcardMatch reports whether s matches a filter value. It goes back to the latest * only, which is enough,
// so a hostile value costs len(pattern) times len(s) steps at most.
func wildcardMatch(pattern, s string) bool {
	p, n := 0, 0
	star, resume := -1, 0 // the latest * in pattern, and where in s to go on after it
	for n < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[n]):
			p++
			n++
		case star >= 0:
			resume++
			p, n = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
