package iam

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// comparison is what an operator does with one value of the policy and one of the request.
type comparison struct {
	matches func(policy pattern, request string) bool
	values  valueKind
	negated bool // holds if no value matches
	null    bool // asks whether the key is absent
}

// valueKind is what the values of an operator are (IAM User Guide, reference_policies_elements_condition_operators).
type valueKind struct {
	valid     func(string) bool // what a policy may have; nil: any text
	request   func(string) bool // what a request's value must be to match or not to match anything; nil: any text
	problem   string            // says what is wrong with a value that is not valid
	variables bool              // policy variables have their values here
}

// supportedOperators is for error messages.
const supportedOperators = "StringEquals, StringNotEquals, StringEqualsIgnoreCase, StringNotEqualsIgnoreCase, StringLike, StringNotLike, " +
	"ArnEquals, ArnLike, ArnNotEquals, ArnNotLike, Bool, BinaryEquals, IpAddress, NotIpAddress, Null, " +
	"Numeric and Date with Equals, NotEquals, LessThan, LessThanEquals, GreaterThan and GreaterThanEquals, " +
	"each but Null with IfExists, each but Null with ForAllValues: or ForAnyValue:"

// operatorNamed finds an operator without prefix and suffix.
func operatorNamed(name string) (comparison, bool) {
	if relation, ok := strings.CutPrefix(name, "Numeric"); ok {
		return ordered(relation, valueKind{valid: isNumber, request: isNumber, problem: "is no number"}, compareNumbers)
	}
	if relation, ok := strings.CutPrefix(name, "Date"); ok {
		const problem = "is no date: write 2026-01-02T15:04:05Z, or seconds since 1970"
		return ordered(relation, valueKind{valid: isDate, request: isDate, problem: problem}, compareDates)
	}
	switch name {
	case "Bool":
		return comparison{matches: equalFold, values: valueKind{valid: isBool, request: isBool, problem: "is neither true nor false"}}, true
	case "Null":
		return comparison{null: true, values: valueKind{valid: isBool, problem: "is neither true nor false"}}, true
	case "BinaryEquals":
		return comparison{matches: equalBinary, values: valueKind{valid: isBase64, problem: "is not base64"}}, true
	case "IpAddress", "NotIpAddress":
		const problem = "is neither an IP address nor a range: write 203.0.113.0/24"
		kind := valueKind{valid: isIPRange, request: isIP, problem: problem}
		return comparison{matches: withinRange, values: kind, negated: name == "NotIpAddress"}, true
	}
	return textOperator(name)
}

// textOperator finds an operator on strings or ARNs. ArnEquals compares as ArnLike does.
func textOperator(name string) (comparison, bool) {
	text := valueKind{variables: true}
	arn := valueKind{valid: isARNPattern, request: isARNPattern, problem: "is no ARN: it has six parts between colons", variables: true}
	switch name {
	case "StringEquals", "StringNotEquals":
		return comparison{matches: equal, values: text, negated: name == "StringNotEquals"}, true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		return comparison{matches: equalFold, values: text, negated: name == "StringNotEqualsIgnoreCase"}, true
	case "StringLike", "StringNotLike":
		return comparison{matches: glob, values: text, negated: name == "StringNotLike"}, true
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return comparison{matches: arnLike, values: arn, negated: strings.HasPrefix(name, "ArnNot")}, true
	}
	return comparison{}, false
}

// ordered is an operator on values that are less than each other. compare has the request's value first.
func ordered(relation string, kind valueKind, compare func(request, policy string) int) (comparison, bool) {
	when := func(holds func(order int) bool) func(pattern, string) bool {
		return func(policy pattern, request string) bool { return holds(compare(request, policy.String())) }
	}
	out := comparison{values: kind}
	switch relation {
	case "Equals", "NotEquals":
		out.matches, out.negated = when(func(order int) bool { return order == 0 }), relation == "NotEquals"
	case "LessThan":
		out.matches = when(func(order int) bool { return order < 0 })
	case "LessThanEquals":
		out.matches = when(func(order int) bool { return order <= 0 })
	case "GreaterThan":
		out.matches = when(func(order int) bool { return order > 0 })
	case "GreaterThanEquals":
		out.matches = when(func(order int) bool { return order >= 0 })
	default:
		return comparison{}, false
	}
	return out, true
}

func equal(policy pattern, request string) bool { return policy.String() == request }

func equalFold(policy pattern, request string) bool {
	return strings.EqualFold(policy.String(), request)
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func isARNPattern(s string) bool { return s == "*" || strings.Count(s, ":") >= arnParts-1 }

// isNumber takes integers and decimals. Exponents are taken as well because numbers in JSON have them; whether IAM
// takes them is not known.
func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && onlyBytes(s, func(c byte) bool { return isDigit(c) || strings.IndexByte("+-.eE", c) >= 0 })
}

func compareNumbers(request, policy string) int {
	a, _ := strconv.ParseFloat(request, 64) // both have passed isNumber
	b, _ := strconv.ParseFloat(policy, 64)
	return cmp.Compare(a, b)
}

func isDate(s string) bool {
	_, ok := parseDate(s)
	return ok
}

func compareDates(request, policy string) int {
	a, _ := parseDate(request) // both have passed isDate
	b, _ := parseDate(policy)
	return a.Compare(b)
}

// parseDate reads what the page names: a form of the W3C's note on date and time formats, or seconds since 1970. Four
// digits are a year, rather than a second of 1970: inferred.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil || seconds < 0 || seconds > maxEpoch {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

// maxEpoch is the last second of the year 9999, as in the other form.
const maxEpoch = 253402300799

func isBase64(s string) bool {
	_, ok := decodeStrict(base64.StdEncoding, s)
	return ok
}

// equalBinary compares the request's bytes with what the policy has in base64. No key of a request to STS is binary.
func equalBinary(policy pattern, request string) bool {
	raw, ok := decodeStrict(base64.StdEncoding, policy.String())
	return ok && string(raw) == request
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func isIPRange(s string) bool {
	_, ok := parseRange(s)
	return ok
}

// parseRange reads a CIDR range; an address is a range of one.
func parseRange(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		prefix, err := netip.ParsePrefix(s)
		return prefix, err == nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

func withinRange(policy pattern, request string) bool {
	prefix, _ := parseRange(policy.String()) // has passed isIPRange
	addr, err := netip.ParseAddr(request)
	return err == nil && prefix.Contains(addr.Unmap().WithZone(""))
}
