package iam

import (
	"errors"
	"net/netip"
	"testing"
)

const (
	issuer      = "oidc.eks.us-west-2.amazonaws.com/id/ABCD"
	providerARN = "arn:aws:iam::111122223333:oidc-provider/" + issuer
	webAction   = `"Action":"sts:AssumeRoleWithWebIdentity"`
)

// web is a trust policy for the provider above with more of a statement.
func web(more string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},` + webAction + more + `}}`
}

// The condition of IRSA is from spec/sts.md section 4.4 [D]; the others follow the IAM User Guide,
// reference_policies_iam-condition-keys ("Available keys for AWS OIDC federation") [D].
func TestAuthorizeWebIdentity(t *testing.T) {
	t.Parallel()
	irsa := `,"Condition":{"StringEquals":{"` + issuer + `:aud":"sts.amazonaws.com","` + issuer + `:sub":"system:serviceaccount:default:app"}}`
	const unallowed, denied = "trust policy does not allow", "trust policy denies"
	tests := []struct {
		name, trust string
		request     AssumeRoleContext
		want        string
	}{
		{"the provider", web(""), AssumeRoleContext{}, ""},
		{"IRSA", web(irsa), AssumeRoleContext{}, ""},
		{"another subject", web(`,"Condition":{"StringEquals":{"` + issuer + `:sub":"system:serviceaccount:default:other"}}`), AssumeRoleContext{}, unallowed},
		{"a pattern of subjects", web(`,"Condition":{"StringLike":{"` + issuer + `:sub":"system:serviceaccount:default:*"}}`), AssumeRoleContext{}, ""},
		{"keys do not distinguish case", web(`,"Condition":{"StringEquals":{"OIDC.eks.us-west-2.amazonaws.com/id/abcd:SUB":"system:serviceaccount:default:app"}}`), AssumeRoleContext{}, ""},
		{"several methods", web(`,"Condition":{"ForAnyValue:StringEquals":{"` + issuer + `:amr":"mfa"}}`), AssumeRoleContext{}, ""},
		{"no such method", web(`,"Condition":{"ForAnyValue:StringEquals":{"` + issuer + `:amr":"fpt"}}`), AssumeRoleContext{}, unallowed},
		{"a claim that is not there", web(`,"Condition":{"StringEquals":{"` + issuer + `:email":"x"}}`), AssumeRoleContext{}, unallowed},
		{"another issuer's key", web(`,"Condition":{"StringEquals":{"accounts.google.com:sub":"system:serviceaccount:default:app"}}`), AssumeRoleContext{}, unallowed},
		{"provider key", web(`,"Condition":{"ArnEquals":{"aws:FederatedProvider":"` + providerARN + `"}}`), AssumeRoleContext{}, ""},
		{"session name", web(`,"Condition":{"StringEquals":{"sts:RoleSessionName":"app"}}`), AssumeRoleContext{SessionName: "app"}, ""},
		{"source address", web(`,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), AssumeRoleContext{Request: RequestContext{SourceIP: netip.MustParseAddr("203.0.113.9")}}, ""},
		{"a variable of a claim", web(`,"Condition":{"StringEquals":{"sts:RoleSessionName":"${` + issuer + `:aud}"}}`), AssumeRoleContext{SessionName: "sts.amazonaws.com"}, ""},
		{"tags", web(""), AssumeRoleContext{Tags: []Tag{{"a", "b", false}}}, "sts:TagSession"},
		{
			"tags allowed", `{"Statement":{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]}}`,
			AssumeRoleContext{Tags: []Tag{{"a", "b", false}}}, "",
		},
		{"source identity", web(""), AssumeRoleContext{SourceIdentity: "app"}, "sts:SetSourceIdentity"},
		{"AssumeRole only", `{"Statement":{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":"sts:AssumeRole"}}`, AssumeRoleContext{}, unallowed},
		{"another provider", `{"Statement":{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `/x"},` + webAction + `}}`, AssumeRoleContext{}, unallowed},
		{"the provider as a domain", `{"Statement":{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},` + webAction + `}}`, AssumeRoleContext{}, unallowed},
		{"the account", `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},` + webAction + `}}`, AssumeRoleContext{}, unallowed},
		{
			"denied", `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":"sts:*"},{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"StringNotEquals":{"` + issuer + `:aud":"x"}}}]}`,
			AssumeRoleContext{}, denied,
		},
		{
			"NotPrincipal spares it", `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":"sts:*"},{"Effect":"Deny","NotPrincipal":{"Federated":"` + providerARN + `"},"Action":"sts:*"}]}`,
			AssumeRoleContext{}, "",
		},
		{
			"NotPrincipal denies it", `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":"sts:*"},{"Effect":"Deny","NotPrincipal":{"Federated":"accounts.google.com"},"Action":"sts:*"}]}`,
			AssumeRoleContext{}, denied,
		},
	}
	identity := WebIdentity{ProviderARN: providerARN, Issuer: "https://" + issuer, Claims: map[string][]string{
		"sub": {"system:serviceaccount:default:app"}, "aud": {"sts.amazonaws.com"}, "amr": {"pwd", "mfa"},
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, newClock())
			role := putRole(t, s, Role{AccountID: account, Name: "app", TrustPolicy: policy(t, "%s", tt.trust)}).ARN("aws")
			checkDenied(t, s.AuthorizeWebIdentity(identity, role, tt.request), tt.want)
		})
	}
}

func TestAuthorizeWebIdentityAcrossAccounts(t *testing.T) {
	t.Parallel()
	s := newStore(t, newClock())
	trust := policy(t, "%s", web(""))
	foreign := putRole(t, s, Role{AccountID: other, Name: "app", TrustPolicy: trust}).ARN("aws")
	role := putRole(t, s, Role{AccountID: account, Name: "app", TrustPolicy: trust}).ARN("aws")
	w := WebIdentity{ProviderARN: providerARN, Issuer: issuer}
	for _, arn := range []string{foreign, role + "x", "", "arn"} {
		var denied *AccessDeniedError
		if err := s.AuthorizeWebIdentity(w, arn, AssumeRoleContext{}); !errors.As(err, &denied) || denied.Principal != providerARN || denied.Action != "sts:AssumeRoleWithWebIdentity" {
			t.Errorf("%q: got %v", arn, err)
		}
	}
	if err := s.AuthorizeWebIdentity(WebIdentity{}, role, AssumeRoleContext{}); err == nil {
		t.Error("nobody may assume it")
	}
	// The session's later requests have the provider, and no claims.
	_, caller := issue(t, s, role, "app", SessionOptions{FederatedProvider: providerARN})
	next := putRole(t, s, Role{AccountID: account, Name: "next", TrustPolicy: policy(t,
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:FederatedProvider":%q},"Null":{%q:"true"}}}}`,
		role, providerARN, issuer+":sub")}).ARN("aws")
	checkDenied(t, s.AuthorizeAssumeRole(caller, next, AssumeRoleContext{}), "")
}

// Principals of all kinds are read, and written back as they were.
func TestPrincipalKinds(t *testing.T) {
	t.Parallel()
	const canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:root","arn:aws:sts::111122223333:assumed-role/dev/me","arn:aws:sts::111122223333:federated-user/bob"],` +
		`"CanonicalUser":["` + canonical + `"],"Federated":["` + providerARN + `","arn:aws:iam::111122223333:saml-provider/Corp","cognito-identity.amazonaws.com","www.amazon.com","graph.facebook.com","accounts.google.com"],` +
		`"Service":["ec2.amazonaws.com","s3.cn-north-1.amazonaws.com.cn"]},"Action":["sts:*"]}]}`
	written, err := policy(t, "%s", text).normal()
	if err != nil || string(written) != text {
		t.Errorf("got %s, %v", written, err)
	}
	for _, bad := range []string{
		`{"Federated":"*"}`, `{"Federated":"google"}`, `{"Federated":"https://accounts.google.com"}`, `{"Federated":"arn:aws:iam::111122223333:oidc-provider/"}`,
		`{"Federated":"arn:aws:iam::111122223333:oidc-provider/*"}`, `{"Federated":"arn:aws:iam::111122223333:role/x"}`, `{"Federated":""}`, `{"Federated":[]}`,
		`{"Service":"ec2"}`, `{"Service":"*"}`, `{"Service":"*.amazonaws.com"}`, `{"CanonicalUser":"abc"}`, `{"CanonicalUser":7}`,
	} {
		if _, err := ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"sts:*","Principal":` + bad + `}}`)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
