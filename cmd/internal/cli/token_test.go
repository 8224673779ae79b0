package cli

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/pkg/apis/clientauthentication"
	"k8s.io/client-go/pkg/apis/clientauthentication/install"
	upstream "sigs.k8s.io/aws-iam-authenticator/pkg/token"

	"github.com/eksemu/eksemu/emulator/config"
	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// The AWS SDK reads the process's environment, so none of these tests is parallel.

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// credentialsInEnvironment are alone in there: no profile, and instance metadata that knows nothing, which upstream
// asks for its region.
func credentialsInEnvironment(t *testing.T, more map[string]string) {
	t.Helper()
	for _, name := range []string{
		"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY",
		"KUBERNETES_EXEC_INFO", "AWS_CA_BUNDLE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
	} {
		t.Setenv(name, "")
	}
	metadata := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(metadata.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", testKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", testSecret)
	for name, value := range more {
		t.Setenv(name, value)
	}
}

// presigned is the URL in a token.
func presigned(t *testing.T, token string) *url.URL {
	t.Helper()
	encoded, ok := strings.CutPrefix(token, "k8s-aws-v1.")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if !ok || err != nil {
		t.Fatalf("token %q: %v", token, err)
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// timeless leaves out of a presigned URL what the time of signing decides.
func timeless(u *url.URL) map[string][]string {
	query := u.Query()
	query.Del("X-Amz-Signature")
	query["X-Amz-Date"] = []string{"DATE"}
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")
	scope[1] = "DATE"
	query["X-Amz-Credential"] = []string{strings.Join(scope, "/")}
	query["URL"] = []string{u.Scheme + "://" + u.Host + u.EscapedPath()}
	return query
}

// environments are those in which eksemu and aws-iam-authenticator shall presign the same.
var environments = map[string]map[string]string{
	"nothing more":              nil,
	"a session":                 {"AWS_SESSION_TOKEN": "FwoGZXIvYXdzEBYaD/+=EXAMPLE"},
	"a region":                  {"AWS_REGION": "eu-west-1"},
	"the older variable":        {"AWS_DEFAULT_REGION": "eu-west-1"},
	"China":                     {"AWS_REGION": "cn-north-1"},
	"GovCloud":                  {"AWS_REGION": "us-gov-west-1"},
	"FIPS":                      {"AWS_REGION": "us-east-2", "AWS_USE_FIPS_ENDPOINT": "true"},
	"dual-stack":                {"AWS_REGION": "us-east-2", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
	"an endpoint":               {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
	"an endpoint of STS":        {"AWS_ENDPOINT_URL_STS": "https://sts.example:8443", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
	"endpoints that are not to": {"AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
}

func TestTokenIsUpstreams(t *testing.T) {
	for name, environment := range environments {
		for _, region := range []string{"", "ap-south-1"} {
			t.Run(name+" "+region, func(t *testing.T) {
				credentialsInEnvironment(t, environment)
				generator, err := upstream.NewGenerator(false, false)
				if err != nil {
					t.Fatal(err)
				}
				want, err := generator.GetWithOptions(t.Context(), &upstream.GetTokenOptions{ClusterID: "my-cluster", Region: region})
				if err != nil {
					t.Fatal(err)
				}
				got := newWorld(t).run("token", "-i", "my-cluster", "--region", region, "--token-only")
				got.want(t, ExitOK, "")
				if diff := cmp.Diff(timeless(presigned(t, want.Token)), timeless(presigned(t, strings.TrimSuffix(got.out, "\n")))); diff != "" {
					t.Errorf("presigned URL (-upstream +eksemu):\n%s", diff)
				}
			})
		}
	}
}

// TestTokenVerifies recomputes a token's signature.
func TestTokenVerifies(t *testing.T) {
	credentialsInEnvironment(t, map[string]string{"AWS_SESSION_TOKEN": "session/+="})
	got := newWorld(t).run("token", "-i", "my-cluster", "--token-only", "--signing-time", "2020-02-29T23:59:59+01:00")
	got.want(t, ExitOK, "")
	u := presigned(t, strings.TrimSpace(got.out))
	signedAt := time.Date(2020, 2, 29, 22, 59, 59, 0, time.UTC)
	verifier := sigv4.Verifier{Service: "sts", ValidRegion: func(region string) bool { return region == "us-east-1" }, Now: func() time.Time { return signedAt }}
	for cluster, valid := range map[string]bool{"my-cluster": true, "another": false} {
		signed, err := verifier.Parse(sigv4.Request{
			Method: http.MethodGet, Target: u.RequestURI(), Host: u.Host, Headers: []sigv4.Header{{Name: "x-k8s-aws-id", Value: cluster}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := signed.Verify(testSecret); (err == nil) != valid {
			t.Errorf("for cluster %s: %v", cluster, err)
		}
		if !signed.Time.Equal(signedAt) || signed.AccessKeyID != testKey {
			t.Errorf("signed by %s at %s", signed.AccessKeyID, signed.Time)
		}
	}
}

// transport answers for all of the network.
type transport func(*http.Request) *http.Response

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestUpstreamAcceptsTheToken gives a token to upstream's own verifier, whose STS is played.
func TestUpstreamAcceptsTheToken(t *testing.T) {
	credentialsInEnvironment(t, map[string]string{"AWS_REGION": "us-west-2"})
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	var asked []string
	http.DefaultTransport = transport(func(r *http.Request) *http.Response {
		asked = append(asked, r.Method+" "+r.URL.Host+" "+r.Header.Get("x-k8s-aws-id"))
		answer := httptest.NewRecorder()
		_, _ = answer.WriteString(`{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"111122223333","Arn":"arn:aws:iam::111122223333:user/alice","UserId":"AIDAEXAMPLE"}}}`)
		return answer.Result()
	})
	w := newWorld(t)
	w.Now = time.Now // upstream has no other clock
	verify := func(args ...string) (*upstream.Identity, error) {
		got := w.run(append([]string{"token", "-i", "my-cluster", "--token-only"}, args...)...)
		got.want(t, ExitOK, "")
		return upstream.NewVerifier("my-cluster", "aws", "us-west-2").Verify(strings.TrimSpace(got.out))
	}
	identity, err := verify()
	if err != nil || identity.CanonicalARN != "arn:aws:iam::111122223333:user/alice" || identity.AccessKeyID != testKey {
		t.Errorf("identity %+v, %v", identity, err)
	}
	if diff := cmp.Diff([]string{"GET sts.us-west-2.amazonaws.com my-cluster"}, asked); diff != "" {
		t.Errorf("STS was asked (-want +got):\n%s", diff)
	}
	if identity, err := verify("--signing-time", time.Now().Add(-16*time.Minute).Format(time.RFC3339)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an old token: %+v, %v", identity, err)
	}
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:4566") // why eksemu env never sets it
	if identity, err := verify(); err == nil {
		t.Errorf("a token for another endpoint: %+v", identity)
	}
}

// TestExecCredential has kubectl's decoder read the answer in every version, and compares it with upstream's.
func TestExecCredential(t *testing.T) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(clientauthentication.SchemeGroupVersion)
	generator, err := upstream.NewGenerator(false, false)
	if err != nil {
		t.Fatal(err)
	}
	const group = "client.authentication.k8s.io/"
	for _, tc := range []struct{ info, want string }{
		{"", "v1beta1"},
		{`{"kind":"ExecCredential","apiVersion":"` + group + `v1beta1","spec":{"interactive":false}}`, "v1beta1"},
		{`{"kind":"ExecCredential","apiVersion":"` + group + `v1","spec":{"interactive":true}}`, "v1"},
		{`{"kind":"ExecCredential","apiVersion":"` + group + `v1alpha1","spec":{}}`, "v1alpha1"},
		{"garbage", "v1beta1"},
		{"[]", "v1beta1"},
	} {
		t.Run(tc.info, func(t *testing.T) {
			credentialsInEnvironment(t, map[string]string{"KUBERNETES_EXEC_INFO": tc.info})
			w := newWorld(t)
			w.env["KUBERNETES_EXEC_INFO"] = tc.info
			got := w.run("token", "-i", "my-cluster")
			got.want(t, ExitOK, "")
			ours, theirs := versionOf(t, got.out), versionOf(t, generator.FormatJSON(upstream.Token{}))
			if ours.APIVersion != group+tc.want || ours != theirs {
				t.Errorf("version %v, upstream's is %v", ours, theirs)
			}
			if tc.want == "v1alpha1" {
				return // kubectl does not know it any more
			}
			credential := &clientauthentication.ExecCredential{}
			if _, _, err := decoder.Decode([]byte(got.out), nil, credential); err != nil {
				t.Fatal(err)
			}
			if want := metav1.NewTime(testNow.Add(14 * time.Minute)); !credential.Status.ExpirationTimestamp.Equal(&want) {
				t.Errorf("expires %s, want %s", credential.Status.ExpirationTimestamp, want)
			}
			presigned(t, credential.Status.Token)
		})
	}
	credentialsInEnvironment(t, nil)
	w := newWorld(t)
	w.env["KUBERNETES_EXEC_INFO"] = "{}" // upstream answers without a version then, which no kubectl takes
	if got := versionOf(t, w.run("token", "-i", "my-cluster").out); got.APIVersion != group+"v1beta1" {
		t.Errorf("version %v", got)
	}
}

func versionOf(t *testing.T, answer string) metav1.TypeMeta {
	t.Helper()
	var version metav1.TypeMeta
	if err := json.Unmarshal([]byte(answer), &version); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	return version
}

// assumable serves an STS with the built-in identities, and returns them and what asks it who a token stands for.
func assumable(t *testing.T) (*iam.Store, func(token string) string) {
	t.Helper()
	environment := config.Default()
	store, err := iam.NewStore(iam.Options{Partition: "aws", SealingKey: environment.SealingKey(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := environment.Seed(store); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stsfake.New(stsfake.Options{Gate: &stsfake.Gate{Store: store, Now: time.Now}}))
	t.Cleanup(server.Close)
	trurl := environment.Users[0].AccessKeys[0]
	credentialsInEnvironment(t, map[string]string{
		"AWS_ENDPOINT_URL_STS": server.URL, "AWS_ACCESS_KEY_ID": trurl.ID, "AWS_SECRET_ACCESS_KEY": string(trurl.Secret),
	})
	return store, func(token string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, presigned(t, token).String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-k8s-aws-id", "my-cluster")
		r.Header.Set("Accept", "application/json")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var identity struct {
			GetCallerIdentityResponse struct{ GetCallerIdentityResult struct{ Arn string } }
		}
		if err := json.NewDecoder(resp.Body).Decode(&identity); err != nil {
			t.Fatal(err)
		}
		return identity.GetCallerIdentityResponse.GetCallerIdentityResult.Arn
	}
}

func TestTokenOfARole(t *testing.T) {
	_, whoIs := assumable(t)
	const role, session = "arn:aws:iam::111122223333:role/some-other-role", "arn:aws:sts::111122223333:assumed-role/some-other-role/"
	for _, tc := range []struct {
		name string
		args []string
		env  map[string]string
		want string // prefix
	}{
		{"nobody else", nil, nil, "arn:aws:iam::111122223333:user/trurl"},
		{"a role", []string{"-r", role}, nil, session},
		{"a role with a session name", []string{"-r", role, "-s", "work"}, nil, session + "work"},
		{"a role from the environment", []string{"-s", "env"}, map[string]string{"DEFAULT_ROLE": role}, session + "env"},
		{"a user's session name, which there is not", []string{"-r", role, "--forward-session-name"}, nil, session},
	} {
		w := newWorld(t)
		w.Now, w.env = time.Now, tc.env
		got := w.run(append([]string{"token", "-i", "my-cluster", "--token-only"}, tc.args...)...)
		got.want(t, ExitOK, "")
		if arn := whoIs(strings.TrimSpace(got.out)); !strings.HasPrefix(arn, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, arn, tc.want)
		}
	}
	newWorld(t).run("token", "-i", "c", "-r", "arn:aws:iam::111122223333:role/nobodys").want(t, ExitMismatch,
		"error: could not get token: …")
}

// TestCallerSessionName asks for what --forward-session-name forwards.
func TestCallerSessionName(t *testing.T) {
	store, _ := assumable(t)
	session, _, err := store.IssueRoleSession("arn:aws:iam::111122223333:role/some-other-role", "forwarded", iam.SessionOptions{Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", session.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", session.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", session.SessionToken)
	cfg, err := newWorld(t).awsConfig(t.Context(), &tokenFlags{})
	if err != nil {
		t.Fatal(err)
	}
	if name, err := callerSessionName(t.Context(), sts.NewFromConfig(cfg)); name != "forwarded" || err != nil {
		t.Errorf("session name %q, %v", name, err)
	}
}

func TestTokenWithoutCredentials(t *testing.T) {
	credentialsInEnvironment(t, map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
	got := newWorld(t).run("token", "-i", "my-cluster")
	got.want(t, ExitMismatch, "error: could not get token: …")
	if got.out != "" {
		t.Errorf("standard output: %s", got.out)
	}
}

// TestTokenUnderUpstreamsNames runs the binary as the programs that old kubeconfigs name.
func TestTokenUnderUpstreamsNames(t *testing.T) {
	credentialsInEnvironment(t, nil)
	for _, name := range []string{"aws-iam-authenticator", "heptio-authenticator-aws", "/opt/bin/aws-iam-authenticator"} {
		w := newWorld(t)
		w.Args0 = name
		w.env["KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID"] = "my-cluster"
		got := w.run("token", "--cache")
		got.want(t, ExitOK, "")
		if versionOf(t, got.out).Kind != "ExecCredential" {
			t.Errorf("%s: %s", name, got.out)
		}
	}
}

func TestAskMFA(t *testing.T) {
	w := newWorld(t)
	w.In = strings.NewReader("123456\n")
	if code, err := w.askMFA(); code != "123456" || err != nil || w.errOut.String() != "Assume Role MFA token code: " {
		t.Errorf("code %q, %v, asked %q", code, err, w.errOut.String())
	}
}
