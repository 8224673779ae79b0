package stsfaketest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/stsfaketest"
)

// playedT is a test whose end and failure are played.
type playedT struct {
	exampleT
	failed bool
	fatal  string
	log    []string
}

type stopped struct{}

func (t *playedT) Failed() bool                 { return t.failed }
func (t *playedT) Logf(format string, a ...any) { t.log = append(t.log, fmt.Sprintf(format, a...)) }
func (t *playedT) Fatalf(format string, a ...any) {
	t.fatal = fmt.Sprintf(format, a...)
	panic(stopped{})
}

// run runs a part of the test, which Fatalf ends.
func (t *playedT) run(part func()) {
	defer func() {
		if r := recover(); r != nil && r != (stopped{}) {
			panic(r)
		}
	}()
	part()
}

func once(cfg aws.Config) *sts.Client {
	return sts.NewFromConfig(cfg, func(o *sts.Options) { o.Retryer = aws.NopRetryer{} })
}

func TestOptions(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	srv := stsfaketest.New(t, stsfaketest.WithAccount("444455556666"), stsfaketest.WithRegion("cn-north-1"),
		stsfaketest.WithNow(func() time.Time { return now }))
	if srv.User.ARN != "arn:aws-cn:iam::444455556666:user/test" || srv.Config().Region != "cn-north-1" {
		t.Errorf("user %s in %s", srv.User.ARN, srv.Config().Region)
	}
	srv.Advance(time.Hour)
	srv.Advance(-time.Minute)
	if got := srv.Now(); !got.Equal(now.Add(59 * time.Minute)) {
		t.Errorf("it is %s", got)
	}
	// The client is years away, reads the Date header and signs again: aws-sdk-go-v2 itself decides that [V].
	if got := whoami(sts.NewFromConfig(srv.Config())); got != srv.User.ARN {
		t.Errorf("caller %s", got)
	}
}

// TestMistakesEndTheTest has everything that no correct test asks for.
func TestMistakesEndTheTest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		mistake    func(*playedT)
	}{
		{"account", `stsfaketest: derive the access key of "test": account ID "42" is not 12 digits`, func(t *playedT) { stsfaketest.New(t, stsfaketest.WithAccount("42")) }},
		{"fault", `stsfaketest: fault: STS has no operation "GetCalerIdentity": did you mean "GetCallerIdentity"?`, func(t *playedT) {
			stsfaketest.New(t).FailNext(stsfake.Fault{Operation: "GetCalerIdentity", Code: "Throttling"})
		}},
		{"user name", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewUser("not a name") }},
		{"trust policy", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewRoleWithTrustPolicy("r", "{") }},
		{"principal", "stsfaketest: ", func(t *playedT) { stsfaketest.New(t).NewRole("r", "alice") }},
		{"session of nothing", "stsfaketest: ", func(t *playedT) {
			stsfaketest.New(t).RoleSession("arn:aws:iam::111122223333:role/nobody", "s")
		}},
		{"device of nobody", "stsfaketest: ", func(t *playedT) {
			stsfaketest.New(t).NewMFADevice(stsfaketest.User{ARN: "arn:aws:iam::111122223333:user/nobody"})
		}},
	} {
		played := new(playedT)
		played.run(func() { tc.mistake(played) })
		played.end()
		if !strings.HasPrefix(played.fatal, tc.want) {
			t.Errorf("%s: %q, want %q…", tc.name, played.fatal, tc.want)
		}
	}
}

// TestFailureShowsTheRequests: the log of a failed test has the calls, and nothing secret.
func TestFailureShowsTheRequests(t *testing.T) {
	t.Parallel()
	for _, failed := range []bool{false, true} {
		played := &playedT{failed: failed}
		srv := stsfaketest.New(played)
		session := srv.RoleSession(srv.NewRole("deployer"), "release")
		whoami(once(srv.ConfigFor(session)))
		wrong := srv.User.Credentials
		wrong.SecretAccessKey = "wrong"
		whoami(once(srv.ConfigFor(wrong)))
		srv.FailNext(stsfake.Fault{Drop: true})
		whoami(once(srv.Config()))
		played.end()
		if !failed {
			if len(played.log) > 0 {
				t.Errorf("a test that passes prints %q", played.log)
			}
			continue
		}
		if len(played.log) != 3 {
			t.Fatalf("log %q", played.log)
		}
		host := strings.TrimPrefix(srv.URL, "http://")
		for i, want := range []string{
			`POST "GetCallerIdentity" at ` + host + ` by "arn:aws:sts::111122223333:assumed-role/deployer/release": 200`,
			`POST "GetCallerIdentity" at ` + host + ` by "` + wrong.AccessKeyID + `": 403 SignatureDoesNotMatch: "The request signature we calculated`,
			`by "` + wrong.AccessKeyID + `": 0 (a fault that was asked for)`,
		} {
			if !strings.Contains(played.log[i], want) {
				t.Errorf("line %q has no %q", played.log[i], want)
			}
		}
		all := strings.Join(played.log, "\n")
		for _, secret := range []string{session.SecretAccessKey, session.SessionToken, srv.User.Credentials.SecretAccessKey} {
			if strings.Contains(all, secret) {
				t.Errorf("a secret is in the log:\n%s", all)
			}
		}
	}
}

func TestRequestsHoldNoRequest(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	whoami(sts.NewFromConfig(srv.Config()))
	calls := srv.Requests()
	if len(calls) != 1 || calls[0].Request != nil || calls[0].Principal != srv.User.ARN || calls[0].Region != "us-west-2" {
		t.Errorf("calls %+v", calls)
	}
	calls[0].Principal = "changed"
	if srv.Requests()[0].Principal != srv.User.ARN {
		t.Error("the log can be changed from outside")
	}
}

// TestClientHosts: [D] the region of a host name is the one that its requests must be signed for (spec/sts.md 1.5).
func TestClientHosts(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("elsewhere")) }))
	t.Cleanup(elsewhere.Close)
	client := srv.Client()
	for _, tc := range []struct{ url, want string }{
		{"https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{"https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{"http://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{srv.URL + "/?Action=GetCallerIdentity&Version=2011-06-15", "403"},
		{elsewhere.URL, "200"},
		{"https://s3.us-west-2.amazonaws.com/bucket", "host s3.us-west-2.amazonaws.com of AWS is not emulated: stsfaketest has STS alone, give the client of this service another endpoint"},
		{"https://bucket.s3.amazonaws.com/", "is not emulated"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		got := fmt.Sprint(err)
		if err == nil {
			got = resp.Status
			_ = resp.Body.Close()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.url, got, tc.want)
		}
	}
	for _, call := range srv.Requests() {
		if call.Code != "MissingAuthenticationToken" {
			t.Errorf("%s: %s", call.Host, call.Code)
		}
	}
	cfg := srv.Config()
	cfg.BaseEndpoint, cfg.HTTPClient, cfg.Region = nil, client, "eu-west-1"
	if got := whoami(sts.NewFromConfig(cfg)); got != srv.User.ARN || srv.Requests()[4].Host != "sts.eu-west-1.amazonaws.com" {
		t.Errorf("%s at %s", got, srv.Requests()[4].Host)
	}
	client.CloseIdleConnections()
}

// TestSecureTransport: [D] aws:SecureTransport is true for the client with AWS's names and false for the direct endpoint.
func TestSecureTransport(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	role := srv.NewRoleWithTrustPolicy("careful", `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": {"AWS": "`+srv.User.ARN+`"}, "Action": "sts:AssumeRole",
		"Condition": {"Bool": {"aws:SecureTransport": "true"}}
	}}`)
	input := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	cfg := srv.Config()
	if _, err := once(cfg).AssumeRole(t.Context(), input); codeOf(err) != "AccessDenied" {
		t.Errorf("in plain HTTP: %v", err)
	}
	cfg.BaseEndpoint, cfg.HTTPClient = nil, srv.Client()
	if _, err := once(cfg).AssumeRole(t.Context(), input); err != nil {
		t.Errorf("over TLS: %v", err)
	}
}

// TestEndWithADelayedCall ends while a call waits for its answer.
func TestEndWithADelayedCall(t *testing.T) {
	t.Parallel()
	played := new(playedT)
	srv := stsfaketest.New(played)
	srv.FailNext(stsfake.Fault{Delay: time.Hour})
	var call sync.WaitGroup
	call.Go(func() { whoami(once(srv.Config())) })
	awaitFaults(srv)
	played.end()
	call.Wait()
}

// TestOIDC has tokens that are refused: [R] the codes and texts of spec/sts.md section 2.2.
func TestOIDC(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	issuer := srv.NewOIDCIssuer("one", "two")
	another := srv.NewOIDCIssuer()
	if issuer.URL == another.URL || issuer.ProviderARN != "arn:aws:iam::111122223333:oidc-provider/"+strings.TrimPrefix(issuer.URL, "https://") {
		t.Errorf("issuers %s and %s, provider %s", issuer.URL, another.URL, issuer.ProviderARN)
	}
	role := issuer.NewRole("builder", "me")
	for _, tc := range []struct {
		token, code string
	}{
		{issuer.IDToken("me", nil), ""},
		{issuer.IDToken("me", map[string]any{"aud": "two"}), ""},
		{issuer.IDToken("you", nil), "AccessDenied"},
		{another.IDToken("me", nil), "AccessDenied"},
		{another.IDToken("me", map[string]any{"iss": issuer.URL, "aud": "one"}), "InvalidIdentityToken"}, // signed by somebody else
		{issuer.IDToken("me", map[string]any{"aud": "three"}), "InvalidIdentityToken"},
		{issuer.IDToken("me", map[string]any{"aud": nil}), "InvalidIdentityToken"},
		{issuer.IDToken("me", map[string]any{"exp": srv.Now().Add(-time.Minute).Unix()}), "ExpiredTokenException"},
	} {
		_, err := once(srv.ConfigFor(aws.Credentials{})).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("session"), WebIdentityToken: &tc.token,
		})
		if codeOf(err) != tc.code || (err == nil) != (tc.code == "") {
			t.Errorf("%v, want %q", err, tc.code)
		}
	}
}

// TestStore deletes a user who is in use.
func TestStore(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	if err := srv.Store().DeleteUser(srv.User.ARN); err != nil {
		t.Fatal(err)
	}
	if _, err := once(srv.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("error %v", err)
	}
	if _, err := srv.Store().User(srv.User.ARN); !errors.Is(err, iam.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// TestManyAtOnce has the race detector look.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			user := srv.NewUser(fmt.Sprintf("user-%d", i))
			srv.FailNext(stsfake.Fault{Operation: "AssumeRole", Code: "Throttling"})
			srv.Advance(time.Second)
			if got := whoami(sts.NewFromConfig(srv.ConfigFor(user.Credentials))); got != user.ARN {
				t.Errorf("%s is %s", user.ARN, got)
			}
		})
	}
	all.Wait()
	if len(srv.Requests()) != 8 || len(srv.Pending()) != 8 {
		t.Errorf("%d calls, %d faults", len(srv.Requests()), len(srv.Pending()))
	}
}

func codeOf(err error) string {
	if refusal := smithy.APIError(nil); errors.As(err, &refusal) {
		return refusal.ErrorCode()
	}
	return ""
}

// awaitFaults returns when calls have met all faults.
func awaitFaults(srv *stsfaketest.Server) {
	for len(srv.Pending()) > 0 {
		runtime.Gosched()
	}
}

// TestGivingUp: a client that gives up is no crash of the server.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	srv := stsfaketest.New(t)
	srv.FailNext(stsfake.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	var call sync.WaitGroup
	call.Go(func() {
		if _, err := once(srv.Config()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	awaitFaults(srv)
	cancel()
	call.Wait()
	if got := whoami(sts.NewFromConfig(srv.Config())); got != srv.User.ARN {
		t.Errorf("afterwards: %s", got)
	}
}
