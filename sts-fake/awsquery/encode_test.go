package awsquery

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

const (
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	requestID    = "16fc956c-311e-4199-bee1-1680236e9698"
)

// The body that STS sent in amzn/selling-partner-api-docs#3081, whose Content-Length was 297.
func TestFailureRecordedBytes(t *testing.T) {
	t.Parallel()
	e := &Error{Status: 403, Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token"}
	r, err := Failure(XML, stsNamespace, requestID, e)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Body) != 297 {
		t.Errorf("body has %d bytes, want the recorded 297", len(r.Body))
	}
	golden.Assert(t, string(r.Body), "failure.xml")
	if r.Status != 403 || r.ContentType != "text/xml" {
		t.Errorf("got status %d and content type %q", r.Status, r.ContentType)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	type nested struct {
		Arn           string `xml:"Arn" json:"Arn"`
		AssumedRoleID string `xml:"AssumedRoleId" json:"AssumedRoleId"`
	}
	type result struct {
		UserID     string    `xml:"UserId" json:"UserId"`
		Account    string    `xml:"Account" json:"Account"`
		Expiration Timestamp `xml:"Expiration" json:"Expiration"`
		Nested     nested    `xml:"Nested" json:"Nested"`
		Names      []string  `xml:"Names>member" json:"Names"`
	}
	value := result{
		"AIDA", "111122223333", Timestamp(time.Unix(1714129061, 999)),
		nested{`<"Tom" & 'Jerry'>`, "AROA:x"},
		[]string{"a", "b"},
	}
	refusal := &Error{Status: 400, Code: "ValidationError", Message: `1 validation error detected: Value '<&>' at "x" &#39;`}
	tests := []struct {
		file  string
		build func() (Response, error)
	}{
		{"success.xml", func() (Response, error) { return Success(XML, stsNamespace, "Op", requestID, value) }},
		{"success.json", func() (Response, error) { return Success(JSON, stsNamespace, "Op", requestID, value) }},
		{"empty.xml", func() (Response, error) { return Success(XML, stsNamespace, "Op", requestID, nil) }},
		{"empty.json", func() (Response, error) { return Success(JSON, stsNamespace, "Op", requestID, nil) }},
		{"quotes.xml", func() (Response, error) { return Failure(XML, stsNamespace, requestID, refusal) }},
		{"quotes.json", func() (Response, error) { return Failure(JSON, stsNamespace, requestID, refusal) }},
		{"receiver.xml", func() (Response, error) {
			return Failure(XML, stsNamespace, requestID, &Error{Status: 500, Code: "InternalFailure", Message: "m"})
		}},
		{"ec2-failure.xml", func() (Response, error) {
			return EC2Failure(requestID, &Error{Status: 401, Code: "AuthFailure", Message: "it's <refused>"})
		}},
		{"ec2-success.xml", func() (Response, error) {
			return EC2Success("http://ec2.amazonaws.com/doc/2016-11-15/", "DescribeInstances", requestID,
				Member{"reservationSet", struct {
					Items []nested `xml:"item"`
				}{[]nested{{"x", "y"}}}})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			r, err := tt.build()
			if err != nil {
				t.Fatal(err)
			}
			golden.Assert(t, string(r.Body), tt.file)
		})
	}
}

func TestEncodeNamesTheOperation(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{XML, JSON} {
		_, err := Success(f, stsNamespace, "GetThing", requestID, make(chan int))
		if err == nil || err.Error()[:len("encode the answer of GetThing: ")] != "encode the answer of GetThing: " {
			t.Errorf("format %v: got %v", f, err)
		}
	}
}

func TestTimestampJSON(t *testing.T) {
	t.Parallel()
	for second, want := range map[int64]string{
		1714129061: "1.714129061E9", // envoyproxy/envoy#33806
		1700000000: "1.7E9",
		1000000000: "1.0E9",
		0:          "0.0E0",
	} {
		got, err := Timestamp(time.Unix(second, 0)).MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("%d: got %s, %v; want %s", second, got, err, want)
		}
	}
}

func TestFormatFor(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]Format{
		"":                              XML,
		"*/*":                           XML,
		"text/xml":                      XML,
		"application/jsonp":             XML,
		"application/json":              JSON,
		"Application/JSON":              JSON,
		"text/xml, application/json":    JSON,
		"application/json;q=0.9, */*":   JSON,
		"text/html; a=application/json": XML,
	} {
		if got := FormatFor([]string{accept}); got != want {
			t.Errorf("%q: got %v, want %v", accept, got, want)
		}
	}
	if FormatFor(nil) != XML || FormatFor([]string{"*/*", "application/json"}) != JSON {
		t.Error("several headers are not read one by one")
	}
}

// What goes over the wire, to the byte: header names and order as net/http writes them.
func TestSend(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := Response{Status: 403, ContentType: "text/xml", RequestID: requestID, Body: []byte("abc")}
	if err := r.Send(w, time.Unix(1714129061, 0)); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"x-amzn-RequestId": {requestID},
		"Content-Type":     {"text/xml"},
		"Content-Length":   {"3"},
		"Date":             {"Fri, 26 Apr 2024 10:57:41 GMT"},
	}
	if diff := cmp.Diff(want, map[string][]string(w.Header())); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if w.Code != 403 || w.Body.String() != "abc" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
