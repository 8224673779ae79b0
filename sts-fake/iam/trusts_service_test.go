package iam

import "testing"

func TestTrustsService(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}`:                                                                          true,
		`{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]},"Action":["sts:TagSession","STS:Assume*"]}`:                                    true,
		`{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}`:                   true,
		`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`:                                                                          false,
		`{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:TagSession"}`:                                                                          false,
		`{"Effect":"Deny","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}`:                                                                           false,
		`{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"*"},{"Effect":"Deny","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:*"}`:        false,
		`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`:                                                                                                      false,
		`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`:                                                                                   false,
		`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":["sts:*"]}`: true,
	} {
		policy, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + text + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.TrustsService("eks.amazonaws.com"); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if (Policy{}).TrustsService("eks.amazonaws.com") {
		t.Error("no policy trusts EKS")
	}
}
