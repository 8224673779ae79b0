package iam

import "testing"

// Operators on strings, ARNs, booleans and absent keys. [D]: IAM User Guide, reference_policies_elements_condition_operators
// and reference_policies_multi-value-conditions; the rows marked [I] are inferred. Others are in operators_test.go.
func TestConditions(t *testing.T) {
	t.Parallel()
	type values = []string
	const arn = "arn:aws:iam::111122223333:role/team/dev"
	tests := []struct {
		operator string
		policy   values
		request  values
		want     bool
	}{
		{"StringEquals", values{"a"}, values{"a"}, true},
		{"StringEquals", values{"a", "b"}, values{"b"}, true},
		{"StringEquals", values{"a"}, values{"A"}, false},
		{"StringEquals", values{"a*"}, values{"ab"}, false},
		{"StringEquals", values{"a"}, nil, false}, // absent key: spec/sts.md 4.3, sts:ExternalId
		{"StringEqualsIfExists", values{"a"}, nil, true},
		{"StringEqualsIfExists", values{"a"}, values{"b"}, false},
		{"StringNotEquals", values{"a", "b"}, values{"b"}, false},
		{"StringNotEquals", values{"a"}, values{"b"}, true},
		{"StringNotEquals", values{"a"}, nil, true},
		{"StringEqualsIgnoreCase", values{"A"}, values{"a"}, true},
		{"StringNotEqualsIgnoreCase", values{"A"}, values{"a"}, false},
		{"StringLike", values{"a*c?"}, values{"abbcd"}, true},
		{"StringLike", values{"a*c?"}, values{"abbc"}, false},
		{"StringLike", values{"é?"}, values{"éü"}, true},
		{"StringNotLike", values{"a*"}, values{"b"}, true},
		{"StringNotLike", values{"a*"}, values{"ab"}, false},
		{"ArnLike", values{"arn:aws:iam::*:role/team/*"}, values{arn}, true},
		{"ArnLike", values{"arn:aws:*:role/team/dev"}, values{arn}, false}, // * stays inside its part
		{"ArnLike", values{"*"}, values{arn}, true},
		{"ArnLike", values{arn}, values{"no ARN"}, false},
		{"ArnEquals", values{"arn:aws:iam::*:role/team/*"}, values{arn}, true},
		{"ArnNotEquals", values{"arn:aws:iam::*:role/team/*"}, values{arn}, false},
		{"ArnNotLike", values{"arn:aws:iam::*:user/*"}, values{arn}, true},
		{"ArnNotLike", values{arn}, nil, true},
		{"Bool", values{"true"}, values{"TRUE"}, true},
		{"Bool", values{"true"}, values{"false"}, false},
		{"Bool", values{"false"}, nil, false},
		{"BoolIfExists", values{"false"}, nil, true},
		{"Null", values{"true"}, nil, true},
		{"Null", values{"TRUE"}, values{"x"}, false},
		{"Null", values{"false"}, values{"x"}, true},
		{"Null", values{"false"}, nil, false},
		{"ForAllValues:StringEquals", values{"a", "b"}, values{"a"}, true},
		{"ForAllValues:StringEquals", values{"a", "b"}, values{"a", "c"}, false},
		{"ForAllValues:StringEquals", values{"a"}, nil, true},
		{"ForAllValues:StringNotEquals", values{"a"}, values{"b", "c"}, true},
		{"ForAllValues:StringNotEquals", values{"a"}, values{"b", "a"}, false},
		{"ForAnyValue:StringEquals", values{"a", "b"}, values{"c", "b"}, true},
		{"ForAnyValue:StringEquals", values{"a"}, values{"c", "b"}, false},
		{"ForAnyValue:StringEquals", values{"a"}, nil, false},
		{"ForAnyValue:StringEqualsIfExists", values{"a"}, nil, true},
		{"ForAnyValue:StringNotEquals", values{"a"}, nil, false},
		{"ForAnyValue:StringNotEquals", values{"a"}, values{"a", "b"}, true},
		{"StringEquals", values{"a"}, values{"x", "a"}, true},     // [I]
		{"StringNotEquals", values{"a"}, values{"x", "a"}, false}, // [I]
	}
	for _, tt := range tests {
		c, ok := parseOperator(tt.operator)
		if !ok {
			t.Errorf("%s: not supported", tt.operator)
			continue
		}
		c.key, c.values = "k", tt.policy
		for _, value := range tt.policy {
			c.templates = append(c.templates, literal(value))
		}
		if got := c.holds(requestKeys{"k": tt.request}); got != tt.want {
			t.Errorf("%s %q for %q: got %t, want %t", tt.operator, tt.policy, tt.request, got, tt.want)
		}
	}
}

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "abc", true},
		{"?", "", false},
		{"a*b*c", "a--b--b--c", true},
		{"a*b*c", "a--b--b--", false},
		{"*ab", "aab", true},
		{"*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
		{"sts:*", "sts:AssumeRole", true},
		{"*:AssumeRole", "sts:AssumeRole", true},
	}
	for _, tt := range tests {
		if got := glob(pattern(tt.pattern), tt.text); got != tt.want {
			t.Errorf("%q on %q: got %t, want %t", tt.pattern, tt.text, got, tt.want)
		}
	}
}
