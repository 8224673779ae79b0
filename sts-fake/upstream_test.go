package stsfake_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const cluster = "my-cluster"

// inProcess takes what an HTTP client sends to any host to a handler, through the wire format but over no wire.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return nil, err
	}
	received, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	received.TLS = &tls.ConnectionState{ServerName: r.URL.Hostname()}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, received)
	return rec.Result(), nil
}

// upstream runs a test in which aws-iam-authenticator, which knows one transport and one clock, reaches a handler by every
// host name and sees a clock that moves only when the test sleeps. It must not run in parallel.
func upstream(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.advance(time.Since(w.clock()))
		http.DefaultTransport = inProcess{w.server}
		run(t, w)
	})
}

// mint makes a token for a cluster by aws-iam-authenticator's own generator.
func mint(t *testing.T, clusterID string, by aws.Credentials) string {
	t.Helper()
	generator, err := token.NewGenerator(false, false)
	if err != nil {
		t.Fatal(err)
	}
	minted, err := generator.GetWithSTS(clusterID, sts.New(sts.Options{
		Region: "us-west-2", Credentials: credentials.StaticCredentialsProvider{Value: by},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return minted.Token
}

func TestUpstreamIdentities(t *testing.T) {
	upstream(t, func(t *testing.T, w *world) {
		by := w.session(t, devARN, iam.SessionOptions{})
		user, role := w.callerOf(t, trurl(t)), w.callerOf(t, by)
		for _, tt := range []struct {
			by   aws.Credentials
			want token.Identity
		}{
			{trurl(t), token.Identity{ARN: trurlARN, CanonicalARN: trurlARN, UserID: user.UserID}},
			{by, token.Identity{
				ARN: "arn:aws:sts::111122223333:assumed-role/dev/session", CanonicalARN: "arn:aws:iam::111122223333:role/dev",
				UserID: strings.TrimSuffix(role.UserID, ":session"), SessionName: "session",
			}},
		} {
			tt.want.AccountID, tt.want.AccessKeyID, tt.want.STSEndpoint = account, tt.by.AccessKeyID, host
			got, err := token.NewVerifier(cluster, "aws", "us-west-2").Verify(mint(t, cluster, tt.by))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
		}
	})
}

// What the upstream verifier makes of our refusals, and what it refuses itself.
func TestUpstreamRefusals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		token   func(t *testing.T, w *world) string
		asked   bool // STS
		message string
	}{
		{"another cluster [D] token.go:689", func(t *testing.T, _ *world) string {
			t.Helper()
			return mint(t, "another", trurl(t))
		}, true, "SignatureDoesNotMatch"},
		{"secret of another user", func(t *testing.T, _ *world) string {
			t.Helper()
			by := trurl(t)
			by.SecretAccessKey = as(t, other, "stranger").SecretAccessKey
			return mint(t, cluster, by)
		}, true, "SignatureDoesNotMatch"},
		{"access key that never was [R] terraform-provider-aws#13695", func(t *testing.T, _ *world) string {
			t.Helper()
			return mint(t, cluster, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"})
		}, true, "The security token included in the request is invalid."},
		{"15 minutes old, by the verifier's clock [D] token.go:682", func(t *testing.T, _ *world) string {
			t.Helper()
			minted := mint(t, cluster, trurl(t))
			time.Sleep(15*time.Minute + time.Second)
			return minted
		}, false, "X-Amz-Date parameter is expired"},
		{"15 minutes old, by STS's clock [R] aws-cli#6676", func(t *testing.T, w *world) string {
			t.Helper()
			w.advance(15*time.Minute + time.Second)
			return mint(t, cluster, trurl(t))
		}, true, "Signature expired: 20000101T000000Z is now earlier than 20000101T000001Z (20000101T001501Z - 15 min.)"},
		{"session that ended since [R] aws-sdk-java-v2#1649", func(t *testing.T, w *world) string {
			t.Helper()
			by := w.session(t, devARN, iam.SessionOptions{})
			time.Sleep(50 * time.Minute)
			minted := mint(t, cluster, by)
			time.Sleep(11 * time.Minute)
			w.advance(time.Since(w.clock()))
			return minted
		}, true, "The security token included in the request is expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			upstream(t, func(t *testing.T, w *world) {
				_, err := token.NewVerifier(cluster, "aws", "us-west-2").Verify(tt.token(t, w))
				if err == nil || !strings.Contains(err.Error(), tt.message) {
					t.Errorf("got %v, want %q", err, tt.message)
				}
				if refused := errors.As(err, new(token.STSError)); refused != tt.asked {
					t.Errorf("%v: refused by STS: %v, want %v", err, refused, tt.asked)
				}
			})
		})
	}
}

// The verifier knows throttling by the word in a refusal (spec/sts.md section 2.2, [R] aws-iam-authenticator#630).
func TestUpstreamThrottling(t *testing.T) {
	upstream(t, func(t *testing.T, w *world) {
		faults := new(stsfake.Faults)
		http.DefaultTransport = inProcess{stsfake.New(stsfake.Options{Gate: w.gate, Faults: faults})}
		if err := faults.FailNext(stsfake.Fault{Operation: "GetCallerIdentity", Times: 1, Status: 400, Code: "Throttling", Message: "Rate exceeded"}); err != nil {
			t.Fatal(err)
		}
		verifier, minted := token.NewVerifier(cluster, "aws", "us-west-2"), mint(t, cluster, trurl(t))
		if _, err := verifier.Verify(minted); !errors.As(err, new(token.STSThrottling)) {
			t.Errorf("got %v, want throttling", err)
		}
		if _, err := verifier.Verify(minted); err != nil {
			t.Errorf("the call after it: %v", err)
		}
	})
}

// A client that prefers SigV4A (spec/sts.md section 1.6, [D]) is who it says, in each region that it signs for and in no other.
// That a session may sign like this, and how the rest is refused, is [I].
func TestSDKWithSigV4A(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.advance(time.Since(w.clock()))
	call := func(by aws.Credentials, options ...func(*sts.Options)) (string, error) {
		client := sts.New(sts.Options{
			Region: "us-west-2", Credentials: credentials.StaticCredentialsProvider{Value: by}, RetryMaxAttempts: 1,
			HTTPClient: &http.Client{Transport: inProcess{w.server}}, AuthSchemePreference: []string{"sigv4a"},
		}, options...)
		out, err := client.GetCallerIdentity(t.Context(), nil)
		if err != nil {
			return "", err
		}
		if signed := w.lastCall(t).Request.Header.Get("Authorization"); !strings.HasPrefix(signed, "AWS4-ECDSA-P256-SHA256 ") {
			t.Errorf("the client signed by %.30q", signed)
		}
		return *out.Arn, nil
	}
	forged := trurl(t)
	forged.SecretAccessKey = as(t, other, "stranger").SecretAccessKey
	for _, tt := range []struct {
		name    string
		by      aws.Credentials
		regions []string
		arn     string
		code    string
	}{
		{"region of the client", trurl(t), nil, trurlARN, ""},
		{"every region", trurl(t), []string{"*"}, trurlARN, ""},
		{"regions by prefix", trurl(t), []string{"eu-central-1", "us-west-*"}, trurlARN, ""},
		{"session", w.session(t, devARN, iam.SessionOptions{}), nil, "arn:aws:sts::111122223333:assumed-role/dev/session", ""},
		{"other regions", trurl(t), []string{"eu-*", "us-west-1"}, "", "Credential should be scoped to a valid region. "},
		{"secret of another user", forged, nil, "", "SignatureDoesNotMatch"},
	} {
		var options []func(*sts.Options)
		if tt.regions != nil {
			options = append(options, sts.WithSigV4ASigningRegions(tt.regions))
		}
		switch arn, err := call(tt.by, options...); {
		case arn != tt.arn:
			t.Errorf("%s: got %q, %v, want %q", tt.name, arn, err, tt.arn)
		case err != nil && !strings.Contains(err.Error(), tt.code):
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.code)
		}
	}
}
