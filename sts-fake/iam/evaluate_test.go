package iam

import (
	"testing"
)

// Whatever a policy says: it says the same when it is read back, a Deny of everything outweighs it, and an Allow of
// everything is outweighed by nothing but its Deny.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte(everything), "sts:AssumeRole", "arn:aws:iam::111122223333:role/x", "aws:username", "alice")
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":"sts:*","NotResource":"arn:aws:iam::*:role/${aws:username}"}}`), "iam:Get", "arn:aws:iam::1:role/a", "aws:username", "a*")
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericNotEqualsIfExists":{"a:b":"1"},"ForAllValues:DateLessThan":{"a:b":"2026"}}}}`), "x:y", "*", "a:b", "1")
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"::/0"},"BinaryEquals":{"a:b":"AA=="},"ArnNotLike":{"a:b":"a:b:c:d:e:*"}}}}`), "x:y", "*", "aws:SourceIp", "fe80::1%eth0")
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}}`), "sts:AssumeRole", "", "", "")
	f.Fuzz(func(t *testing.T, data []byte, action, resource, key, value string) {
		p, err := ParsePolicy(data)
		if err != nil {
			return
		}
		text, err := p.normal()
		if err != nil {
			t.Fatal(err)
		}
		again := policy(t, "%s", text)
		keys := requestKeys{}
		keys.set(key, value)
		q := question{action, resource, keys}
		all, none := policy(t, everything), policy(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)

		allowed, denied := evaluatePolicies([]Policy{p}, q)
		if a, d := evaluatePolicies([]Policy{again}, q); a != allowed || d != denied {
			t.Errorf("%s says %t, %t; read back, %t, %t", text, allowed, denied, a, d)
		}
		if a, d := evaluatePolicies([]Policy{all, p}, q); !a || d != denied {
			t.Errorf("with an Allow of everything: %t, %t", a, d)
		}
		if a, d := evaluatePolicies([]Policy{p, none}, q); a != allowed || !d {
			t.Errorf("with a Deny of everything: %t, %t", a, d)
		}
		who := subject{accountID: account, principalID: "AIDAX", sessionARN: "arn:x"}
		if len(p.checkTrust()) == 0 {
			granted, denied := evaluateTrust(p, who, q)
			if g, d := evaluateTrust(again, who, q); g != granted || d != denied {
				t.Errorf("as a trust policy, %s says %d, %t; read back, %d, %t", text, granted, denied, g, d)
			}
		}
	})
}
