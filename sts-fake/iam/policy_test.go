package iam

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePolicyRoundTrip(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, out string }{
		"trust": {
			`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"111122223333","Service":["ec2.amazonaws.com"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"e"},"Bool":{"aws:MultiFactorAuthPresent":true}}}]}`,
			`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["111122223333"],"Service":["ec2.amazonaws.com"]},"Action":["sts:AssumeRole"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]},"StringEquals":{"sts:ExternalId":["e"]}}}]}`,
		},
		"identity, one statement, old version": {
			`{"Statement":{"Effect":"Deny","NotAction":["iam:*","s3:Get?bject"],"NotResource":"arn:aws:s3:::x/*"}}`,
			`{"Version":"2008-10-17","Statement":[{"Effect":"Deny","NotAction":["iam:*","s3:Get?bject"],"NotResource":["arn:aws:s3:::x/*"]}]}`,
		},
		"anyone": {
			`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`,
			`{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["*"]}]}`,
		},
		"anyone and others": {
			`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["*","arn:aws:iam::111122223333:root"],"Federated":"accounts.google.com"},"Action":"*"}}`,
			`{"Version":"2008-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["*","arn:aws:iam::111122223333:root"],"Federated":["accounts.google.com"]},"Action":["*"]}]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePolicy([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.normal()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again, err := ParsePolicy(got)
			if err != nil {
				t.Fatalf("does not read what it wrote: %v", err)
			}
			if text, _ := again.normal(); string(text) != string(got) {
				t.Errorf("the second reading differs: %s", text)
			}
		})
	}
}

// refusedPolicy is a document that is no policy, and what is wrong with it: in order, complete.
type refusedPolicy struct {
	name, in string
	want     []string
}

const allow = `"Effect":"Allow","Action":"sts:AssumeRole"`

func TestParsePolicyRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(refusedDocuments(), refusedMembers()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParsePolicy([]byte(tt.in))
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Problems", err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// refusedDocuments are wrong in their syntax, or in the elements of a statement.
func refusedDocuments() []refusedPolicy {
	return []refusedPolicy{
		{"empty", ``, []string{"not JSON: the document ends too early"}},
		{"cut off", `{"Statement":`, []string{"not JSON: the document ends too early"}},
		{"trailing", `{} {}`, []string{"more text after the end of the JSON value at byte 4"}},
		{"syntax", `{"Version" 1}`, []string{"not JSON at byte 11: invalid character '1' after object key"}},
		{"duplicate key", `{"Version":"2012-10-17","Version":"2012-10-17"}`, []string{`not JSON at byte 33: key "Version" is there twice`}},
		{"not UTF-8", "{\"Version\":\"\xff\"}", []string{"the document is not UTF-8"}},
		{"deep", strings.Repeat("[", 100), []string{"not JSON at byte 9: nested deeper than 8 levels"}},
		{"too large", strings.Repeat(" ", maxPolicyBytes+1), []string{"the document has 65537 bytes: at most 65536 are read"}},
		{"no object", `"x"`, []string{"a policy is a JSON object with Version and Statement"}},
		{"no statement", `{}`, []string{"Statement: missing: give an object or a list of at least one"}},
		{"no statements", `{"Statement":[]}`, []string{"Statement: missing: give an object or a list of at least one"}},
		{"null", `{"Statement":[null]}`, []string{"Statement[0]: a statement is an object"}},
		{"everything at once", `{"Version":"2020-01-01","Extra":1,"Statement":[{"effect":"Allow"},{"Effect":"allow","Action":[],"NotAction":7}]}`, []string{
			`Version: "2020-01-01" is no policy version: use "2012-10-17"`,
			`unknown element "Extra": a policy has Version, Id, Statement (spelled like that)`,
			`Statement[0]: unknown element "effect": a policy has Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition (spelled like that)`,
			`Statement[0].Effect: missing: "Allow" or "Deny"`,
			`Statement[0]: give exactly one of Action and NotAction`,
			`Statement[1].Effect: "allow" is neither "Allow" nor "Deny"`,
			`Statement[1].Action: must not be an empty list`,
			`Statement[1].NotAction: must be a string that is not empty`,
			`Statement[1].NotAction: "" is no action: write "service:Name", as in "sts:AssumeRole", or "*"`,
			`Statement[1]: give exactly one of Action and NotAction`,
		}},
		{"action", `{"Statement":{"Effect":"Allow","Action":["AssumeRole","sts:","s ts:x"]}}`, []string{
			`Statement.Action: "AssumeRole" is no action: write "service:Name", as in "sts:AssumeRole", or "*"`,
			`Statement.Action: "sts:" is no action: write "service:Name", as in "sts:AssumeRole", or "*"`,
			`Statement.Action: "s ts:x" is no action: write "service:Name", as in "sts:AssumeRole", or "*"`,
		}},
		{"resource", `{"Statement":{` + allow + `,"Resource":"my-role"}}`, []string{`Statement.Resource: "my-role" is no resource: write an ARN or "*"`}},
		{"both resources", `{"Statement":{` + allow + `,"Resource":"*","NotResource":"*"}}`, []string{`Statement: give Resource or NotResource, not both`}},
		{"same Sid", `{"Statement":[{"Sid":"a",` + allow + `},{"Sid":"a",` + allow + `}]}`, []string{`Statement[1].Sid: "a" is there twice: statement IDs are unique in a policy`}},
		{"allow but", `{"Statement":{` + allow + `,"NotPrincipal":{"AWS":"111122223333"}}}`, []string{
			`Statement.NotPrincipal: only with "Effect": "Deny" (IAM User Guide, reference_policies_elements_notprincipal)`}},
	}
}

// refusedMembers are wrong in their principals, conditions or variables.
func refusedMembers() []refusedPolicy {
	return []refusedPolicy{
		{"principal text", `{"Statement":{` + allow + `,"Principal":"111122223333"}}`, []string{`Statement.Principal: must be "*" or an object with AWS, Service, Federated or CanonicalUser`}},
		{"principals", `{"Statement":{` + allow + `,"Principal":{"AWS":["arn:aws:iam::111122223333:user/*","alice","arn:aws:iam::1:user/a","arn:aws:iam::111122223333:group/g"],"aws":"*"}}}`, []string{
			`Statement.Principal.AWS: "arn:aws:iam::111122223333:user/*" has a wildcard: a principal is named in full, or is "*" with a condition on aws:PrincipalArn`,
			`Statement.Principal.AWS: "alice" is no principal: write an account ID, or the ARN of an account's root, a user, a role or a session`,
			`Statement.Principal.AWS: "arn:aws:iam::1:user/a" is no principal: write an account ID, or the ARN of an account's root, a user, a role or a session`,
			`Statement.Principal.AWS: "arn:aws:iam::111122223333:group/g" is no principal: write an account ID, or the ARN of an account's root, a user, a role or a session`,
			`Statement.Principal: unknown element "aws": a policy has AWS, Service, Federated, CanonicalUser below Principal (spelled like that)`,
		}},
		{"condition operators", `{"Statement":{` + allow + `,"Condition":{"NumericLess":{"a":1},"NullIfExists":{"a":true},"ForSome:StringLike":{"a":"b"},"StringLike":[]}}}`, []string{
			"Statement.Condition.NumericLess: condition operator not supported: there are " + supportedOperators,
			"Statement.Condition.NullIfExists: condition operator not supported: there are " + supportedOperators,
			"Statement.Condition.ForSome:StringLike: condition operator not supported: there are " + supportedOperators,
			"Statement.Condition.StringLike: must be an object of condition keys and values",
		}},
		{"condition values", `{"Statement":{` + allow + `,"Condition":{"Bool":{"a":"yes"},"Null":{"b":[]},"ArnLike":{"c":"role/x"},"StringLike":{"d":{}}}}}`, []string{
			`Statement.Condition.Bool.a: "yes" is neither true nor false`,
			`Statement.Condition.Null.b: must have a value`,
			`Statement.Condition.ArnLike.c: "role/x" is no ARN: it has six parts between colons`,
			`Statement.Condition.StringLike.d: must be a string, a number, true or false, or a list of them`,
		}},
		{"condition list", `{"Statement":{` + allow + `,"Condition":[]}}`, []string{`Statement.Condition: must be an object: {"StringEquals": {"sts:ExternalId": "…"}}`}},
	}
}

func TestPolicyNull(t *testing.T) {
	t.Parallel()
	p := policy(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	if err := json.Unmarshal([]byte("null"), &p); err != nil || !p.IsZero() {
		t.Errorf("null is not no policy: %v", err)
	}
	if text, err := json.Marshal(p); err != nil || string(text) != "null" {
		t.Errorf("no policy is %s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"Statement":1}`), &p); err == nil {
		t.Error("a broken policy is accepted")
	}
}

// Whatever parses, parses again from its own text and keeps its meaning.
func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}`))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotPrincipal":"*","NotAction":"sts:*","Condition":{"ForAnyValue:StringNotLikeIfExists":{"aws:TagKeys":["a*",1,true]}}}}`))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":["*"],"Condition":{"Null":{"sts:ExternalId":"FALSE"},"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:role/*"}}}}`))
	f.Add([]byte(`{"Statement":[[[{"a":[null,1e999]}]]]}`))
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::*:role/${aws:username, 'x'}${*}","Condition":{"ArnLike":{"a:b":"${aws:PrincipalArn}"}}}}`))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:b":[1,"2.5"]},"DateGreaterThanEquals":{"aws:CurrentTime":["2026-01-02",1767355200]},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"BinaryEquals":{"a:c":"QQ=="}}}}`))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/x.y/z","CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"sts:*"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePolicy(data)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 || err.Error() == "" {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		text, err := p.normal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePolicy(text)
		if err != nil {
			t.Fatalf("%s does not parse: %v", text, err)
		}
		second, err := again.normal()
		if err != nil || string(second) != string(text) {
			t.Fatalf("%s became %s, %v", text, second, err)
		}
		if kept := roundTripPolicy(t, p); kept.Text() != string(data) {
			t.Fatalf("%q became %q", data, kept.Text())
		}
		q := question{"sts:AssumeRole", "arn:aws:iam::111122223333:role/x", requestKeys{"aws:tagkeys": {"a", "b"}}}
		for i, s := range p.doc.statements {
			o := again.doc.statements[i]
			if s.conditionsHold(q.keys) != o.conditionsHold(q.keys) || s.actions.matches(q.action, q.keys) != o.actions.matches(q.action, q.keys) {
				t.Fatalf("%s does not mean what %s means", text, data)
			}
		}
	})
}
