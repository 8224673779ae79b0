package stsfake_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// Whatever happens to a request, its record holds no secret key, session token or signature.
func TestCallsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.session(t, devARN, iam.SessionOptions{})
	wrong := session
	wrong.SecretAccessKey = "wrongwrongwrong"
	swapped := w.session(t, devARN, iam.SessionOptions{})
	swapped.SessionToken = session.SessionToken
	var signature string
	remember := func(r *http.Request) {
		signature = r.URL.Query().Get("X-Amz-Signature")
		if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Signature="); ok {
			signature = after
		}
	}
	for name, c := range map[string]try{
		"good":              {by: &session},
		"good, presigned":   {by: &session, presign: true},
		"mismatch":          {by: &wrong},
		"mismatch, presign": {by: &wrong, presign: true},
		"swapped":           {by: &swapped},
		"too old":           {by: &session, skew: -time.Hour},
		"too old, presign":  {by: &session, skew: -time.Hour, presign: true},
		"assume":            {by: &session, form: assume()},
	} {
		c.after = remember
		if c.presign {
			c.method, c.query = http.MethodGet, identityForm
		} else if c.form == "" {
			c.form = identityForm
		}
		w.do(t, c)
		call := w.lastCall(t)
		if want := sigv4.Fingerprint(signature); signature == "" || call.Fingerprint != want {
			t.Errorf("%s: fingerprint is %q, want %q", name, call.Fingerprint, want)
		}
		if call.AccessKeyID != c.by.AccessKeyID {
			t.Errorf("%s: access key ID is %q", name, call.AccessKeyID)
		}
		call.Request = nil
		text := fmt.Sprintf("%+v", call)
		for what, secret := range map[string]string{
			"secret key": session.SecretAccessKey, "session token": session.SessionToken, "signature": signature,
			"escaped session token": strings.ReplaceAll(strings.ReplaceAll(session.SessionToken, "/", "%2F"), "+", "%2B"),
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the record has the %s: %s", name, what, text)
			}
		}
	}
}

// The answer to a value that is out of the model's bounds repeats it, as on AWS [R] (goldstack#425, of another member);
// the record does not if it is a one-time code, or an assertion that somebody has signed.
func TestCallsDoNotRepeatSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const failed = " failed to satisfy constraint: Member must "
	for _, tt := range []struct {
		pairs              []string
		answered, recorded string
	}{
		{
			[]string{"SerialNumber", deviceSerial, "TokenCode", "123456 "},
			"2 validation errors detected: Value '123456 ' at 'tokenCode'" + failed + `satisfy regular expression pattern: [\d]*; Value '123456 ' at 'tokenCode'` + failed + "have length less than or equal to 6",
			"2 validation errors detected: Value at 'tokenCode'" + failed + `satisfy regular expression pattern: [\d]*; Value at 'tokenCode'` + failed + "have length less than or equal to 6",
		},
		{
			[]string{"RoleSessionName", "a", "TokenCode", "12345"},
			"2 validation errors detected: Value 'a' at 'roleSessionName'" + failed + "have length greater than or equal to 2; Value '12345' at 'tokenCode'" + failed + "have length greater than or equal to 6",
			"2 validation errors detected: Value 'a' at 'roleSessionName'" + failed + "have length greater than or equal to 2; Value at 'tokenCode'" + failed + "have length greater than or equal to 6",
		},
		{
			[]string{"ProvidedContexts.member.1.ContextAssertion", "xyz"},
			"1 validation error detected: Value 'xyz' at 'providedContexts.1.member.contextAssertion'" + failed + "have length greater than or equal to 4",
			"1 validation error detected: Value at 'providedContexts.1.member.contextAssertion'" + failed + "have length greater than or equal to 4",
		},
	} {
		rec := w.do(t, try{form: assume(tt.pairs...)})
		if code, message := errorIn(t, rec); code != "ValidationError" || message != tt.answered {
			t.Errorf("%v: answered %s %q\nwant %q", tt.pairs, code, message, tt.answered)
		}
		if call := w.lastCall(t); call.Code != "ValidationError" || call.Message != tt.recorded || call.Reason != "" {
			t.Errorf("%v: recorded %q, reason %q\nwant %q", tt.pairs, call.Message, call.Reason, tt.recorded)
		}
	}
}

func TestCallRecordsTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, try{form: assume("RoleArn", "arn:aws:iam::111122223333:role/none")})
	if call := w.lastCall(t); call.Reason != "the role does not exist" || strings.Contains(call.Message, "exist") {
		t.Errorf("observed %+v", call)
	}
}

// Records are kept, so nobody makes them large; what is answered stays whole.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("ö", 20<<10)
	wrong := trurl(t)
	wrong.SecretAccessKey = "wrong"
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]try{
		"user agent":   {form: identityForm, unsigned: true, before: header("User-Agent", long)},
		"method":       {method: strings.Repeat("A", 20<<10), unsigned: true},
		"host":         {form: identityForm, unsigned: true, before: func(r *http.Request) { r.Host = long }},
		"operation":    {form: "Action=" + long + "&Version=2011-06-15"},
		"region":       {form: identityForm, region: strings.Repeat("r", 20<<10), host: "127.0.0.1", by: &wrong},
		"date":         {form: identityForm, after: header("X-Amz-Date", long)},
		"credential":   {form: identityForm, unsigned: true, before: header("Authorization", "AWS4-HMAC-SHA256 Credential="+long+"/, Signature=a, SignedHeaders=host")},
		"signed value": {form: identityForm, by: &wrong, before: header("X-Amz-Meta", long)},
	} {
		w.do(t, c)
		call := w.lastCall(t)
		for field, text := range map[string]string{
			"Operation": call.Operation, "Host": call.Host, "Region": call.Region, "Method": call.Method,
			"AccessKeyID": call.AccessKeyID, "UserAgent": call.UserAgent, "Code": call.Code,
		} {
			if len(text) > 1<<10 || !utf8.ValidString(text) {
				t.Errorf("%s: %s has %d bytes: %.20q…", name, field, len(text), text)
			}
		}
		for field, text := range map[string]string{
			"Message": call.Message, "Reason": call.Reason, "CanonicalRequest": call.CanonicalRequest, "StringToSign": call.StringToSign,
		} {
			if len(text) > 4<<10 || !utf8.ValidString(text) {
				t.Errorf("%s: %s has %d bytes: %.20q…", name, field, len(text), text)
			}
		}
	}
	rec := w.do(t, try{form: "Action=" + long + "&Version=2011-06-15"})
	if _, message := errorIn(t, rec); !strings.Contains(message, long) || !strings.HasSuffix(w.lastCall(t).Operation, "ö…") {
		t.Errorf("the answer is cut, or the record is not marked as cut: %q", w.lastCall(t).Operation)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gate.NewRequestID = nil
	seen := map[string]bool{}
	for range 50 {
		rec := w.do(t, try{form: identityForm})
		id := rec.Header()["x-amzn-RequestId"][0]
		if len(id) != 36 || id[14] != '4' || strings.Count(id, "-") != 4 || seen[id] || !strings.Contains(rec.Body.String(), "<RequestId>"+id+"<") {
			t.Fatalf("%q is no random UUID, or not that of the body", id)
		}
		seen[id] = true
	}
}
