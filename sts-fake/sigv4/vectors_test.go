package sigv4

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// The identity of the AWS test suite.
const (
	suiteKey    = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteDate   = "20150830T123600Z"
)

func suiteNow() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }

func suiteVerifier() Verifier {
	return Verifier{Service: "service", ValidRegion: func(r string) bool { return r == "us-east-1" }, Now: suiteNow}
}

// TestPublishedVectors verifies every request of the AWS test suite, header and presigned, wire-exact, and refuses it
// under another secret, showing the canonical request that the suite documents.
// Evidence: spec/sts.md §1.1, rows tagged [V].
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	for name, v := range suiteVectors(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := suiteVerifier().Parse(v.request)
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(suiteSecret); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(v.canonical, string(signed.appendCanonicalRequest(nil, false))); diff != "" {
				t.Errorf("canonical request (-want +got):\n%s", diff)
			}
			var refusal *Refusal
			if err := signed.Verify("another secret"); !errors.As(err, &refusal) || refusal.Check != CheckSignature {
				t.Errorf("another secret: got %v, want a refusal at check %q", err, CheckSignature)
			}
		})
	}
}

// TestIAMUserGuideExample verifies the worked example of the IAM User Guide, "Create a signed AWS API request".
func TestIAMUserGuideExample(t *testing.T) {
	t.Parallel()
	verifier := suiteVerifier()
	verifier.Service = "iam"
	signed, err := verifier.Parse(Request{
		Method: http.MethodGet, Target: "/?Action=ListUsers&Version=2010-05-08", Host: "iam.amazonaws.com",
		Headers: []Header{
			{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
			{"X-Amz-Date", suiteDate},
			{"Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
				"SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(suiteSecret); err != nil {
		t.Error(err)
	}
	want := CredentialScope{Date: "20150830", Region: "us-east-1", Service: "iam", Terminator: "aws4_request"}
	if signed.AccessKeyID != suiteKey || signed.Scope != want || signed.Form != FormHeader || !signed.Time.Equal(suiteNow()) {
		t.Errorf("got key %q, scope %v, form %q, time %v", signed.AccessKeyID, signed.Scope, signed.Form, signed.Time)
	}
}

type vector struct {
	request   Request
	canonical string
}

func suiteVectors(tb testing.TB) map[string]vector {
	tb.Helper()
	archive, err := txtar.ParseFile("testdata/vectors.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	vectors := make(map[string]vector)
	for _, file := range archive.Files {
		name, part, _ := strings.Cut(file.Name, "/")
		v := vectors[name]
		switch text := strings.TrimSuffix(string(file.Data), "\n"); part {
		case "request":
			v.request = parseWire(tb, text)
		case "canonical":
			v.canonical = text
		default:
			tb.Fatalf("testdata/vectors.txtar: unknown part %q", file.Name)
		}
		vectors[name] = v
	}
	return vectors
}

// parseWire reads a request as it is on the wire, with LF for CRLF. net/http would refuse raw spaces and UTF-8.
func parseWire(tb testing.TB, text string) Request {
	tb.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	line, fields, _ := strings.Cut(head, "\n")
	method, rest, _ := strings.Cut(line, " ")
	r := Request{Method: method, Target: strings.TrimSuffix(rest, " HTTP/1.1"), Body: []byte(body)}
	for _, field := range strings.Split(fields, "\n") {
		if field != "" && field[0] == ' ' { // folded
			r.Headers[len(r.Headers)-1].Value += "\r\n" + field
			continue
		}
		name, value, ok := strings.Cut(field, ":")
		switch {
		case !ok:
			tb.Fatalf("vector has a line without colon: %q", field)
		case strings.EqualFold(name, "Host"):
			r.Host = value
		default:
			r.Headers = append(r.Headers, Header{name, value})
		}
	}
	return r
}
