package stsfake_test

import (
	"net/url"
	"testing"
)

// form is the form of a request for an operation: pairs of names and values. A value of "-" leaves the parameter out.
func form(action string, pairs ...string) string {
	values := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			values.Del(pairs[i])
		}
	}
	return values.Encode()
}

// webIdentityForm asks for the app's role with a token.
func webIdentityForm(token string, pairs ...string) string {
	return form("AssumeRoleWithWebIdentity", append([]string{
		"RoleArn", appRoleARN, "RoleSessionName", "me", "WebIdentityToken", token,
	}, pairs...)...)
}

func samlForm(pairs ...string) string {
	return form("AssumeRoleWithSAML", append([]string{
		"RoleArn", appRoleARN, "PrincipalArn", "arn:aws:iam::111122223333:saml-provider/x", "SAMLAssertion", "PHNhbWw+",
	}, pairs...)...)
}

func rootForm(pairs ...string) string {
	return form("AssumeRoot", append([]string{
		"TargetPrincipal", other, "TaskPolicyArn.arn", "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
	}, pairs...)...)
}

// refusedCall is a request that is refused. Its first field is the evidence: a row of spec/sts.md section 2.2.
type refusedCall struct {
	evidence      string
	try           try
	status        int
	code, message string
}

// wantRefused sends requests, in XML and JSON, and wants the refusal in the answer and in the record.
func (w *world) wantRefused(t *testing.T, calls []refusedCall) {
	t.Helper()
	for _, tt := range calls {
		for _, accept := range []string{"", "application/json"} {
			t.Run(tt.evidence+accept, func(t *testing.T) {
				c := tt.try
				c.accept = accept
				rec := w.do(t, c)
				code, message := errorIn(t, rec)
				if rec.Code != tt.status || code != tt.code || message != tt.message {
					t.Errorf("got %d %s %q\nwant %d %s %q", rec.Code, code, message, tt.status, tt.code, tt.message)
				}
				if len(rec.Header()) != 4 {
					t.Errorf("headers are %v", rec.Header())
				}
				if call := w.lastCall(t); call.Code != tt.code || call.Message != tt.message || call.Status != tt.status {
					t.Errorf("observed %+v", call)
				}
			})
		}
	}
}
