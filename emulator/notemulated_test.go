package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestHostsThatAreAWSs(t *testing.T) {
	t.Parallel()
	side := &awsSide{}
	for host, want := range map[string]bool{
		"s3.us-west-2.amazonaws.com": true, "bucket.s3.amazonaws.com": true, "monitoring.cn-north-1.amazonaws.com.cn": true,
		"lambda.us-west-2.api.aws": true, "api.ecr.us-east-1.amazonaws.com": true, "amazonaws.com": true, "sts.eusc-de-east-1.amazonaws.eu": true,
		"github.com": false, "docs.aws.amazon.com": false, "notamazonaws.com": false, "s3.amazonaws.com.evil.example": false,
		"public.ecr.aws": false, "proxy.golang.org": false, "": false,
	} {
		if got := side.notEmulated(host) != nil; got != want {
			t.Errorf("%q is AWS's: %t, want %t", host, got, want)
		}
	}
}

// TestNotEmulated asks in the protocols of AWS's APIs. The forms of the answers are those of
// https://smithy.io/2.0/aws/protocols/index.html; code, status and text are ours.
func TestNotEmulated(t *testing.T) {
	t.Parallel()
	side := &awsSide{services: map[string]http.Handler{"sts": nil, "eks": nil, "ec2": nil}}
	const text = " is not emulated: eksemu answers for ec2, eks, sts. Start it with --fallback URL to have another emulator answer for the rest of AWS."
	for _, tc := range []struct{ name, host, contentType, path, want, wantType string }{
		{"query", "iam.amazonaws.com", "application/x-www-form-urlencoded; charset=utf-8", "/", "<ErrorResponse><Error><Type>Sender</Type><Code>NotEmulated</Code><Message>iam.amazonaws.com" + text + "</Message></Error></ErrorResponse>", "text/xml"},
		{"query in the URL", "sqs.us-west-2.amazonaws.com", "", "/?Action=ListQueues", "<ErrorResponse><Error><Type>Sender</Type><Code>NotEmulated</Code><Message>sqs.us-west-2.amazonaws.com" + text + "</Message></Error></ErrorResponse>", "text/xml"},
		{"JSON", "dynamodb.us-west-2.amazonaws.com", "application/x-amz-json-1.0", "/", `{"__type":"NotEmulated","message":"dynamodb.us-west-2.amazonaws.com` + text + `"}`, "application/json"},
		{"REST and JSON", "lambda.us-west-2.amazonaws.com", "", "/2015-03-31/functions", `{"__type":"NotEmulated","message":"lambda.us-west-2.amazonaws.com` + text + `"}`, "application/json"},
		{"S3", "bucket.s3.us-west-2.amazonaws.com", "", "/?list-type=2", "<Error><Code>NotEmulated</Code><Message>bucket.s3.us-west-2.amazonaws.com" + text + "</Message></Error>", "application/xml"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "https://"+tc.host+tc.path, strings.NewReader(""))
		r.Header.Set("Content-Type", tc.contentType)
		side.notEmulated(tc.host).ServeHTTP(w, r)
		if w.Code != http.StatusNotImplemented || w.Body.String() != tc.want || w.Header().Get("Content-Type") != tc.wantType {
			t.Errorf("%s: %d %s\n%s\nwant 501 %s\n%s", tc.name, w.Code, w.Header().Get("Content-Type"), w.Body, tc.wantType, tc.want)
		}
		if got := w.Header().Get("x-amzn-ErrorType") == "NotEmulated"; got != (tc.wantType == "application/json") {
			t.Errorf("%s: the error type in the header: %t", tc.name, got)
		}
	}
}

// TestOtherHostsThroughTheGateway asks a running environment for AWS hosts that are not emulated, and for hosts that
// are none of AWS's, which lead to this machine's proxy.
func TestOtherHostsThroughTheGateway(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	alone := *o.Config
	alone.Clusters = nil
	o.Config = &alone
	asked := make(chan string, 1)
	o.Proxy = func(r *http.Request) (*url.URL, error) {
		asked <- r.URL.String()
		return nil, errors.New("none in this test")
	}
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	proxy, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), DisableKeepAlives: true, TLSClientConfig: tlsOf(e)}}
	res, err := client.Get("https://s3.us-west-2.amazonaws.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusNotImplemented || !strings.Contains(string(body), "s3.us-west-2.amazonaws.com is not emulated: eksemu answers for ec2, eks, ") {
		t.Errorf("S3: %s %s", res.Status, body)
	}
	if _, err := client.Get("https://example.com/"); err == nil || !strings.Contains(err.Error(), "HTTPS_PROXY") {
		t.Errorf("another host: error %v", err)
	}
	if got := <-asked; got != "https://example.com:443" {
		t.Errorf("the proxy was asked for of %q", got)
	}
}
