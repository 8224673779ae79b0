package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// startedAlone is a running environment without a cluster, which needs no Kubernetes.
func startedAlone(t *testing.T, change func(*Options)) *Environment {
	t.Helper()
	o := testOptions(t)
	alone := *o.Config
	alone.Clusters = nil
	o.Config = &alone
	if change != nil {
		change(&o)
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
	return e
}

// throughGateway is an STS client that believes in AWS's host names, as `eksemu env` makes one.
func throughGateway(t *testing.T, e *Environment, by aws.Credentials, region string) *sts.Client {
	t.Helper()
	proxy, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	return sts.New(sts.Options{
		Region: region, Retryer: aws.NopRetryer{}, Credentials: credentials.StaticCredentialsProvider{Value: by},
		HTTPClient: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyURL(proxy), TLSClientConfig: tlsOf(e), DisableKeepAlives: true,
		}},
	})
}

// TestStartAlone starts the AWS side alone and uses it as clients do, by a host name of AWS and directly.
func TestStartAlone(t *testing.T) {
	t.Parallel()
	var steps []string
	e := startedAlone(t, func(o *Options) { o.Progress = func(step string) { steps = append(steps, step) } })
	if diff := cmp.Diff([]string{"prepare the state folder", "start the AWS endpoints", "write profiles"}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	const trurlARN = "arn:aws:iam::111122223333:user/trurl"
	trurl := keys(t, e.opts.Config, "trurl")
	if arn, err := e.whoami(t.Context(), trurl); arn != trurlARN || err != nil {
		t.Errorf("directly: %s, %v", arn, err)
	}
	client := throughGateway(t, e, trurl, "eu-central-1")
	who, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != trurlARN {
		t.Errorf("through the gateway: %v, %v", who, err)
	}
	session, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/some-other-role"), RoleSessionName: aws.String("session"),
	})
	if err != nil || *session.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/some-other-role/session" {
		t.Errorf("the role: %v, %v", session, err)
	}
}

func TestStatusListsNoComponentsAsAnEmptyList(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(startedAlone(t, nil).Status())
	if err != nil {
		t.Fatal(err)
	}
	if want := `"components":[]`; !strings.Contains(string(raw), want) {
		t.Errorf("status %s has no %s", raw, want)
	}
}

// TestAloneHasNothingOfKubernetes has neither child processes nor files of a cluster, also if an earlier start had.
func TestAloneHasNothingOfKubernetes(t *testing.T) {
	t.Parallel()
	e := startedAlone(t, func(o *Options) {
		files := Layout{o.Dir}
		if err := os.MkdirAll(filepath.Dir(files.Kubeconfig("alice")), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{files.AdminKubeconfig(), files.Kubeconfig(""), files.Kubeconfig("alice")} {
			write(t, path, "")
		}
	})
	client := attached(t, e)
	if status, err := client.Status(t.Context()); err != nil || len(status.Components) != 0 {
		t.Errorf("components %v, %v", status.Components, err)
	}
	if len(client.Runtime.Clusters) != 0 || !client.Runtime.Has("trurl", "some-other-role", "i-0123456789abcdef0") {
		t.Errorf("runtime %+v", client.Runtime)
	}
	if slices.ContainsFunc(Variables(client.Dir, client.Runtime, "alice"), func(v Variable) bool { return v.Name == "KUBECONFIG" }) {
		t.Error("there is a KUBECONFIG")
	}
	for _, name := range []string{"kubeconfig", "kubeconfigs", "admin.kubeconfig", "clusters"} {
		if _, err := os.Stat(filepath.Join(e.opts.Dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("there is a %s: %v", name, err)
		}
	}
	if _, err := client.Credentials(t.Context(), "i-0123456789abcdef0"); err != nil {
		t.Errorf("an instance without its cluster: %v", err)
	}
}

func TestFaultsOfAnEnvironment(t *testing.T) {
	t.Parallel()
	e := startedAlone(t, nil)
	client := attached(t, e)
	trurl := keys(t, e.opts.Config, "trurl")
	if err := client.FailNext(t.Context(), stsfake.Fault{Operation: "GetCallerIdentity", Code: "Throttling", Times: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.whoami(t.Context(), trurl); code(err) != "Throttling" {
		t.Errorf("error %v", err)
	}
	call := lastAWSCall(t, e)
	if call.Code != "Throttling" || call.Reason != stsfake.FaultReason || call.AccessKeyID != trurl.AccessKeyID {
		t.Errorf("the trace has %+v", call)
	}
	pending, err := client.Faults(t.Context())
	want := []stsfake.Fault{{Operation: "GetCallerIdentity", Times: 1, Status: 400, Code: "Throttling", Message: "Rate exceeded"}}
	if diff := cmp.Diff(want, pending); err != nil || diff != "" {
		t.Errorf("pending (-want +got):\n%s%v", diff, err)
	}
	if err := client.FailNext(t.Context(), stsfake.Fault{Drop: true, Times: 3, ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if n, err := client.ForgetFault(t.Context(), "a"); n != 3 || err != nil {
		t.Errorf("%d calls of a's, %v", n, err)
	}
	if n, err := client.ClearFaults(t.Context()); n != 1 || err != nil {
		t.Errorf("%d forgotten, %v", n, err)
	}
	if _, err := e.whoami(t.Context(), trurl); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if pending, err := client.Faults(t.Context()); len(pending) != 0 || pending == nil || err != nil {
		t.Errorf("pending %#v, %v", pending, err)
	}
}

// TestClockOfAnEnvironment moves the clock so far that a session ends, and lets signatures be too old and too new.
func TestClockOfAnEnvironment(t *testing.T) {
	t.Parallel()
	e := startedAlone(t, func(o *Options) { o.ClockOffset = -time.Minute })
	client := attached(t, e)
	trurl := keys(t, e.opts.Config, "trurl")
	clock, err := client.Clock(t.Context())
	if err != nil || clock.Offset != -time.Minute {
		t.Errorf("clock %+v, %v", clock, err)
	}
	if _, err := e.whoami(t.Context(), trurl); err != nil {
		t.Errorf("a minute behind: %v", err)
	}
	for _, step := range []struct {
		by, offset time.Duration
		want       string
	}{
		{time.Hour, 59 * time.Minute, "SignatureDoesNotMatch"},
		{-2 * time.Hour, -61 * time.Minute, "SignatureDoesNotMatch"},
		{61 * time.Minute, 0, ""},
	} {
		clock, err := client.AdvanceClock(t.Context(), step.by)
		if err != nil || clock.Offset != step.offset {
			t.Errorf("advanced by %s: %+v, %v", step.by, clock, err)
		}
		if _, err := e.whoami(t.Context(), trurl); code(err) != step.want {
			t.Errorf("%s from the real clock: %v, want %q", step.offset, err, step.want)
		}
	}
}

func TestClockIsBounded(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := &awsClock{real: func() time.Time { return now }}
	for _, step := range []struct {
		by time.Duration
		ok bool
	}{
		{99 * year, true}, {2 * year, false}, {year, true}, {1, false}, {-200 * year, false}, {-100 * year, true}, {-100 * year, true},
		{-1, false}, {1<<63 - 1, false}, {-1 << 63, false},
	} {
		before := c.now()
		err := c.advance(step.by)
		if (err == nil) != step.ok {
			t.Errorf("advance by %s: %v", step.by, err)
		}
		if want := before.Add(step.by); step.ok && !c.now().Equal(want) || !step.ok && !c.now().Equal(before) {
			t.Errorf("advanced by %s from %s: %s", step.by, before, c.now())
		}
	}
	if got, want := c.read(), (Clock{now.Add(-100 * year), -100 * year}); got != want {
		t.Errorf("it shows %+v, want %+v", got, want)
	}
}

func TestStartRefusesAClockTooFarOff(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.ClockOffset = -1 << 63
	e, err := Start(t.Context(), o)
	if e != nil || err == nil || err.Error() != "start the AWS endpoints: the clock of the AWS side cannot be moved by -2562047h47m16.854775808s: it stays within a hundred years of the real one" {
		t.Errorf("error %v", err)
	}
}

// code is the AWS error code of a refusal, "" for none.
func code(err error) string {
	if refusal := smithy.APIError(nil); errors.As(err, &refusal) {
		return refusal.ErrorCode()
	}
	return ""
}

func lastAWSCall(t *testing.T, e *Environment) trace.AWSCall {
	t.Helper()
	events, _ := e.trace.Since(0)
	for _, event := range slices.Backward(events) {
		if event.AWS != nil {
			return *event.AWS
		}
	}
	t.Fatal("there is no call")
	return trace.AWSCall{}
}
