package stsfake_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// Two packages that know nothing of each other decode a query, one for its signature and one for its meaning: they
// refuse the same, in the same words.
func TestQueryIsDecodedAlike(t *testing.T) {
	t.Parallel()
	v := sigv4.Verifier{Service: "sts", Now: time.Now}
	for _, query := range []string{
		"", "a", "a=b", "&&", "a=%41+%2b%C3%A9", "%", "a=%", "a=%4", "a%4=", "a=%4g", "%zz=1", "a=1&b=%yy", "a=%%41", "a=%41%",
		"a=\x00\xff", "a=b=%", strings.Repeat("a&", 1023) + "a", strings.Repeat("a&", 1024) + "a",
	} {
		_, err := v.Parse(sigv4.Request{Method: http.MethodGet, Target: "/?" + query, Host: host})
		var refusal *sigv4.Refusal
		if !errors.As(err, &refusal) {
			t.Fatalf("%.20q: an unsigned request gets %v", query, err)
		}
		signed := ""
		switch refusal.Check {
		case sigv4.CheckQuery:
			signed = refusal.Message
		case sigv4.CheckSize:
			signed = strings.TrimPrefix(refusal.Message, "the query has ")
		}
		meant := ""
		if _, err := awsquery.Decode(query); err != nil {
			meant = err.Error()
		}
		if signed != meant {
			t.Errorf("%.20q: %q for the signature, %q for the meaning", query, signed, meant)
		}
	}
}
