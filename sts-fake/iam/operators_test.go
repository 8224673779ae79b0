package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// operatorCase is one operator on one value of a policy and of a request. Sources: [D] is the IAM User Guide,
// reference_policies_elements_condition_operators; [I] is inferred.
type operatorCase struct {
	source, operator string
	policy, request  []string
	want             bool
}

func runOperators(t *testing.T, tests []operatorCase) {
	t.Helper()
	for _, tt := range tests {
		values, err := json.Marshal(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		p := policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{"k:v":%s}}}}`, tt.operator, values)
		if got := p.doc.statements[0].conditionsHold(requestKeys{"k:v": tt.request}); got != tt.want {
			t.Errorf("%s %s %q for %q: got %t, want %t", tt.source, tt.operator, tt.policy, tt.request, got, tt.want)
		}
	}
}

func TestNumericOperators(t *testing.T) {
	t.Parallel()
	type values = []string
	runOperators(t, []operatorCase{
		{"[D]", "NumericEquals", values{"10"}, values{"10"}, true},
		{"[D]", "NumericEquals", values{"10"}, values{"10.0"}, true},
		{"[D]", "NumericEquals", values{"10"}, values{"11"}, false},
		{"[D]", "NumericEquals", values{"10", "11"}, values{"11"}, true},
		{"[D]", "NumericEquals", values{"10"}, nil, false},
		{"[D]", "NumericNotEquals", values{"10"}, values{"11"}, true},
		{"[D]", "NumericNotEquals", values{"10"}, values{"10"}, false},
		{"[D]", "NumericNotEquals", values{"10", "11"}, values{"11"}, false},
		{"[D]", "NumericNotEquals", values{"10"}, nil, true},
		{"[D]", "NumericLessThan", values{"10"}, values{"9.5"}, true},
		{"[D]", "NumericLessThan", values{"10"}, values{"10"}, false},
		{"[D]", "NumericLessThan", values{"10"}, values{"9"}, true}, // not as text
		{"[D]", "NumericLessThanEquals", values{"10"}, values{"10"}, true},
		{"[D]", "NumericLessThanEquals", values{"10"}, values{"11"}, false},
		{"[D]", "NumericGreaterThan", values{"-1"}, values{"0"}, true},
		{"[D]", "NumericGreaterThan", values{"10"}, values{"10"}, false},
		{"[D]", "NumericGreaterThanEquals", values{"10"}, values{"10"}, true},
		{"[D]", "NumericGreaterThanEquals", values{"10"}, values{"9"}, false},
		{"[D]", "NumericLessThanIfExists", values{"300"}, nil, true},
		{"[D]", "ForAnyValue:NumericEquals", values{"1", "2"}, values{"3", "2"}, true},
		{"[D]", "ForAllValues:NumericLessThan", values{"3"}, values{"1", "3"}, false},
		{"[I]", "NumericEquals", values{"10"}, values{"ten"}, false},
		{"[I]", "NumericNotEquals", values{"10"}, values{"ten"}, true},
		{"[I]", "ForAllValues:NumericNotEquals", values{"10"}, values{"ten", "10"}, false},
		{"[I]", "NumericEquals", values{"1e3"}, values{"1000"}, true},
	})
}

func TestDateOperators(t *testing.T) {
	t.Parallel()
	type values = []string
	const noon = "2026-01-02T12:00:00Z" // 1767355200
	runOperators(t, []operatorCase{
		{"[D]", "DateEquals", values{noon}, values{noon}, true},
		{"[D]", "DateEquals", values{"1767355200"}, values{noon}, true},
		{"[D]", "DateEquals", values{noon}, values{"1767355200"}, true},
		{"[D]", "DateEquals", values{"2026-01-02T13:00:00+01:00"}, values{noon}, true},
		{"[D]", "DateEquals", values{"2026-01-02T12:00Z"}, values{noon}, true},
		{"[D]", "DateEquals", values{"2026-01-02"}, values{"2026-01-02T00:00:00Z"}, true},
		{"[D]", "DateEquals", values{"2026-01"}, values{"2026-01-01T00:00:00Z"}, true},
		{"[I]", "DateEquals", values{"2026"}, values{"2026-01-01T00:00:00Z"}, true},
		{"[D]", "DateEquals", values{"2026-01-02T12:00:00.5Z"}, values{noon}, false},
		{"[D]", "DateNotEquals", values{noon}, values{noon}, false},
		{"[D]", "DateNotEquals", values{"2026-01-02"}, values{noon}, true},
		{"[D]", "DateLessThan", values{noon}, values{"2026-01-02T11:59:59Z"}, true},
		{"[D]", "DateLessThan", values{noon}, values{noon}, false},
		{"[D]", "DateLessThanEquals", values{noon}, values{noon}, true},
		{"[D]", "DateLessThanEquals", values{noon}, values{"2026-01-02T12:00:01Z"}, false},
		{"[D]", "DateGreaterThan", values{noon}, values{"2026-01-02T12:00:01Z"}, true},
		{"[D]", "DateGreaterThan", values{noon}, values{noon}, false},
		{"[D]", "DateGreaterThanEquals", values{noon}, values{noon}, true},
		{"[D]", "DateGreaterThanEquals", values{noon}, values{"2026-01-02T11:59:59Z"}, false},
		{"[D]", "DateLessThanIfExists", values{noon}, nil, true},
		{"[I]", "DateLessThan", values{noon}, values{"yesterday"}, false},
		{"[I]", "DateNotEquals", values{noon}, values{"yesterday"}, true},
	})
}

func TestAddressAndBinaryOperators(t *testing.T) {
	t.Parallel()
	type values = []string
	runOperators(t, []operatorCase{
		{"[D]", "IpAddress", values{"203.0.113.0/24"}, values{"203.0.113.255"}, true},
		{"[D]", "IpAddress", values{"203.0.113.0/24"}, values{"203.0.114.0"}, false},
		{"[D]", "IpAddress", values{"203.0.113.77/24"}, values{"203.0.113.1"}, true},
		{"[D]", "IpAddress", values{"203.0.113.5"}, values{"203.0.113.5"}, true}, // as /32
		{"[D]", "IpAddress", values{"203.0.113.5"}, values{"203.0.113.6"}, false},
		{"[D]", "IpAddress", values{"10.0.0.0/8", "2001:DB8:1234:5678::/64"}, values{"2001:db8:1234:5678::9"}, true},
		{"[D]", "IpAddress", values{"0.0.0.0/0"}, values{"203.0.113.5"}, true},
		{"[I]", "IpAddress", values{"0.0.0.0/0"}, values{"2001:db8::1"}, false},
		{"[I]", "IpAddress", values{"2001:db8::1"}, values{"2001:db8::1"}, true}, // as /128
		{"[I]", "IpAddress", values{"203.0.113.5"}, values{"::ffff:203.0.113.5"}, true},
		{"[D]", "IpAddress", values{"203.0.113.0/24"}, nil, false},
		{"[D]", "NotIpAddress", values{"203.0.113.0/24"}, values{"203.0.113.1"}, false},
		{"[D]", "NotIpAddress", values{"203.0.113.0/24"}, values{"198.51.100.1"}, true},
		{"[D]", "NotIpAddress", values{"203.0.113.0/24", "198.51.100.0/24"}, values{"198.51.100.1"}, false},
		{"[D]", "NotIpAddress", values{"203.0.113.0/24"}, nil, true},
		{"[D]", "IpAddressIfExists", values{"203.0.113.0/24"}, nil, true},
		{"[I]", "NotIpAddress", values{"203.0.113.0/24"}, values{"somewhere"}, true},
		{"[D]", "BinaryEquals", values{"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}, values{"BinaryValueInBase64"}, true},
		{"[D]", "BinaryEquals", values{"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}, values{"binaryValueInBase64"}, false},
		{"[D]", "BinaryEqualsIfExists", values{"QUFB"}, nil, true},
		{"[I]", "Bool", values{"true"}, values{"yes"}, false},
		{"[I]", "ArnNotEquals", values{"arn:aws:iam::111122223333:role/x"}, values{"no ARN"}, true},
	})
}

// What is wrong with a value is found when the policy is read, and all of it.
func TestOperatorValueProblems(t *testing.T) {
	t.Parallel()
	conditions := []string{
		`"NumericEquals":{"a":["ten","0x1p4","1_0","Inf","1e999","","${aws:EpochTime}"]}`,
		`"DateLessThan":{"b":["2026-13-01","tomorrow","-1","2026-01-02T12:00:00","99999999999999"]}`,
		`"IpAddress":{"c":["203.0.113.0/33","203.0.113.","localhost","fe80::1%eth0"]}`,
		`"BinaryEquals":{"d":["QQ","Q Q=","QUFB\n"]}`,
		`"Bool":{"e":[1,"${aws:SecureTransport}"]}`,
		`"Null":{"f":"maybe"}`,
	}
	_, err := ParsePolicy(fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":{`+allow+`,"Condition":{%s}}}`, strings.Join(conditions, ",")))
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	const number, date = "is no number", "is no date: write 2026-01-02T15:04:05Z, or seconds since 1970"
	const address = "is neither an IP address nor a range: write 203.0.113.0/24"
	var want []string
	add := func(at, problem string, values ...string) {
		for _, value := range values {
			want = append(want, fmt.Sprintf("Statement.Condition.%s: %q %s", at, value, problem))
		}
	}
	add("NumericEquals.a", number, "ten", "0x1p4", "1_0", "Inf", "1e999", "", "${aws:EpochTime}")
	add("DateLessThan.b", date, "2026-13-01", "tomorrow", "-1", "2026-01-02T12:00:00", "99999999999999")
	add("IpAddress.c", address, "203.0.113.0/33", "203.0.113.", "localhost", "fe80::1%eth0")
	add("BinaryEquals.d", "is not base64", "QQ", "Q Q=", "QUFB\n")
	add("Bool.e", "is neither true nor false", "1", "${aws:SecureTransport}")
	add("Null.f", "is neither true nor false", "maybe")
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every operator that the error message names is one, with every prefix and suffix that it says; and no other.
func TestOperatorNames(t *testing.T) {
	t.Parallel()
	var names []string
	for _, kind := range []string{"Numeric", "Date"} {
		for _, relation := range []string{"Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"} {
			names = append(names, kind+relation)
		}
	}
	names = append(names, "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress")
	for _, name := range names {
		for _, written := range []string{name, name + "IfExists", "ForAllValues:" + name, "ForAnyValue:" + name + "IfExists"} {
			if _, ok := parseOperator(written); !ok {
				t.Errorf("%s is refused", written)
			}
		}
	}
	for _, name := range names[12:] { // the error message has those of numbers and dates as one
		if !strings.Contains(supportedOperators, name) {
			t.Errorf("%s is not among the operators that errors name", name)
		}
	}
	for _, name := range []string{"", "Null:", "NullIfExists", "ForAnyValue:Null", "NumericLike", "DateEqualsIgnoreCase", "StringLessThan", "NotBool", "IpAddressNot", "forallvalues:StringLike", "stringequals"} {
		if _, ok := parseOperator(name); ok {
			t.Errorf("%q is accepted", name)
		}
	}
}
