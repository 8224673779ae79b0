package kubeconfigs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/explain"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	testSignature = "8d2a6f0e5b1c49d7a3e8f6b2c0d4e1957f3b8a6c2e0d9f4b1a7c5e3d8f6b2a09"
	server        = "https://0123456789ABCDEF0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"
	arn           = "arn:aws:eks:us-west-2:111122223333:cluster/prod"
)

// good is a kubeconfig as `aws eks update-kubeconfig` writes it. Tests replace parts of it.
func good() string {
	authority := base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"))
	return `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: ` + authority + `
    server: ` + server + `
  name: ` + arn + `
contexts:
- context:
    cluster: ` + arn + `
    user: ` + arn + `
  name: prod
current-context: prod
users:
- name: ` + arn + `
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - us-west-2
      - eks
      - get-token
      - --cluster-name
      - prod
      command: aws
      env:
      - name: AWS_PROFILE
        value: dev
`
}

// with is the good kubeconfig with texts replaced, in pairs.
func with(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(good()) }

// user is the good kubeconfig with something else below user.
func user(text string) string {
	before, _, _ := strings.Cut(good(), "    exec:\n")
	return before + text
}

func token(age time.Duration) string {
	signed := noon.Add(-age)
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"+
		signed.Format("20060102")+"%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date="+signed.Format("20060102T150405Z")+"&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature="+testSignature))
}

// testConfig is the AWS config file of these tests.
const testConfig = `[default]
[profile dev]
[profile abroad]
region = eu-west-1
[profile china]
Region=cn-north-1
[profile local]
endpoint_url = http://localhost:4566
[profile services]
endpoint_url = http://localhost:4566
services = real
[profile mock]
services = mock
[profile ignoring]
endpoint_url = http://localhost:4566
ignore_configured_endpoint_urls = true
[services real]
s3 =
  endpoint_url = http://localhost:9000
sts =
  endpoint_url = https://sts.us-west-2.amazonaws.com
[services mock]
# for tests
sts =
  endpoint_url = http://localhost:5000
`

type lintCase struct {
	name, file string
	env        map[string]string
	want       []string // "LINE ID"
}

func lintCases() []lintCase {
	const exec = "client.authentication.k8s.io/"
	const region = "      - --region\n      - us-west-2\n"
	profile := "      env:\n      - name: AWS_PROFILE\n        value: dev\n"
	return []lintCase{
		{"good", good(), nil, nil},
		{"no current context", with("current-context: prod", "current-context: \"\""), nil, []string{"13 no-current-context"}},
		{"dangling context", with("current-context: prod", "current-context: prd"), nil, []string{"13 dangling-context"}},
		{"dangling cluster", with("    cluster: "+arn, "    cluster: other"), nil, []string{"10 dangling-cluster"}},
		{"dangling user", with("    user: "+arn, "    user: other"), nil, []string{"11 dangling-user"}},
		{"context without user", with("    user: "+arn+"\n", ""), nil, []string{"9 no-user"}},
		{"misspelt key", with("current-context", "currentContext"), nil, []string{"0 no-current-context", "13 unknown-key"}},
		{"twice", with("contexts:\n", "contexts:\n- name: prod\n  context: {cluster: "+arn+", user: "+arn+"}\n"), nil, []string{"11 duplicate-name"}},
		{"no server", with("    server: "+server+"\n", ""), nil, []string{"4 no-server"}},
		{"HTTP", with("https://", "http://"), nil, []string{"6 server-http"}},
		{"no URL", with(server, "a b"), nil, []string{"6 server-form"}},
		{"host and port", with(server, "127.0.0.1:6443"), nil, nil},
		{"server elsewhere", with("gr7.us-west-2", "gr7.eu-west-1"), nil, []string{"9 region-of-arn", "21 region"}},
		{"insecure", with("certificate-authority-data: ", "insecure-skip-tls-verify: true #"), nil, []string{"5 insecure"}},
		{"insecure and authority", with("    server:", "    insecure-skip-tls-verify: true\n    server:"), nil, []string{"6 insecure-with-authority"}},
		{"no authority", with("certificate-authority-data: ", "# "), nil, []string{"6 no-authority"}},
		{"authority twice encoded", with("certificate-authority-data: ", "certificate-authority-data: QUFB"), nil, []string{"5 authority-form"}},
		{"authority's file", with("certificate-authority-data: ", "certificate-authority: missing.pem #"), nil, []string{"5 authority-missing"}},
		{"proxy", with("    server:", "    proxy-url: http://proxy.example:3128\n    server:"), nil, []string{"6 proxy"}},
		{"odd proxy", with("    server:", "    proxy-url: proxy.example\n    server:"), nil, []string{"6 proxy-form"}},
		{"v1alpha1", with(exec+"v1beta1", exec+"v1alpha1"), nil, []string{"18 exec-version"}},
		{"v1", with(exec+"v1beta1", exec+"v1"), nil, []string{"18 interactive-mode"}},
		{"v1 and a mode", with(exec+"v1beta1", exec+"v1\n      interactiveMode: IfAvailable"), nil, nil},
		{"odd mode", with(exec+"v1beta1", exec+"v1\n      interactiveMode: Sometimes"), nil, []string{"19 interactive-mode"}},
		{"no version", with("apiVersion: "+exec+"v1beta1", "x: y"), nil, []string{"18 exec-version"}},
		{"odd version", with(exec+"v1beta1", exec+"v1beta2"), nil, []string{"18 exec-version"}},
		{"no command", with("command: aws", "x: y"), nil, []string{"18 no-command"}},
		{"missing command", with("command: aws", "command: /opt/aws-iam-authenticator"), nil, []string{"26 command-missing"}},
		{"other cluster", with("      - prod\n", "      - staging\n"), nil, []string{"25 other-cluster"}},
		{"other cluster of the authenticator", user("    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: aws-iam-authenticator\n      args: [token, --cluster-id, staging, --region, us-west-2]\n"), nil, []string{"20 other-cluster"}},
		{"cluster of an Outpost", with("--cluster-name\n      - prod\n", "--cluster-id\n      - 0a1b2c3d\n"), nil, nil},
		{"no cluster name", with("      - --cluster-name\n      - prod\n", ""), nil, []string{"18 no-cluster-name"}},
		{"region", with("- us-west-2\n", "- eu-west-1\n"), nil, []string{"21 region"}},
		{"partition", with("- us-west-2\n", "- cn-north-1\n"), nil, []string{"21 region-partition"}},
		{"region of the shell", with("      - --region\n      - us-west-2\n", ""), map[string]string{"AWS_REGION": "eu-west-1"}, []string{"18 region"}},
		{"endpoint of the shell", good(), map[string]string{"AWS_ENDPOINT_URL": "http://localhost:4566"}, []string{"18 endpoint-url"}},
		{"endpoint of STS", with("- name: AWS_PROFILE\n        value: dev", "- name: AWS_ENDPOINT_URL_STS\n        value: http://localhost:4566"), nil, []string{"29 endpoint-url"}},
		{"endpoint ignored", with("- name: AWS_PROFILE\n        value: dev", "- name: AWS_IGNORE_CONFIGURED_ENDPOINT_URLS\n        value: \"true\""), map[string]string{"AWS_ENDPOINT_URL": "http://localhost:4566"}, nil},
		{"endpoint option", with("- eks\n", "- --endpoint-url=http://localhost:4566\n      - eks\n"), nil, []string{"22 endpoint-url"}},
		{"endpoint that is STS", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.us-west-2.amazonaws.com"}, nil},
		{"endpoint option that is STS", with("- eks\n", "- --endpoint-url=https://sts.us-west-2.api.aws/\n      - eks\n"), nil, nil},
		{"endpoint of another region", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.eu-west-1.amazonaws.com"}, []string{"18 endpoint-region"}},
		{"global endpoint", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.amazonaws.com"}, []string{"18 endpoint-region"}},
		{"endpoint in plain HTTP", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "http://sts.us-west-2.amazonaws.com"}, []string{"18 endpoint-url"}},
		{"endpoint with a path", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.us-west-2.amazonaws.com/x"}, []string{"18 endpoint-url"}},
		{"endpoint of another partition", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.cn-north-1.amazonaws.com.cn"}, []string{"18 endpoint-url"}},
		{"endpoint of the other services alone", good(), map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.us-west-2.amazonaws.com", "AWS_ENDPOINT_URL": "http://localhost:4566"}, nil},
		{"endpoint option before variables", with("- eks\n", "- --endpoint-url=https://sts.us-west-2.amazonaws.com\n      - eks\n"), map[string]string{"AWS_ENDPOINT_URL": "http://localhost:4566"}, nil},
		{"region of the profile", with(region, "", "value: dev", "value: abroad"), nil, []string{"27 region"}},
		{"region of the profile of an option", with(region, "", "- eks\n", "- --profile\n      - abroad\n      - eks\n"), nil, []string{"21 region"}},
		{"region before that of the profile", with("value: dev", "value: abroad"), nil, nil},
		{"partition of the profile", with(region, "", "value: dev", "value: china"), nil, []string{"27 region-partition"}},
		{"endpoint of the profile", with("value: dev", "value: local"), nil, []string{"29 endpoint-url"}},
		{"endpoint of the profile's services", with("value: dev", "value: services"), nil, nil},
		{"wrong endpoint of the profile's services", with("value: dev", "value: mock"), nil, []string{"29 endpoint-url"}},
		{"variable before the profile's endpoint", with("value: dev", "value: local"), map[string]string{"AWS_ENDPOINT_URL": "https://sts.us-west-2.amazonaws.com"}, nil},
		{"endpoint of a profile that ignores it", with("value: dev", "value: ignoring"), nil, nil},
		{"variable that a profile ignores", with("value: dev", "value: ignoring"), map[string]string{"AWS_ENDPOINT_URL": "http://localhost:4566"}, nil},
		{"a profile's ignoring that a variable undoes", with("value: dev", "value: ignoring"), map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, []string{"29 endpoint-url"}},
		{"keys in the shell", good(), map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, []string{"29 keys-beat-profile"}},
		{"keys and no profile", with(profile, ""), map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, nil},
		{"keys and the option", with("- eks\n", "- --profile\n      - dev\n      - eks\n", profile, ""), map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, nil},
		{"unknown profile", with("value: dev", "value: deev"), nil, []string{"29 profile"}},
		{"profile of the shell", with(profile, ""), map[string]string{"AWS_PROFILE": "gone"}, []string{"18 profile"}},
		{"role's session", with("- prod\n", "- prod\n      - --role-arn\n      - arn:aws:sts::111122223333:assumed-role/x/y\n"), nil, []string{"27 role-session"}},
		{"another plugin", with("command: aws", "command: get-token"), nil, nil},
		{"authenticator", with("command: aws", "command: aws-iam-authenticator", "- eks\n      - get-token\n      - --cluster-name\n", "- token\n      - -i\n"), nil, nil},
		{"old token", user("    token: " + token(time.Hour) + "\n"), nil, []string{"17 token-expired"}},
		{"new token", user("    token: " + token(time.Minute) + "\n"), nil, []string{"17 static-token"}},
		{"token of a service account", user("    token: eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl\n"), nil, nil},
		{"token's file", user("    tokenFile: token\n"), nil, []string{"17 static-token"}},
		{"token's file missing", user("    tokenFile: missing\n"), nil, []string{"17 token-file-missing"}},
		{"token and plugin", with("    exec:\n", "    token: "+token(time.Hour)+"\n    exec:\n"), nil, []string{"17 token-and-exec", "17 token-expired"}},
		{"nothing", user("    {}\n"), nil, []string{"15 no-credentials"}},
		{"password", user("    username: admin\n    password: hunter2hunter2\n"), nil, []string{"17 basic-auth"}},
		{"provider", user("    auth-provider: {name: gcp}\n"), nil, []string{"17 auth-provider"}},
		{"certificate", user("    client-certificate-data: AAAA\n    client-key-data: AAAA\n"), nil, []string{"17 client-certificate"}},
		{"impersonation", with("    exec:\n", "    as: ann\n    exec:\n"), nil, []string{"17 impersonation"}},
	}
}

func lint(file string, env map[string]string) (Report, error) {
	return Lint([]byte(file), Options{
		File: "kubeconfig", Now: noon,
		LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		LookPath: func(name string) (string, error) {
			if strings.HasPrefix(name, "/") {
				return "", errors.New("not found")
			}
			return "/usr/bin/" + name, nil
		},
		ReadFile: func(path string) ([]byte, error) {
			if path == "token" {
				return []byte(token(time.Minute) + "\n"), nil
			}
			return nil, errors.New("no such file")
		},
		Profiles: func(Lookup) (Profiles, error) {
			return Profiles{Files: []string{"~/.aws/config"}, Settings: SettingsIn([]byte(testConfig), nil)}, nil
		},
	})
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, tc := range lintCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := lint(tc.file, tc.env)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.Findings {
				got = append(got, fmt.Sprintf("%d %s", f.Line, f.ID))
				if f.Message == "" || f.Fix == "" {
					t.Errorf("no fix: %+v", f)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s%v\n%s", diff, r.Findings, tc.file)
			}
			checkShown(t, r)
		})
	}
}

// checkShown prints a report in every way and fails if it shows a secret or a control character.
func checkShown(t *testing.T, r Report) {
	t.Helper()
	var out bytes.Buffer
	if err := errors.Join(explain.WriteFindings(&out, r.Findings, explain.TextOptions{}), explain.WriteSheet(&out, r.Sheet(), explain.TextOptions{Wide: true})); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	secrets := regexp.MustCompile(`(?i)k8s-aws-v1\.[a-z0-9_-]|[0-9a-f]{64}|eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]|hunter2`)
	if found := secrets.Find(append(out.Bytes(), asJSON...)); found != nil {
		t.Fatalf("looks like a secret: %q in\n%s\n%s", found, out.String(), asJSON)
	}
	if strings.ContainsAny(out.String(), "\x00\x07\x08\x1b\r\t\u202e") {
		t.Fatalf("control character in %q", out.String())
	}
}

// TestAsKubectl gives the kubeconfigs to kubectl's own loader: what it refuses must have an error here, and the good one
// must be good there.
func TestAsKubectl(t *testing.T) {
	t.Parallel()
	for _, tc := range lintCases() {
		config, err := clientcmd.Load([]byte(tc.file))
		if err == nil {
			_, err = clientcmd.NewDefaultClientConfig(*config, &clientcmd.ConfigOverrides{}).ClientConfig()
		}
		r, _ := lint(tc.file, tc.env)
		failed := false
		for _, f := range r.Findings {
			failed = failed || f.Severity == explain.SeverityError
		}
		if err != nil && !failed && tc.name != "token's file" { // which is there in the other tests

			t.Errorf("%s: kubectl says %v, and here it is %v", tc.name, err, r.Findings)
		}
	}
}

func TestPlugin(t *testing.T) {
	t.Parallel()
	r, err := lint(good(), nil)
	want := Plugin{Command: "aws", APIVersion: beta, Cluster: "prod", Region: "us-west-2", Profile: "dev", Credentials: "profile dev"}
	if err != nil || *r.Plugin != want || r.Region != "us-west-2" || r.Server != server || r.Context != "prod" || r.StaticToken() != "" {
		t.Errorf("%v %+v %+v", err, r, r.Plugin)
	}
	if other, _ := Lint([]byte(good()), Options{Context: "dev"}); len(other.Findings) != 1 || other.Findings[0].ID != "dangling-context" || other.Findings[0].Path != "contexts" {
		t.Errorf("%v", other.Findings)
	}
}

// TestSecretsInFields puts secrets where they do not belong.
func TestSecretsInFields(t *testing.T) {
	t.Parallel()
	secret := token(time.Minute)
	for _, file := range []string{
		with("https://", "https://admin:hunter2hunter2@"), with("current-context: prod", "current-context: "+secret), with("- prod\n", "- "+secret+"\n"),
		with("value: dev", "value: "+secret), with("command: aws", "command: "+secret), with("- us-west-2\n", "- "+secret+"\n"),
		with("    server:", "    proxy-url: http://a:hunter2hunter2@proxy:1\n    server:"), with("name: prod", "name: "+secret, "current-context: prod", "current-context: "+secret),
	} {
		if r, err := lint(file, map[string]string{"AWS_ENDPOINT_URL": "https://a:hunter2hunter2@x"}); err == nil {
			checkShown(t, r)
		}
	}
}

// TestOtherContexts has dangling references in contexts that are followed and in some that are not.
func TestOtherContexts(t *testing.T) {
	t.Parallel()
	file := []byte(with("contexts:\n", "contexts:\n- name: old\n  context: {cluster: gone, user: gone}\n- name: bare\n  context: {}\n"))
	for context, want := range map[string]map[string]explain.Severity{
		"":     {"dangling-cluster": explain.SeverityWarning, "dangling-user": explain.SeverityWarning, "no-cluster": explain.SeverityWarning, "no-user": explain.SeverityWarning},
		"prod": {"dangling-cluster": explain.SeverityWarning, "dangling-user": explain.SeverityWarning, "no-cluster": explain.SeverityWarning, "no-user": explain.SeverityWarning},
		"old":  {"dangling-cluster": explain.SeverityError, "dangling-user": explain.SeverityError, "no-cluster": explain.SeverityWarning, "no-user": explain.SeverityWarning},
		"bare": {"dangling-cluster": explain.SeverityWarning, "dangling-user": explain.SeverityWarning, "no-cluster": explain.SeverityError, "no-user": explain.SeverityError},
	} {
		r, err := Lint(file, Options{Context: context, Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]explain.Severity{}
		for _, f := range r.Findings {
			got[f.ID] = f.Severity
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("context %q (-want +got):\n%s", context, diff)
		}
	}
}

func TestNoKubeconfig(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{"": "empty", "a: [": "f:1", "kind: Pod\n": "no kubeconfig", "- a\n": "no kubeconfig"} {
		if _, err := Lint([]byte(file), Options{File: "f"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestNamesOfProfiles(t *testing.T) {
	t.Parallel()
	settings := SettingsIn([]byte("[default]\nregion=x\n[profile dev]\n[profile \"a b\"]\n[sso-session corp]\n[dev2]\n [profile no]\n"), []byte("[ops]\n[default]\nkey = [x]\n"))
	if diff := cmp.Diff([]string{"a b", "default", "dev", "ops"}, slices.Sorted(maps.Keys(settings))); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsIn(t *testing.T) {
	t.Parallel()
	config := testConfig + "[profile both]\nregion = a-b-1\nendpoint_url = https://u:p@h\n  continued = x\n ; comment\n[sso-session local2]\nregion = x\nno equals\n"
	got := SettingsIn([]byte(config), []byte("[both]\naws_access_key_id = A\nregion = c-d-2\n"))
	want := map[string]Profile{
		"default": {}, "dev": {}, "abroad": {Region: "eu-west-1"}, "china": {Region: "cn-north-1"}, "local": {EndpointURL: "http://localhost:4566"},
		"services": {EndpointURL: "http://localhost:4566", STSEndpointURL: "https://sts.us-west-2.amazonaws.com"}, "mock": {STSEndpointURL: "http://localhost:5000"},
		"ignoring": {EndpointURL: "http://localhost:4566", IgnoreEndpoints: true}, "both": {Region: "c-d-2", EndpointURL: "https://u:p@h"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzSettingsIn(f *testing.F) {
	f.Add([]byte(testConfig), []byte("[dev]\nregion = x\n"))
	f.Fuzz(func(t *testing.T, config, credentials []byte) {
		for name, settings := range SettingsIn(config, credentials) {
			for _, text := range []string{name, settings.Region, settings.EndpointURL, settings.STSEndpointURL} {
				if !bytes.Contains(config, []byte(text)) && !bytes.Contains(credentials, []byte(text)) {
					t.Errorf("%q is in no file", text)
				}
			}
		}
	})
}

func FuzzLint(f *testing.F) {
	for _, tc := range lintCases() {
		f.Add([]byte(tc.file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if r, err := lint(string(file), nil); err == nil && !bytes.Contains(file, []byte("hunter2")) {
			checkShown(t, r)
		}
	})
}
