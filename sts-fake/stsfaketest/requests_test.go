package stsfaketest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// TestRequestParams asserts what a library has asked for, of a form and of a presigned query string.
func TestRequestParams(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	role := srv.NewRole("deployer")
	session := srv.RoleSession(srv.NewRole("chained"), "first")
	if _, err := once(srv.Config()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("release"), DurationSeconds: aws.Int32(1800), ExternalId: aws.String("a:shared+word"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}},
	}); err != nil {
		t.Fatal(err)
	}
	presigned, err := sts.NewPresignClient(once(srv.ConfigFor(session))).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	get(t, presigned.URL)
	requests := srv.Requests()
	want := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {"release"},
		"DurationSeconds": {"1800"}, "ExternalId": {"a:shared+word"},
		"Tags.member.1.Key": {"team"}, "Tags.member.1.Value": {"ops"},
	}
	if diff := cmp.Diff(want, requests[0].Params); diff != "" || requests[0].Status != 200 {
		t.Errorf("status %d, (-want +got):\n%s", requests[0].Status, diff)
	}
	query := requests[1].Params
	if requests[1].Status != 200 || query.Get("Action") != "GetCallerIdentity" || query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" ||
		query.Get("X-Amz-Security-Token") != stsfaketest.Redacted || query.Get("X-Amz-Signature") != stsfaketest.Redacted {
		t.Errorf("presigned: status %d, %v", requests[1].Status, query)
	}
	requests[0].Params.Set("RoleArn", "changed")
	requests[0].Params["Action"][0] = "changed"
	if diff := cmp.Diff(want, srv.Requests()[0].Params); diff != "" {
		t.Errorf("the log can be changed from outside:\n%s", diff)
	}
}

// TestRequestParamsHoldNoSecret sends every proof that STS takes, in spellings that it does not take, too.
func TestRequestParamsHoldNoSecret(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleSessionName": {"shown"}}
	for _, name := range []string{
		"WebIdentityToken", "SAMLAssertion", "TokenCode", "TradeInToken", "ProvidedContexts.member.1.ContextAssertion",
		"X-Amz-Security-Token", "X-Amz-Signature", "x-amz-signature", "tokencode",
	} {
		form[name] = []string{"hush", "hush"}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/?SAMLAssertion=hush", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	send(t, r)
	params := srv.Requests()[0].Params
	if text := params.Encode(); strings.Contains(text, "hush") || params.Get("RoleSessionName") != "shown" {
		t.Errorf("params %s", text)
	}
	if n := len(params["SAMLAssertion"]); n != 3 {
		t.Errorf("%d SAML assertions, want one of the query string and two of the form", n)
	}
}

// TestRequestBodies: the server gets the body that it would get without the record of its parameters.
func TestRequestBodies(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	for _, tc := range []struct {
		size, status int
		action       string
	}{{stsfake.MaxBody, 403, "GetCallerIdentity"}, {stsfake.MaxBody + 1, 413, ""}, {2 * stsfake.MaxBody, 413, ""}} {
		body := "Action=GetCallerIdentity&Version=2011-06-15&x="
		body += strings.Repeat("y", tc.size-len(body))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		send(t, r)
		requests := srv.Requests()
		last := requests[len(requests)-1]
		if last.Status != tc.status || last.Params.Get("Action") != tc.action {
			t.Errorf("%d bytes: status %d %s, Action %q", tc.size, last.Status, last.Code, last.Params.Get("Action"))
		}
	}
}

// TestFailureShowsTheCanonicalRequest: why a signature does not match can be seen in the log of the failed test.
func TestFailureShowsTheCanonicalRequest(t *testing.T) {
	t.Parallel()
	played := &playedT{failed: true}
	srv := stsfaketest.New(played)
	session := srv.RoleSession(srv.NewRole("deployer"), "release")
	wrong := session
	wrong.SecretAccessKey = "wrong"
	whoami(once(srv.ConfigFor(wrong)))
	played.end()
	for _, want := range []string{
		" 403 SignatureDoesNotMatch: ", "the server computed\n  canonical request:\n    POST\n    /\n",
		"\n    x-amz-security-token:REDACTED\n", "\n  string to sign:\n    AWS4-HMAC-SHA256\n",
	} {
		if len(played.log) != 1 || !strings.Contains(played.log[0], want) {
			t.Errorf("log %q has no %q", played.log, want)
		}
	}
	if strings.Contains(played.log[0], session.SessionToken) || strings.Contains(played.log[0], session.SecretAccessKey) {
		t.Errorf("a secret is in the log: %q", played.log)
	}
}

func get(t *testing.T, address string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, r)
}

func send(t *testing.T, r *http.Request) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}
