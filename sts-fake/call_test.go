package stsfake_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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

func TestCallRecordsTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, try{form: assume("RoleArn", "arn:aws:iam::111122223333:role/none")})
	if call := w.lastCall(t); call.Reason != "the role does not exist" || strings.Contains(call.Message, "exist") {
		t.Errorf("observed %+v", call)
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
