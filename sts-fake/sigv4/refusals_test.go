package sigv4

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// request is what a row of the table changes before it is judged.
type request struct {
	method, target string
	headers        []Header
	queryProtocol  bool
	anyRegion      bool
	v4a            bool
	now            time.Time
}

func (r request) verdict(t *testing.T) *Refusal {
	t.Helper()
	v := Verifier{Service: "sts", ValidRegion: func(region string) bool { return region == "us-east-1" }, QueryProtocol: r.queryProtocol}
	v.AcceptV4A, v.Region = r.v4a, "us-east-1"
	if r.anyRegion {
		v.ValidRegion = nil
	}
	v.Now = func() time.Time { return r.now }
	if r.now.IsZero() {
		v.Now = suiteNow
	}
	method := r.method
	if method == "" {
		method = "GET"
	}
	signed, err := v.Parse(Request{Method: method, Target: r.target, Host: "sts.amazonaws.com", Headers: r.headers})
	if err == nil {
		err = signed.Verify(suiteSecret)
	}
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return refusal
}

const (
	goodScope = "20150830/us-east-1/sts/aws4_request"
	goodAuth  = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + goodScope + ", SignedHeaders=host;x-amz-date, Signature=00"
	goodQuery = "X-Amz-Credential=AKIDEXAMPLE/" + goodScope + "&X-Amz-Date=" + suiteDate + "&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)

func authorizationHeaders(authorization, date string) []Header {
	return []Header{{"Authorization", authorization}, {"X-Amz-Date", date}}
}

// scoped is a request with a credential scope and a date.
func scoped(scope, date string) []Header {
	return authorizationHeaders("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"+scope+", SignedHeaders=host, Signature=00", date)
}

const shortMismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// refusalRow is a request and the answer that it gets.
type refusalRow struct {
	name    string
	request request
	check   string
	status  int
	code    string
	message string
}

// TestRefusals has a row for every authentication error of spec/sts.md §2.2 and every rule of §1.2, 1.3 and 1.5 that refuses,
// with the evidence it is taken from. The caller's errors (InvalidClientTokenId, ExpiredToken) are not this package's.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(wireRefusals(), authenticationRefusals(), parameterRefusals(), dateRefusals(), scopeRefusals()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.request.verdict(t)
			if got.Check != tt.check || got.Status != tt.status || got.Code != tt.code || got.Message != tt.message {
				t.Errorf("got  %s %d %s %q\nwant %s %d %s %q", got.Check, got.Status, got.Code, got.Message, tt.check, tt.status, tt.code, tt.message)
			}
		})
	}
}

// authenticationRefusals: which form authenticates: check 5, and 7 for the algorithm.
func authenticationRefusals() []refusalRow {
	return []refusalRow{
		{"unsigned [R] SP-API-docs#3081", request{target: "/"}, CheckAuthentication, 403, "MissingAuthenticationToken",
			"Request is missing Authentication Token"},
		{"unsigned, other parameters only", request{target: "/?" + goodQuery}, CheckAuthentication, 403, "MissingAuthenticationToken",
			"Request is missing Authentication Token"},
		{"presigned, other algorithm [S] order table 7a", request{target: "/?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&" + goodQuery},
			CheckAlgorithm, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"presigned, first algorithm counts [S] order table 7a", request{target: "/?X-Amz-Algorithm=x&X-Amz-Algorithm=AWS4-HMAC-SHA256&" + goodQuery},
			CheckAlgorithm, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"both forms [S] uncertain", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + goodQuery, headers: authorizationHeaders(goodAuth, suiteDate)},
			CheckAuthentication, 403, "SignatureDoesNotMatch", "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
	}
}

// parameterRefusals: algorithm and parameters: checks 6 and 7.
func parameterRefusals() []refusalRow {
	return []refusalRow{
		{"unsupported algorithm [S]", request{headers: authorizationHeaders("AWS5-HMAC-SHA256 Credential=x", suiteDate)},
			CheckAlgorithm, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS5-HMAC-SHA256'."},
		{"SigV4A as an old endpoint, §1.6", request{headers: authorizationHeaders("AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/sts/aws4_request, SignedHeaders=host, Signature=00", suiteDate)},
			CheckAlgorithm, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"bearer token in place of the algorithm", request{headers: authorizationHeaders("k8s-aws-v1."+strings.Repeat("secret", 20), suiteDate)},
			CheckAlgorithm, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'k8s-aws-v1.secretsecretsecretsec'."},
		{"no algorithm [R] other services", request{headers: authorizationHeaders("Credential=AKIDEXAMPLE/"+goodScope, suiteDate)},
			CheckAlgorithm, 400, "IncompleteSignature", "Authorization header must begin with the algorithm name, which cannot include an equal-sign"},
		{"no key=value pair [R] time-addressable-media-store#8, at STS [I]", request{headers: authorizationHeaders("AWS4-HMAC-SHA256 FooBar, BazBurp", suiteDate)},
			CheckAuthorization, 400, "IncompleteSignature",
			"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'zAdm4sKtNnxmJcwLXg8ZvZ3KhUqUPbTe2jNpZYewfEw='."},
		{"space in the access key [R] boto3#2280", request{headers: authorizationHeaders(strings.Replace(goodAuth, "AKIDEXAMPLE", "AKID ", 1), suiteDate)},
			CheckAuthorization, 400, "IncompleteSignature",
			"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'naL42Z1pjPyAHcWPdMXO9gvah3tkK1tFZDgn1OGrCkA='."},
		{"all parameters missing [R] aws/chalice#828", request{headers: []Header{{"Authorization", "AWS4-HMAC-SHA256"}}},
			CheckParameters, 400, "IncompleteSignature", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{"one parameter missing [R] aws/chalice#828", request{headers: authorizationHeaders("AWS4-HMAC-SHA256 Credential=c,SignedHeaders=host", suiteDate)},
			CheckParameters, 400, "IncompleteSignature", "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256"},
		{"date missing [R] aws/chalice#828", request{headers: []Header{{"Authorization", goodAuth}}},
			CheckParameters, 400, "IncompleteSignature", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{"first Authorization counts [S] order table 6a", request{headers: []Header{{"Authorization", "Basic x"}, {"Authorization", goodAuth}, {"X-Amz-Date", suiteDate}}},
			CheckAlgorithm, 400, "IncompleteSignature", "Unsupported AWS 'algorithm': 'Basic'."},
		{"last parameter counts [S] order table 6c", request{headers: authorizationHeaders(goodAuth+",Credential=last", suiteDate)},
			CheckCredential, 400, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'last'"},
		{"presigned, all parameters missing [S] dynalite", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256"},
			CheckParameters, 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"presigned, one parameter missing [S]", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + strings.Replace(goodQuery, "X-Amz-Date", "Date", 1)},
			CheckParameters, 400, "IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"presigned, first parameter counts [S] order table 7c", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=first&" + goodQuery},
			CheckCredential, 400, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'first'"},
	}
}

// dateRefusals: signed host and date: checks 8 and 9.
func dateRefusals() []refusalRow {
	return []refusalRow{
		{"host not signed [R] aws-sdk-php#2469", request{headers: authorizationHeaders(strings.Replace(goodAuth, "host;", "", 1), suiteDate)},
			CheckHost, 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"no header signed", request{headers: authorizationHeaders(strings.Replace(goodAuth, "host;x-amz-date", "", 1), suiteDate)},
			CheckHost, 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"date malformed [S] dynalite", request{headers: authorizationHeaders(goodAuth, "2015/08/30T12/36/00Z")},
			CheckDate, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '2015/08/30T12/36/00Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"HTTP date [S]", request{headers: []Header{{"Authorization", goodAuth}, {"Date", "Sun, 30 Aug 2015 12:36:00 GMT"}}},
			CheckDate, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got 'Sun, 30 Aug 2015 12:36:00 GMT'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"X-Amz-Date wins over Date [S] order table 9", request{headers: []Header{{"Authorization", goodAuth}, {"Date", suiteDate}, {"X-Amz-Date", "x"}}},
			CheckDate, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got 'x'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"first date counts [S] order table 9", request{headers: append(authorizationHeaders(goodAuth, "first"), Header{"X-Amz-Date", suiteDate})},
			CheckDate, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got 'first'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"presigned, extended date", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=2015-08-30T12:36:00Z&" + goodQuery},
			CheckDate, 400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
	}
}

// scopeRefusals: clock, scope and signature: checks 10 to 13 and 16.
func scopeRefusals() []refusalRow {
	return []refusalRow{
		{"expired [R] aws-cli#6676", request{headers: scoped("20220127/us-east-1/sts/aws4_request", "20220127T001427Z"), now: time.Date(2022, 1, 27, 1, 59, 28, 0, time.UTC)},
			CheckExpired, 403, "SignatureDoesNotMatch", "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)"},
		{"not yet current [R] DevOpsIssues#989", request{headers: scoped("20210112/us-east-1/sts/aws4_request", "20210112T194419Z"), now: time.Date(2021, 1, 12, 7, 11, 25, 0, time.UTC)},
			CheckNotYetCurrent, 403, "SignatureDoesNotMatch", "Signature not yet current: 20210112T194419Z is still later than 20210112T072625Z (20210112T071125Z + 15 min.)"},
		{"presigned: X-Amz-Expires is ignored [R] aws-sdk-go#2167", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=604800&" + goodQuery, now: suiteNow().Add(16 * time.Minute)},
			CheckExpired, 403, "SignatureDoesNotMatch", "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T125200Z - 15 min.)"},
		{"four elements [R] vault#4939", request{headers: scoped("us-east-1/sts/aws4_request", suiteDate)}, CheckCredential, 400, "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/us-east-1/sts/aws4_request'"},
		{"six elements [R] vault#4939", request{headers: scoped(goodScope+"/", suiteDate)}, CheckCredential, 400, "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request/'"},
		{"region [R] node-vault-client#25", request{headers: scoped("20150830/ap-southeast-2/sts/aws4_request", suiteDate)}, CheckScope, 403, "SignatureDoesNotMatch",
			"Credential should be scoped to a valid region. "},
		{"service [R] aws-signing-proxy#25", request{headers: scoped("20150830/us-east-1/s3/aws4_request", suiteDate)}, CheckScope, 403, "SignatureDoesNotMatch",
			"Credential should be scoped to correct service: 'sts'. "},
		{"terminator [S], space [I]", request{headers: scoped("20150830/us-east-1/sts/x", suiteDate)}, CheckScope, 403, "SignatureDoesNotMatch",
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. "},
		{"scope date [R] requests-aws4auth#7", request{headers: scoped("20151124/us-east-1/sts/aws4_request", "20151125T154140Z"), now: time.Date(2015, 11, 25, 15, 41, 40, 0, time.UTC)},
			CheckScope, 403, "SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20151124' != '20151125', from '20151125T154140Z'."},
		{"everything in the scope [S] signature.rs:602", request{headers: scoped("20150829/eu-west-1/iam/aws5", suiteDate)}, CheckScope, 403, "SignatureDoesNotMatch",
			"Credential should be scoped to a valid region. Credential should be scoped to correct service: 'sts'. " +
				"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. " +
				"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'."},
		{"every region without a rule", request{headers: scoped("20150830/xx-1/sts/aws4_request", suiteDate), anyRegion: true}, CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
		{"signature, short text [R] vault#3615", request{headers: authorizationHeaders(goodAuth, suiteDate)}, CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
		{"presigned signature, no Expires [R] aws-iam-authenticator#258", request{target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + goodQuery}, CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
		{"empty signature", request{headers: authorizationHeaders(strings.TrimSuffix(goodAuth, "00"), suiteDate)}, CheckSignature, 403, "SignatureDoesNotMatch", shortMismatch},
	}
}

// wireRefusals: what is wrong before anybody looks for a signature: checks 1 to 4.
func wireRefusals() []refusalRow {
	return []refusalRow{
		{"query: bad hex digit [S], 400 [I]", request{target: "/?a=%yy"}, CheckQuery, 400, "MalformedQueryString", "Illegal hex character in escape % pattern: %yy"},
		{"query: short escape [S], 400 [I]", request{target: "/?a%2=b"}, CheckQuery, 400, "MalformedQueryString", "Incomplete trailing escape % sequence"},
		{"path: above root [S] order table 1", request{target: "/a/../.."}, CheckPath, 400, "", "the path goes above the root"},
		{"path: broken escape [S] order table 1", request{target: "/%zz"}, CheckPath, 400, "", "the path has a broken escape: Illegal hex character in escape % pattern: %zz"},
		{"path: short escape after good ones [S] order table 1", request{target: "/%41%42%"}, CheckPath, 400, "", "the path has a broken escape: Incomplete trailing escape % sequence"},
		{"path: nothing before the query [S] order table 1", request{target: "?a=b"}, CheckPath, 400, "", "the path does not begin with a slash"},
		{"path: not absolute [S] order table 1", request{target: "*"}, CheckPath, 400, "", "the path does not begin with a slash"},
		{"method [S] order table 2", request{method: "DELETE", queryProtocol: true}, CheckMethod, 302, "", `the query protocol takes GET and POST, not "DELETE"`},
		{"content type [S] order table 3", request{method: "POST", headers: []Header{{"Content-Type", "application/json"}}, queryProtocol: true},
			CheckContentType, 403, "", `the query protocol takes application/x-www-form-urlencoded, not "application/json"`},
		{"content type with parameter fits", request{method: "POST", headers: []Header{{"Content-Type", "application/x-www-form-urlencoded ; charset=utf-8"}}, queryProtocol: true},
			CheckAuthentication, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
	}
}

// TestOrderOfChecks mends a request that is wrong in every way one fault at a time: each time the next check of spec/sts.md §1.7
// must speak.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	const allWrong = "Credential=x/y,Foo"
	r := request{
		method: "PUT", target: "/../?a=%zz&X-Amz-Algorithm=x", queryProtocol: true,
		headers: []Header{{"Content-Type", "text/plain"}, {"Authorization", "AWS5 " + allWrong}},
		now:     suiteNow().Add(time.Hour),
	}
	set := func(i int, h Header) func() { return func() { r.headers[i] = h } }
	for _, step := range []struct {
		check string
		mend  func()
	}{
		{CheckPath, func() { r.target = "/?a=%zz&X-Amz-Algorithm=x" }},
		{CheckMethod, func() { r.method = "POST" }},
		{CheckContentType, set(0, Header{"Content-Type", "application/x-www-form-urlencoded"})},
		{CheckQuery, func() { r.target = "/?X-Amz-Algorithm=x" }},
		{CheckAuthentication, func() { r.target = "/" }},
		{CheckAlgorithm, set(1, Header{"Authorization", "AWS4-HMAC-SHA256 " + allWrong})},
		{CheckAuthorization, set(1, Header{"Authorization", "AWS4-HMAC-SHA256 Credential=x/y,SignedHeaders=a,Signature=00"})},
		{CheckParameters, func() { r.headers = append(r.headers, Header{"X-Amz-Date", "yesterday"}) }},
		{CheckHost, set(1, Header{"Authorization", "AWS4-HMAC-SHA256 Credential=x/y,SignedHeaders=host,Signature=00"})},
		{CheckDate, set(2, Header{"X-Amz-Date", suiteDate})},
		{CheckExpired, func() { r.now = suiteNow().Add(-time.Hour) }},
		{CheckNotYetCurrent, func() { r.now = suiteNow() }},
		{CheckCredential, set(1, Header{"Authorization", "AWS4-HMAC-SHA256 Credential=x/20150830/y/sts/aws4_request,SignedHeaders=host,Signature=00"})},
		{CheckScope, set(1, Header{"Authorization", goodAuth})},
		{CheckSignature, func() {}},
	} {
		if got := r.verdict(t); got.Check != step.check {
			t.Fatalf("got refusal at check %q, want %q (%v)", got.Check, step.check, got)
		}
		step.mend()
	}
}

func TestClockBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		now   time.Time
		check string // "" passes
	}{
		{"15 minutes old [S] auth.rs:575", suiteNow().Add(15 * time.Minute), ""},
		{"within that second", suiteNow().Add(15*time.Minute + 999*time.Millisecond), ""},
		{"15 minutes and a second old", suiteNow().Add(15*time.Minute + time.Second), CheckExpired},
		{"15 minutes ahead [I]", suiteNow().Add(-15 * time.Minute), ""},
		{"15 minutes and a second ahead", suiteNow().Add(-15*time.Minute - time.Second), CheckNotYetCurrent},
		{"clock of another zone", suiteNow().In(time.FixedZone("", 7*3600)), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := suiteVerifier()
			v.Now = func() time.Time { return tt.now }
			_, err := v.Parse(signedRequest("host"))
			var refusal *Refusal
			if errors.As(err, &refusal) != (tt.check != "") || refusal != nil && refusal.Check != tt.check {
				t.Errorf("got %v, want a refusal at check %q", err, tt.check)
			}
		})
	}
}
