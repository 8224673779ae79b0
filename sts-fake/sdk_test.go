package stsfake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// serve listens and gives back a function that makes SDK clients. The SDK signs with the real clock, so the world
// starts at it.
func (w *world) serve(t *testing.T) func(by aws.Credentials, options ...func(*sts.Options)) *sts.Client {
	t.Helper()
	w.advance(time.Since(w.clock()))
	server := httptest.NewServer(w.server)
	t.Cleanup(server.Close)
	return func(by aws.Credentials, options ...func(*sts.Options)) *sts.Client {
		return sts.New(sts.Options{
			BaseEndpoint: aws.String(server.URL), Region: "us-west-2",
			Credentials: credentials.StaticCredentialsProvider{Value: by},
		}, options...)
	}
}

func once(o *sts.Options) { o.RetryMaxAttempts = 1 }

func identity(ctx context.Context, t *testing.T, c *sts.Client) (arn, userID string) {
	t.Helper()
	out, err := c.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != account {
		t.Errorf("account is %s", *out.Account)
	}
	return *out.Arn, *out.UserId
}

func TestSDKAssumesRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	if arn, id := identity(t.Context(), t, client(trurl(t))); arn != trurlARN || !strings.HasPrefix(id, "AIDA") {
		t.Errorf("got %s, %s", arn, id)
	}
	if call := w.lastCall(t); call.Region != "us-west-2" || !strings.HasPrefix(call.Host, "127.0.0.1:") || call.Principal != trurlARN || !strings.Contains(call.UserAgent, "aws-sdk-go-v2") {
		t.Errorf("observed %+v", call)
	}
	out, err := client(trurl(t)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(devARN), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(900),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blau + grün")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := w.clock().Add(15 * time.Minute).Truncate(time.Second); !out.Credentials.Expiration.Equal(want) {
		t.Errorf("expires %s, want %s", out.Credentials.Expiration, want)
	}
	session := aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
	const want = "arn:aws:sts::111122223333:assumed-role/dev/me"
	arn, id := identity(t.Context(), t, client(session))
	if arn != want || arn != *out.AssumedRoleUser.Arn || id != *out.AssumedRoleUser.AssumedRoleId || strings.Count(id, ":") != 1 {
		t.Errorf("got %s, %s", arn, id)
	}
	_, caller, err := w.store.Credential(session.AccessKeyID, session.SessionToken)
	if err != nil || len(caller.Tags) != 1 || caller.Tags[0].Value != "blau + grün" {
		t.Errorf("tags are %v, %v", caller.Tags, err)
	}
	if err := w.store.DeleteRole(devARN); err != nil {
		t.Fatal(err)
	}
	_, err = client(session).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if api := wantAPIError(t, err, 403, "InvalidClientTokenId"); api.ErrorMessage() != invalidToken+"." {
		t.Errorf("the session of a deleted role: got %q", api.ErrorMessage())
	}
}

func wantAPIError(t *testing.T, err error, status int, code string) smithy.APIError {
	t.Helper()
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if api.ErrorCode() != code || response.HTTPStatusCode() != status {
		t.Errorf("got %d %s %q, want %d %s", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code)
	}
	return api
}

func TestSDKRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	wrong := trurl(t)
	wrong.SecretAccessKey = "wrong"
	_, err := client(wrong).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	_ = wantAPIError(t, err, 403, "SignatureDoesNotMatch")

	_, err = client(trurl(t)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("nothing-valid-in-here"), RoleSessionName: aws.String("me")})
	_ = wantAPIError(t, err, 400, "ValidationError")
	// How the Go SDK shows a refusal: spec/sts.md section 2.1.
	want := "operation error STS: AssumeRole, https response error StatusCode: 400, RequestID: " + requestID + ", api error ValidationError: nothing-valid-in-here is invalid"
	if err.Error() != want {
		t.Errorf("got %q\nwant %q", err, want)
	}
}

// The SDK believes the Date header of a refusal, corrects its clock and tries again (spec/sts.md section 1.5):
// it can only do so because that header comes from the clock that refused.
func TestSDKCorrectsItsClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"fast": 20 * time.Minute, "slow": -20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client := w.serve(t)
			w.advance(skew)
			_, err := client(trurl(t), once).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			api := wantAPIError(t, err, 403, "SignatureDoesNotMatch")
			text := map[string]string{"fast": "Signature expired: ", "slow": "Signature not yet current: "}[name]
			if !strings.HasPrefix(api.ErrorMessage(), text) {
				t.Errorf("got %q", api.ErrorMessage())
			}
			if call := w.lastCall(t); call.AccessKeyID != trurl(t).AccessKeyID || call.Fingerprint == "" {
				t.Errorf("a refusal for the form names nobody: %+v", call)
			}
			if arn, _ := identity(t.Context(), t, client(trurl(t))); arn != trurlARN {
				t.Errorf("got %s", arn)
			}
		})
	}
}

// An expired session, with a clock that the SDK agrees with.
func TestSDKExpiredSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	now := w.clock()
	w.advance(-time.Hour)
	session := w.session(t, devARN, iam.SessionOptions{Duration: 30 * time.Minute})
	w.advance(now.Sub(w.clock()))
	_, err := client(session, once).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if api := wantAPIError(t, err, 403, "ExpiredToken"); api.ErrorMessage() != expiredToken {
		t.Errorf("got %q", api.ErrorMessage())
	}
}

// A presigned request as an EKS token has it, with the cluster's name in a signed header.
func TestSDKPresignsForACluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	presigned, err := sts.NewPresignClient(client(trurl(t))).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("x-k8s-aws-id", "my-cluster"), smithyhttp.AddHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(cluster string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, presigned.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-k8s-aws-id", cluster)
		r.Header.Set("Accept", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, body := get("my-cluster"); status != 200 || !strings.Contains(body, trurlARN) {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := get("another-cluster"); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("another cluster: got %d %s", status, body)
	}
	call := w.lastCall(t)
	if !strings.Contains(call.CanonicalRequest, "x-k8s-aws-id:another-cluster") || call.StringToSign == "" {
		t.Errorf("the record of the mismatch has no canonical request: %+v", call)
	}
}

func TestDirectEndpointRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	inFrankfurt := func(o *sts.Options) { o.Region = "eu-central-1" }
	identity(t.Context(), t, client(trurl(t), inFrankfurt))
	w.gate.Region = "us-west-2" // the requests before are done
	identity(t.Context(), t, client(trurl(t)))
	_, err := client(trurl(t), inFrankfurt).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if api := wantAPIError(t, err, 403, "SignatureDoesNotMatch"); api.ErrorMessage() != invalidRegion {
		t.Errorf("got %q", api.ErrorMessage())
	}
}
