package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/trace"
)

func TestScopeService(t *testing.T) {
	t.Parallel()
	const header = "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host, Signature=aa"
	for _, tc := range []struct{ name, authorization, query, want string }{
		{"no signature", "", "", ""},
		{"a header", fmt.Sprintf(header, "AKIA/20261123/us-west-2/eks/aws4_request"), "", "eks"},
		{"a header without blanks", "AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-west-2/ec2/aws4_request,SignedHeaders=host", "", "ec2"},
		{"the credential last", "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=AKIA/20261123/us-west-2/sts/aws4_request", "", "sts"},
		{"a presigned URL", "", "AKIA/20261123/us-west-2/sts/aws4_request", "sts"},
		{"both", fmt.Sprintf(header, "AKIA/20261123/us-west-2/eks/aws4_request"), "AKIA/20261123/us-west-2/sts/aws4_request", "eks"},
		{"too short a scope", fmt.Sprintf(header, "AKIA/20261123/us-west-2/eks"), "", ""},
		{"too long a scope", fmt.Sprintf(header, "AKIA/20261123/us-west-2/eks/aws4_request/x"), "", ""},
		{"SigV4A", "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20261123/sts/aws4_request, SignedHeaders=host, Signature=aa", "", "sts"},
		{"another scheme", "Bearer k8s-aws-v1.aHR0cHM6", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?X-Amz-Credential="+url.QueryEscape(tc.query), nil)
		r.Header.Set("Authorization", tc.authorization)
		if got := scopeService(r); got != tc.want {
			t.Errorf("%s: service %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestDirectEndpoint sends requests of clients whose endpoint is overridden. What tells the services apart is the
// scope that they are signed for; each answers in its own form.
func TestDirectEndpoint(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	for _, tc := range []struct {
		service, path string
		status        int
		want          string
	}{
		{"sts", "/?Action=GetCallerIdentity&Version=2011-06-15", 403, "<Code>InvalidClientTokenId</Code>"},
		{"ec2", "/?Action=DescribeInstances&Version=2016-11-15", 401, "<Code>AuthFailure</Code>"},
		{"eks", "/clusters", 403, `{"message":"The security token included in the request is invalid."}`},
		{"s3", "/", 404, "this is the AWS endpoint of eksemu: it answers requests signed for sts, eks, iam or ec2, and is an HTTP proxy for their host names (see `eksemu env`)"},
		{"", "/", 404, "this is the AWS endpoint of eksemu"},
	} {
		status, body := e.request(t, http.MethodGet, tc.path, "", func(r *http.Request) {
			date := e.opts.Now().UTC().Format("20060102T150405Z")
			r.Header.Set("X-Amz-Date", date)
			r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=AKIANOBODYSKEY000000/%s/us-west-2/%s/aws4_request, SignedHeaders=host;x-amz-date, Signature=%064x", date[:8], tc.service, 0))
		})
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%q: %d %s, want %d and %s", tc.service, status, body, tc.status, tc.want)
		}
	}
}

func TestHostsThatAreEmulated(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	for host, want := range map[string]string{
		"sts.amazonaws.com": "sts", "sts.us-west-2.amazonaws.com": "sts", "sts-fips.us-east-1.amazonaws.com": "sts",
		"eks.us-west-2.amazonaws.com": "eks", "ec2.us-west-2.amazonaws.com": "ec2",
		"s3.us-west-2.amazonaws.com": "", "example.com": "", "sts.us-west-2.amazonaws.com.evil.example": "", "": "",
	} {
		handler := e.aws.handler(host)
		if handler == nil != (want == "") || want != "" && handler != e.aws.services[want] {
			t.Errorf("host %q has handler %T, want that of %q", host, handler, want)
		}
	}
}

// TestThroughTheProxy calls STS under its real name.
func TestThroughTheProxy(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	proxy, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = url.UserPassword("step-1", "x")
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), DisableKeepAlives: true}
	transport.TLSClientConfig = tlsOf(e)
	_, err = e.whoami(t.Context(), keys(t, e.opts.Config, "alice"), func(o *sts.Options) {
		o.BaseEndpoint, o.HTTPClient = nil, &http.Client{Transport: transport}
	})
	if err != nil {
		t.Fatal(err)
	}
	events, _ := e.trace.Since(0)
	if len(events) != 1 || events[0].AWS == nil {
		t.Fatalf("events %+v", events)
	}
	call := *events[0].AWS
	if call.Client != "step-1" || call.Host != "sts.us-west-2.amazonaws.com" || call.Operation != "GetCallerIdentity" ||
		call.Principal != "arn:aws:iam::111122223333:user/alice" || call.Status != http.StatusOK || events[0].Token == "" {
		t.Errorf("call %+v of token %q", call, events[0].Token)
	}
}

// watcher keeps the signatures and bodies that a client sends and gets.
type watcher struct{ secrets []string }

func (w *watcher) Do(r *http.Request) (*http.Response, error) {
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	w.secrets = append(w.secrets, signature)
	return (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
}

// TestTraceHasNoSecrets makes calls that succeed and calls that are refused, as a user and as a role session, and
// looks for what gave access in the trace: in memory and in its file.
func TestTraceHasNoSecrets(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	trurl := keys(t, e.opts.Config, "trurl")
	w := &watcher{}
	watched := func(o *sts.Options) { o.HTTPClient = w }
	role, err := e.stsClient(trurl, watched).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/some-other-role"), RoleSessionName: aws.String("session"),
	})
	if err != nil {
		t.Fatal(err)
	}
	session := aws.Credentials{
		AccessKeyID: *role.Credentials.AccessKeyId, SecretAccessKey: *role.Credentials.SecretAccessKey, SessionToken: *role.Credentials.SessionToken,
	}
	wrong, damaged := session, session
	wrong.SecretAccessKey = "wrongSecretKeyEXAMPLE/wrongSecretKeyEXAM"
	damaged.SessionToken += "x"
	for _, by := range []aws.Credentials{trurl, session, wrong, damaged, {AccessKeyID: trurl.AccessKeyID, SecretAccessKey: wrong.SecretAccessKey}} {
		_, _ = e.whoami(t.Context(), by, watched)
	}
	secrets := slices.Concat(w.secrets, []string{trurl.SecretAccessKey, session.SecretAccessKey, session.SessionToken, wrong.SecretAccessKey, e.runtime.AdminToken})
	events, _ := e.trace.Since(0)
	if len(events) != 6 || len(w.secrets) != 6 {
		t.Fatalf("%d events of %d calls, want 6", len(events), len(w.secrets))
	}
	inMemory, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if secret == "" {
			t.Fatal("an empty secret is everywhere")
		}
		if strings.Contains(string(inMemory), secret) || strings.Contains(read(t, e.files.Trace()), secret) {
			t.Errorf("the trace has %s:\n%s", secret, inMemory)
		}
	}
	if mismatch := events[3].AWS; mismatch.Code != "SignatureDoesNotMatch" || mismatch.StringToSign == "" || !strings.Contains(mismatch.CanonicalRequest, "REDACTED") {
		t.Errorf("a wrong secret: %+v", mismatch)
	}
}

func TestInstancesHaveAddresses(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	for i := range 300 {
		cfg.Instances = append(cfg.Instances, config.Instance{ID: fmt.Sprintf("i-%017x", i), PrivateDNSName: "x"})
	}
	seen := map[string]bool{}
	for _, instance := range instances(cfg) {
		if seen[instance.PrivateIP] || !strings.HasPrefix(instance.PrivateIP, "192.168.") {
			t.Errorf("%s has address %s", instance.InstanceID, instance.PrivateIP)
		}
		seen[instance.PrivateIP] = true
	}
}

func TestGatewayLogIsKept(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	resp, err := http.DefaultTransport.(*http.Transport).RoundTrip(connect(t, e, "nowhere.example:443"))
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if log := read(t, e.files.Logs()+"/gateway.log"); !strings.Contains(log, "nowhere.example") {
		t.Errorf("gateway.log has no word of a refused tunnel: %q", log)
	}
	events, _ := e.trace.Since(0)
	for _, event := range events {
		if event.Kind == trace.KindAWS {
			t.Errorf("an AWS call was traced: %+v", event.AWS)
		}
	}
}

// TestClusterThatMoved keeps the state of a cluster while the account of the configuration changes.
func TestClusterThatMoved(t *testing.T) {
	t.Parallel()
	const before, now = "arn:aws:eks:us-west-2:111122223333:cluster/c", "arn:aws:eks:us-west-2:444455556666:cluster/c"
	const note = "cluster c was made as " + before + " and is " + now + " now: it keeps its objects, aws-auth with the ARNs of before among them. Change them with kubectl, or begin anew with `eksemu down` and `eksemu up`"
	for name, tc := range map[string]struct {
		kept  bool
		arns  map[string]string
		notes []string
		saved string
	}{
		"new":                     {false, nil, nil, now},
		"never made":              {false, map[string]string{"c": before}, nil, now},
		"kept":                    {true, map[string]string{"c": now}, nil, now},
		"kept by an older eksemu": {true, nil, nil, now},
		"moved":                   {true, map[string]string{"c": before}, []string{note}, before},
	} {
		e := &Environment{state: &state{path: filepath.Join(t.TempDir(), "state.json"), stateFile: stateFile{Bootstrap: map[string]bool{"c": tc.kept}, ARNs: tc.arns}}}
		if err := e.noteMoved("c", now); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(e.Notes(), tc.notes) || e.state.ARNs["c"] != tc.saved {
			t.Errorf("%s: notes %q, ARN %s", name, e.Notes(), e.state.ARNs["c"])
		}
	}
}
