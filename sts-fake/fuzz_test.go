package stsfake_test

import (
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

// Whatever an authenticated caller sends, the answer is a well-formed document and never a fault of the server.
func FuzzForm(f *testing.F) {
	w := newWorld(f)
	f.Add(identityForm)
	f.Add(assume())
	f.Add(assume("SourceIdentity", "alice", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b", "TransitiveTagKeys.member.1", "A"))
	f.Add(assume("RoleArn", "arn:a:b:::\x00\xff<&'\"", "DurationSeconds", "99999999999999999999"))
	f.Add("Action=%00&Version=2011-06-15")
	f.Add(assume("Policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"${aws:username}"}]}`, "PolicyArns.member.1.arn", "x"))
	f.Add(assume("SerialNumber", deviceSerial, "TokenCode", "123456", "ProvidedContexts.member.1.ContextAssertion", "xxxx"))
	f.Add(form("GetSessionToken", "DurationSeconds", "-1", "MinimumSessionTokenSize", "4096"))
	f.Add(form("GetFederationToken", "Name", "guest", "Tags.member.1.Key", "a", "Tags.member.7.Value", "b"))
	f.Add(form("GetAccessKeyInfo", "AccessKeyId", "AKIAQAAAAAAAAAAAAAAA"))
	f.Add(form("DecodeAuthorizationMessage", "EncodedMessage", "AAAA"))
	f.Add(form("GetWebIdentityToken", "Audience.member.1", "", "SigningAlgorithm", "RS256"))
	f.Add(rootForm())
	f.Add(samlForm())
	f.Add(webIdentityForm(w.idToken(f, nil)))
	f.Fuzz(func(t *testing.T, form string) {
		if form == "" {
			return
		}
		rec := w.do(t, try{form: form})
		if rec.Code >= 500 {
			t.Fatalf("got %d %s", rec.Code, rec.Body)
		}
		for decoder := xml.NewDecoder(rec.Body); ; {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("status %d: %v", rec.Code, err)
			}
		}
	})
}
