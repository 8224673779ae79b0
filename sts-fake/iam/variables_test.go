package iam

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// [D]: IAM User Guide, reference_policies_variables. [I]: inferred.
func TestVariablesInConditions(t *testing.T) {
	t.Parallel()
	keys := requestKeys{
		"aws:username": {"alice"}, "aws:userid": {"AIDAX:s"}, "aws:principaltag/team": {"b*e"}, "aws:principaltag/odd key": {"x"},
		"aws:tagkeys": {"a", "b"}, "aws:principalarn": {"arn:aws:iam::111122223333:user/alice"}, "aws:principaltag/acct": {"111122223333:role/x"},
	}
	tests := []struct {
		source, version, operator, value, request string
		want                                      bool
	}{
		{"[D]", version2012, "StringEquals", "${aws:username}", "alice", true},
		{"[D]", version2012, "StringEquals", "${AWS:UserName}", "alice", true},
		{"[D]", version2012, "StringEquals", "${aws:username}", "bob", false},
		{"[D]", version2012, "StringLike", "home/${aws:username}/*", "home/alice/x", true},
		{"[D]", version2012, "StringLike", "home/${aws:username}/*", "home/bob/x", false},
		{"[D]", version2012, "StringEquals", "${aws:PrincipalTag/team}-${aws:username}", "b*e-alice", true},
		{"[D]", version2012, "StringEquals", "${aws:PrincipalTag/odd key}", "x", true},
		{"[D]", version2012, "StringEqualsIgnoreCase", "${aws:username}", "ALICE", true},
		{"[I]", version2012, "StringLike", "${aws:PrincipalTag/team}", "b*e", true},   // a wildcard in a value
		{"[I]", version2012, "StringLike", "${aws:PrincipalTag/team}", "blue", false}, // is none
		{"[D]", version2012, "ArnEquals", "${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/alice", true},
		{"[D]", version2012, "ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/alice", true},
		{"[I]", version2012, "ArnLike", "arn:aws:iam::${aws:PrincipalTag/acct}*", "arn:aws:iam::111122223333:role/x", true}, // a colon in a value
		{"[D]", version2012, "StringLike", "a${*}b${?}c${$}{d}", "a*b?c${d}", true},
		{"[D]", version2012, "StringLike", "a${*}b", "axb", false},
		{"[D]", version2012, "StringLike", "a${?}b", "axb", false},
		{"[D]", version2012, "StringEquals", "a${*}", "a*", true},
		{"[D]", version2012, "StringEquals", "${aws:PrincipalTag/none, 'company-wide'}", "company-wide", true},
		{"[D]", version2012, "StringEquals", "${aws:username, 'x'}", "alice", true},
		{"[D]", version2012, "StringEquals", "${aws:PrincipalTag/none,''}", "", true},
		{"[I]", version2012, "StringLike", "${aws:PrincipalTag/none, '*'}", "x", false}, // a wildcard in a default
		{"[D]", version2012, "StringEquals", "${aws:PrincipalTag/none}", "", false},
		{"[D]", version2012, "StringLike", "*${aws:PrincipalTag/none}*", "x", false},
		{"[D]", version2012, "StringNotEquals", "${aws:PrincipalTag/none}", "x", true}, // "inverted operators match a null value"
		{"[D]", version2012, "StringNotLike", "${aws:PrincipalTag/none}", "x", true},
		{"[I]", version2012, "StringEquals", "${aws:TagKeys}", "a", false}, // several values
		{"[I]", version2012, "StringEquals", "${aws:TagKeys, 'a'}", "a", false},
		{"[D]", version2012, "StringEquals", "$aws:username}", "$aws:username}", true},
		{"[D]", version2008, "StringEquals", "${aws:username}", "${aws:username}", true},
		{"[D]", version2008, "StringEquals", "${aws:username}", "alice", false},
		{"[D]", version2008, "StringLike", "${*}", "${anything}", true},
	}
	for _, tt := range tests {
		p := policy(t, `{"Version":%q,"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{"k:v":%q}}}}`, tt.version, tt.operator, tt.value)
		keys := map[string][]string(keys)
		all := requestKeys{"k:v": {tt.request}}
		for key, values := range keys {
			all[key] = values
		}
		if got := p.doc.statements[0].conditionsHold(all); got != tt.want {
			t.Errorf("%s %s %s %q for %q: got %t, want %t", tt.source, tt.version, tt.operator, tt.value, tt.request, got, tt.want)
		}
	}
}

func TestVariablesInResources(t *testing.T) {
	t.Parallel()
	keys := requestKeys{"aws:username": {"alice"}, "aws:principaltag/team": {"*"}}
	const arn = "arn:aws:iam::111122223333:role/"
	tests := []struct {
		source, element, value, resource string
		want                             bool
	}{
		{"[D]", "Resource", arn + "${aws:username}", arn + "alice", true},
		{"[D]", "Resource", arn + "${aws:username}-*", arn + "alice-dev", true},
		{"[D]", "Resource", arn + "${aws:username}", arn + "bob", false},
		{"[I]", "Resource", arn + "${aws:PrincipalTag/team}", arn + "dev", false},
		{"[D]", "Resource", arn + "${aws:PrincipalTag/none, 'shared'}", arn + "shared", true},
		{"[D]", "Resource", arn + "${aws:PrincipalTag/none}", arn, false},
		{"[D]", "Resource", arn + "*${aws:PrincipalTag/none}", arn + "x", false},
		{"[D]", "NotResource", arn + "${aws:username}", arn + "alice", false},
		{"[D]", "NotResource", arn + "${aws:username}", arn + "bob", true},
		{"[I]", "NotResource", arn + "${aws:PrincipalTag/none}", arn + "x", true}, // "will not match any resource"
	}
	for _, tt := range tests {
		p := policy(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",%q:%q}}`, tt.element, tt.value)
		if got, _ := evaluatePolicies([]Policy{p}, question{"sts:AssumeRole", tt.resource, keys}); got != tt.want {
			t.Errorf("%s %s %q for %q: got %t, want %t", tt.source, tt.element, tt.value, tt.resource, got, tt.want)
		}
	}
}

func TestVariableProblems(t *testing.T) {
	t.Parallel()
	const condition = "Statement.Condition.StringLike.d"
	_, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{` + allow + `,
		"Resource":["arn:aws:iam::${aws:PrincipalAccount}:role/x","arn:aws:iam::1:role/${","arn:aws:iam::1:role/${username}"],
		"Condition":{"StringLike":{"d":["${}","${aws:}","${aws:username","${aws:username,x}","${aws:username, 'x}","${aws:username, 'x' y}","ok ${aws:username}"]}}}}`))
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	want := []Problem{
		{Path: "Statement.Resource", Message: `"arn:aws:iam::${aws:PrincipalAccount}:role/x" has a policy variable before the fifth colon: only what comes after may have one`},
		{Path: "Statement.Resource", Message: `"arn:aws:iam::1:role/${" ` + errOpenVariable.Error()},
		{Path: "Statement.Resource", Message: `"arn:aws:iam::1:role/${username}" ` + errNoVariable.Error()},
		{Path: condition, Message: `"${}" ` + errNoVariable.Error()},
		{Path: condition, Message: `"${aws:}" ` + errNoVariable.Error()},
		{Path: condition, Message: `"${aws:username" ` + errOpenVariable.Error()},
		{Path: condition, Message: `"${aws:username,x}" ` + errNoVariable.Error()},
		{Path: condition, Message: `"${aws:username, 'x}" ` + errOpenVariable.Error()},
		{Path: condition, Message: `"${aws:username, 'x' y}" ` + errOpenVariable.Error()},
	}
	if diff := cmp.Diff(want, []Problem(problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a variable's value is never becomes a wildcard or another variable: the template with the value in it matches
// exactly the text with the value in it.
func FuzzExpandVariables(f *testing.F) {
	f.Add("home/${aws:username}/x", "alice")
	f.Add("${aws:PrincipalTag/a, 'b'}${*}${?}${$}", "*")
	f.Add("${aws:username", "?")
	f.Add("${aws:username,'}'}", "${aws:username}")
	f.Add("a*b?c:${aws:username}:", ":")
	f.Add("$", "$\x80\U0010ffff")
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := parseTemplate(text)
		if err != nil {
			return
		}
		expanded, ok := tmpl.expand(requestKeys{"aws:username": {value}})
		if !ok {
			if !tmpl.variable() {
				t.Fatalf("%q has no variable and no value", text)
			}
			return
		}
		result := expanded.String()
		if !glob(expanded, result) {
			t.Fatalf("%q with %q does not match what it became: %q", text, value, result)
		}
		quotedText := strings.NewReplacer("*", "", "?", "").Replace(text) == text
		if quotedText && glob(expanded, result+"x") {
			t.Fatalf("%q with %q matches more than %q", text, value, result)
		}
	})
}
