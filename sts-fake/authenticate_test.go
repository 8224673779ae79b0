package stsfake_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	identityForm  = "Action=GetCallerIdentity&Version=2011-06-15"
	mismatch      = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	invalidToken  = "The security token included in the request is invalid"
	missingToken  = "Request is missing Authentication Token"
	expiredToken  = "The security token included in the request is expired"
	invalidRegion = "Credential should be scoped to a valid region. "
)

// The authentication rows of spec/sts.md section 2.2, through the whole server; each row names its evidence.
func TestAuthenticationRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unknown := aws.Credentials{AccessKeyID: "AKIAUNKNOWNUNKNOWN22", SecretAccessKey: "x"}
	wrong, lazy := trurl(t), as(t, account, "lazy")
	wrong.SecretAccessKey += "x"
	garbage := trurl(t)
	garbage.SessionToken = "garbage"
	good := w.session(t, devARN, iam.SessionOptions{})
	swapped := w.session(t, devARN, iam.SessionOptions{})
	swapped.SessionToken = good.SessionToken
	stale := w.session(t, devARN, iam.SessionOptions{Duration: 15 * time.Minute})
	w.advance(15 * time.Minute)
	staleAndWrong := stale
	staleAndWrong.SecretAccessKey = "wrong"
	tokenless := good
	tokenless.SessionToken = ""

	tests := []struct {
		evidence      string
		try           try
		status        int
		code, message string
	}{
		{"[R] SP-API-docs#3081", try{form: identityForm, unsigned: true}, 403, "MissingAuthenticationToken", missingToken},
		{"[S] order table 7a", try{method: "GET", query: identityForm + "&X-Amz-Algorithm=AWS5", unsigned: true}, 403, "MissingAuthenticationToken", missingToken},
		{"[R] vault#4939", try{form: identityForm, after: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/us-west-2", "", 1))
		}}, 400, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + trurl(t).AccessKeyID + "/20260102/sts/aws4_request'"},
		{"[R] vault#3615", try{form: identityForm, by: &wrong}, 403, "SignatureDoesNotMatch", mismatch},
		{"[R] vault#3615, presigned", try{method: "GET", query: identityForm, presign: true, by: &wrong}, 403, "SignatureDoesNotMatch", mismatch},
		{"[R] vault#3615, changed body", try{form: identityForm, after: func(r *http.Request) {
			r.Body = http.NoBody
			r.ContentLength = 0
			r.URL.RawQuery = identityForm
		}}, 403, "SignatureDoesNotMatch", mismatch},
		{"[R] aws-cli#6676", try{form: identityForm, skew: -20 * time.Minute}, 403, "SignatureDoesNotMatch", "Signature expired: 20260102T025905Z is now earlier than 20260102T030405Z (20260102T031905Z - 15 min.)"},
		{"[R] DevOpsIssues#989", try{form: identityForm, skew: 20 * time.Minute}, 403, "SignatureDoesNotMatch", "Signature not yet current: 20260102T033905Z is still later than 20260102T033405Z (20260102T031905Z + 15 min.)"},
		{"[R] node-vault-client#25", try{form: identityForm, region: "us-east-1"}, 403, "SignatureDoesNotMatch", invalidRegion},
		{"[R] global endpoint", try{form: identityForm, host: "sts.amazonaws.com"}, 403, "SignatureDoesNotMatch", invalidRegion},
		{"[R] aws-signing-proxy#25", try{form: identityForm, service: "eks"}, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. "},
		{"[R] terraform-provider-aws#13695", try{form: identityForm, by: &unknown}, 403, "InvalidClientTokenId", invalidToken + "."},
		{"[I] inactive key", try{form: identityForm, by: &lazy}, 403, "InvalidClientTokenId", invalidToken + "."},
		{"[I] session key without token", try{form: identityForm, by: &tokenless}, 403, "InvalidClientTokenId", invalidToken + "."},
		{"[R] aws-azure-login#251", try{form: identityForm, by: &garbage}, 403, "InvalidClientTokenId", invalidToken},
		{"[I] token of another session", try{form: identityForm, by: &swapped}, 403, "InvalidClientTokenId", invalidToken},
		{"[R] aws-sdk-java-v2#1649", try{form: identityForm, by: &stale}, 403, "ExpiredToken", expiredToken},
		{"[S] order: 14 before 16", try{form: identityForm, by: &staleAndWrong}, 403, "ExpiredToken", expiredToken},
		{"[S] order: 13 before 14", try{form: identityForm, by: &garbage, region: "us-east-1"}, 403, "SignatureDoesNotMatch", invalidRegion},
		{"[S] MalformedQueryString, query", try{method: "GET", query: identityForm + "&a=%yy", unsigned: true}, 400, "MalformedQueryString", "Illegal hex character in escape % pattern: %yy"},
	}
	for _, tt := range tests {
		for _, accept := range []string{"", "application/json"} {
			t.Run(tt.evidence+accept, func(t *testing.T) {
				c := tt.try
				c.accept = accept
				rec := w.do(t, c)
				code, message := errorIn(t, rec)
				if rec.Code != tt.status || code != tt.code || message != tt.message {
					t.Errorf("got %d %s %q\nwant %d %s %q", rec.Code, code, message, tt.status, tt.code, tt.message)
				}
				call := w.lastCall(t)
				if call.Code != tt.code || call.Message != tt.message || call.Status != tt.status || call.Principal != "" {
					t.Errorf("observed %+v", call)
				}
			})
		}
	}
}

// Answers that are no error documents: spec/sts.md sections 1.7 (steps 1 to 3) and 2.2.
func TestAnswersWithoutDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const iamPage = "https://aws.amazon.com/iam"
	tests := []struct {
		evidence              string
		try                   try
		status                int
		location, contentType string
	}{
		{"[R] aws-sdk-swift#619, unsigned", try{unsigned: true}, 302, iamPage, ""},
		{"[R] vault#3983, signed", try{}, 302, iamPage, ""},
		{"[R] GET", try{method: "GET", unsigned: true}, 302, iamPage, ""},
		{"[S] PUT", try{method: "PUT", form: identityForm}, 302, iamPage, ""},
		{"[S] DELETE", try{method: "DELETE", query: identityForm}, 302, iamPage, ""},
		{"[S] wrong content type", try{form: `{}`, contentType: "application/x-amz-json-1.1"}, 403, "", "text/html"},
		{"[S] DELETE, unsigned operation", try{method: "DELETE", query: webIdentityForm("token"), unsigned: true}, 302, iamPage, ""},
		{"[S] wrong content type, unsigned operation", try{query: webIdentityForm("token"), form: `{}`, contentType: "application/json", unsigned: true}, 403, "", "text/html"},
		{"[I] another path, unsigned operation", try{method: "GET", query: webIdentityForm("token"), unsigned: true, before: func(r *http.Request) { r.URL.Path = "/x" }}, 404, "", ""},
		{"ours: another service's host, unsigned operation", try{form: webIdentityForm("token"), host: "eks.us-west-2.amazonaws.com", unsigned: true}, 421, "", ""},
		{"[I] another path", try{method: "GET", query: identityForm, before: func(r *http.Request) { r.URL.Path = "/x" }}, 404, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.evidence, func(t *testing.T) {
			rec := w.do(t, tt.try)
			h := rec.Header()
			if rec.Code != tt.status || h.Get("Location") != tt.location || h.Get("Content-Type") != tt.contentType || rec.Body.Len() != 0 {
				t.Errorf("got %d, %v, %q", rec.Code, h, rec.Body)
			}
			if got := w.lastCall(t).Status; got != tt.status {
				t.Errorf("observed status %d", got)
			}
		})
	}
}

// Paths as they are on the wire: spec/sts.md section 1.7, step 1 [S]. Nothing in net/http or here may clean them first.
func TestPathsOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.server)
	t.Cleanup(server.Close)
	for target, want := range map[string]int{
		"/?" + identityForm:         403, // unsigned
		"//?" + identityForm:        403,
		"/./?" + identityForm:       403,
		"/foo/../?" + identityForm:  403,
		"/../?" + identityForm:      400,
		"/..":                       400,
		"/foo/../../":               400,
		"/foo":                      404,
		"/foo/?" + identityForm:     404,
		"/%2e%2e/?" + identityForm:  404, // not a dot segment
		"/foo//../?" + identityForm: 403, // repeated slashes are one
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, host); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, response.Body)
		if _ = conn.Close(); response.StatusCode != want || want != 403 && body != "" {
			t.Errorf("%s: got %d %q, want %d", target, response.StatusCode, body, want)
		}
		if call := w.lastCall(t); call.Status != want || want != 403 && call.Message == "" {
			t.Errorf("%s: observed %+v", target, call)
		}
	}
}

func TestUnknownOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// [R] ex_aws#177 for the sentence
	for form, want := range map[string]string{
		"Action=Foo&Version=2011-06-15":               "Could not find operation Foo for version 2011-06-15",
		"Action=GetSessionToken&Version=2011-06-16":   "Could not find operation GetSessionToken for version 2011-06-16",
		"Action=getcalleridentity&Version=2011-06-15": "Could not find operation getcalleridentity for version 2011-06-15",
		"Action=GetCallerIdentity":                    "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
		"Action=GetCallerIdentity&Version=2010-05-08": "Could not find operation GetCallerIdentity for version 2010-05-08",
		"Version=2011-06-15":                          "Could not find operation NO_ACTION_SPECIFIED for version 2011-06-15",
	} {
		rec := w.do(t, try{form: form})
		code, message := errorIn(t, rec)
		if rec.Code != 400 || code != "InvalidAction" || message != want {
			t.Errorf("%s: got %d %s %q", form, rec.Code, code, message)
		}
		if body := rec.Body.String(); !strings.HasPrefix(body, `<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09">`) {
			t.Errorf("wrong namespace: %s", body)
		}
	}
	// [I] authentication first
	if code, _ := errorIn(t, w.do(t, try{form: "Action=Foo&Version=2011-06-15", unsigned: true})); code != "MissingAuthenticationToken" {
		t.Errorf("unsigned: got %s", code)
	}
}

func TestMalformedForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// [I]: spec/sts.md section 2.2 has the text for a query string.
	code, message := errorIn(t, w.do(t, try{form: identityForm + "&a=%"}))
	if code != "MalformedQueryString" || message != "Incomplete trailing escape % sequence" {
		t.Errorf("got %s %q", code, message)
	}
}

func TestBodyBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do(t, try{form: identityForm + "&x=" + strings.Repeat("a", 300<<10)})
	if code, _ := errorIn(t, rec); rec.Code != 413 || code != "RequestEntityTooLarge" {
		t.Errorf("got %d %s", rec.Code, code)
	}
}
