package cli

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

// secretOfTokens is the signature in every token here, which nothing may print.
const secretOfTokens = "8d2a6f0e5b1c49d7a3e8f6b2c0d4e1957f3b8a6c2e0d9f4b1a7c5e3d8f6b2a09"

// tokenOf is a token that was signed some time before testNow.
func tokenOf(age time.Duration) string {
	signed := testNow.Add(-age)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="+
		testKey+"%2F"+signed.Format("20060102")+"%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date="+signed.Format("20060102T150405Z")+
		"&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature="+secretOfTokens))
}

// noSecrets fails if an answer shows one.
func noSecrets(t *testing.T, r result) {
	t.Helper()
	if found := regexp.MustCompile(`k8s-aws-v1\.[A-Za-z0-9_-]|` + secretOfTokens).FindString(r.out + r.errOut); found != "" {
		t.Errorf("%q is printed:\n%s\n%s", found, r.out, r.errOut)
	}
}

const offline = "environment default is not running: this is what can be told without one\n"

func TestExplainToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, tokenOf(time.Minute)+"\n")
	got := w.run("explain", "--token", file, "--cluster", "prod")
	got.want(t, ExitOK, offline)
	golden.Assert(t, got.out, "explain-token.txt")
	noSecrets(t, got)

	w.In = strings.NewReader(`{"kind":"ExecCredential","status":{"token":"` + tokenOf(time.Hour) + `"}}`)
	got = w.run("explain", "--token", "-", "--cluster", "arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod", "-o", "json")
	got.want(t, ExitMismatch, offline)
	golden.Assert(t, got.out, "explain-token.json")
	noSecrets(t, got)

	write(t, file, tokenOf(time.Minute)[:99]+"\n"+tokenOf(time.Minute)[99:])
	got = w.run("explain", "--token", file, "--cluster", "prod")
	got.want(t, ExitMismatch, offline)
	noSecrets(t, got)
	write(t, file, "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl\n")
	got = w.run("explain", "--token", file)
	got.want(t, ExitOK, offline)
	if !strings.HasPrefix(got.out, "undecided  a JSON Web Token\n") {
		t.Errorf("a service account's token is taken for another:\n%s", got.out)
	}

	write(t, file, " \n")
	w.run("explain", "--token", file).want(t, ExitUsage, "error: "+file+" is empty: give it a token, as from `eksemu token -i CLUSTER --token-only`\n")
	w.run("explain", "--token", file+"-not").want(t, ExitUsage, "error: open "+file+"-not: no such file or directory\n")
	w.run("explain", "--token", file, "--last", "2").want(t, ExitUsage, "error: if any flags in the group…")
}

// serveReviews plays the API server of a fake environment: it answers every SelfSubjectReview by a status, and records it.
func serveReviews(t *testing.T, w *world, f *fakeEnvironment, status int) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		request := &trace.Request{
			AuditID: "1", Verb: "create", URI: r.URL.Path, Resource: "selfsubjectreviews.authentication.k8s.io", UserAgent: r.UserAgent(),
			Code: status, Received: testNow, Completed: testNow,
		}
		if status == http.StatusCreated {
			request.Username, request.Groups, request.Decision, request.Reason = "alice", []string{"system:authenticated"}, "allow", `RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"`
		}
		f.record(trace.Event{Kind: trace.KindRequest, Cluster: "my-cluster", Time: testNow, Request: request})
		out.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	write(t, filepath.Join(w.StateHome, f.Name, "admin.kubeconfig"), `{"apiVersion":"v1","kind":"Config",
		"clusters":[{"name":"c","cluster":{"server":"`+server.URL+`","certificate-authority-data":"`+authority+`"}}],
		"users":[{"name":"u","user":{}}],"contexts":[{"name":"`+trace.Administrator+`@my-cluster","context":{"cluster":"c","user":"u"}}]}`)
}

func TestExplainTokenAsksTheEnvironment(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]int{http.StatusCreated: ExitOK, http.StatusUnauthorized: ExitMismatch} {
		w := newWorld(t)
		serveReviews(t, w, w.start(t, "default"), status)
		w.In = strings.NewReader(tokenOf(time.Minute))
		got := w.run("explain", "--token", "-", "-o", "json")
		got.want(t, code, "")
		noSecrets(t, got)
		var answer tokenExplanation
		if err := json.Unmarshal([]byte(got.out), &answer); err != nil || answer.Environment == nil {
			t.Fatalf("%v:\n%s", err, got.out)
		}
		v := answer.Environment.Verdict
		if v.Status != status || answer.Environment.Cluster != "my-cluster" || (v.Outcome == explain.Allowed) != (status == http.StatusCreated) {
			t.Errorf("%+v", answer.Environment)
		}
		w.In = strings.NewReader(tokenOf(time.Minute))
		got = w.run("explain", "--token", "-", "--cluster", "prod")
		got.want(t, ExitOK, "environment default has no cluster prod to ask: this is what can be told without one\n")
		w.In = strings.NewReader(tokenOf(time.Minute)[:99] + "\n" + tokenOf(time.Minute)[99:])
		got = w.run("explain", "--token", "-")
		got.want(t, ExitMismatch, "")
		if !strings.Contains(got.out, "API server was not asked: with its blanks") {
			t.Errorf("a token of two lines was sent:\n%s", got.out)
		}
	}
}

const brokenAWSAuth = `apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
data:
  # our nodes
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/node # made by Terraform
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
    - rolearn: arn:aws:iam::111122223333:role/ci/deployer
      username: deployer
      groups:
        - deployers
          - viewers
  mapusers: |
    - userarn: arn:aws:iam::111122223333:user/alise
      username: alice
      groups: [system:masters]
`

func TestExplainAWSAuth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	explainIn := func(text string, args ...string) result {
		w.In = strings.NewReader(text)
		return w.run(append([]string{"explain", "--aws-auth", "-"}, args...)...)
	}
	got := explainIn(brokenAWSAuth)
	got.want(t, ExitMismatch, "")
	golden.Assert(t, got.out, "explain-aws-auth.txt")
	got = explainIn(brokenAWSAuth, "-o", "json")
	got.want(t, ExitMismatch, "")
	golden.Assert(t, got.out, "explain-aws-auth.json")
	got = explainIn(brokenAWSAuth, "--fix")
	got.want(t, ExitOK, "standard input:20: warning: …")
	golden.Assert(t, got.out, "explain-aws-auth-fixed.yaml")

	good := "mapUsers: |\n  - userarn: arn:aws:iam::111122223333:user/alice\n    username: alice\n"
	got = explainIn(good)
	got.want(t, ExitOK, "")
	if want := "standard input: no problems; the authenticator takes 1 mappings and 0 accounts from it\n"; got.out != want {
		t.Errorf("got %q", got.out)
	}
	explainIn(good, "--fix").want(t, ExitOK, "")
	masters := explainIn(good + "    groups: [system:masters]\n")
	masters.want(t, ExitOK, "")
	if !strings.Contains(masters.out, "warning: ") {
		t.Errorf("no warning: %q", masters.out)
	}
	explainIn("kind: Pod\n").want(t, ExitUsage, "error: standard input: there is no aws-auth ConfigMap in it…")
	explainIn("a: [\n").want(t, ExitUsage, "error: standard input:1: …")
	explainIn(good, "--fix", "-o", "json").want(t, ExitUsage, "error: --fix prints the ConfigMap of --aws-auth as YAML…")
	w.run("explain", "--cluster", "x").want(t, ExitUsage, "error: --cluster says what…")

	w.start(t, "default")
	got = explainIn(brokenAWSAuth)
	got.want(t, ExitMismatch, "")
	if want := "the running environment has no such principal; closest is arn:aws:iam::111122223333:user/alice (identity alice), which differs by one character of its name"; !strings.Contains(got.out, want) {
		t.Errorf("the nearest identity is not named:\n%s", got.out)
	}
}

const brokenKubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: arn:aws:eks:us-west-2:111122223333:cluster/prod
  cluster: {server: SERVER, insecure-skip-tls-verify: true}
contexts:
- name: prod
  context: {cluster: arn:aws:eks:us-west-2:111122223333:cluster/prod, user: USER}
current-context: prod
users:
- name: dev
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1alpha1
      command: aws
      args: [--region, eu-west-1, eks, get-token, --cluster-name, staging]
      env: [{name: AWS_PROFILE, value: alice}]
- name: token
  user: {token: TOKEN}
`

func TestExplainKubeconfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	folder := t.TempDir()
	w.env["HOME"], w.env["AWS_ENDPOINT_URL"], w.env["AWS_ACCESS_KEY_ID"] = folder, "http://localhost:4566", testKey
	file := filepath.Join(folder, "kubeconfig")
	text := strings.NewReplacer("SERVER", "https://0123456789ABCDEF0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com", "TOKEN", tokenOf(time.Hour)).Replace(brokenKubeconfig)
	write(t, file, strings.Replace(text, "USER", "dev", 1))
	got := w.run("explain", "--kubeconfig", file)
	got.want(t, ExitMismatch, "")
	golden.Assert(t, strings.ReplaceAll(got.out, folder, "HOME"), "explain-kubeconfig.txt")
	w.In = strings.NewReader(strings.Replace(text, "USER", "token", 1))
	got = w.run("explain", "--kubeconfig", "-", "--context", "prod", "-o", "json")
	got.want(t, ExitMismatch, "")
	golden.Assert(t, got.out, "explain-kubeconfig.json")
	noSecrets(t, got)
	w.In = strings.NewReader(strings.Replace(text, "USER", "token", 1))
	got = w.run("explain", "--kubeconfig", "-")
	golden.Assert(t, got.out, "explain-kubeconfig-token.txt")
	noSecrets(t, got)
	w.In = strings.NewReader("kind: Pod\n")
	w.run("explain", "--kubeconfig", "-").want(t, ExitUsage, "error: standard input: it is no kubeconfig…")
	w.run("explain", "--context", "x").want(t, ExitUsage, "error: --context is one of a kubeconfig…")
	w.run("explain", "--kubeconfig", file, "--cluster", "x").want(t, ExitUsage, "error: --cluster is for…")
}

// TestExplainKubeconfigAsksTheEnvironment has a context of the fake environment, with a token in it.
func TestExplainKubeconfigAsksTheEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.start(t, "default")
	serveReviews(t, w, f, http.StatusCreated)
	f.Clusters[0].Endpoint = "https://127.0.0.1:6443"
	text := strings.NewReplacer("SERVER", f.Clusters[0].Endpoint, "USER", "token", "TOKEN", tokenOf(time.Minute)).Replace(brokenKubeconfig)
	w.In = strings.NewReader(text)
	got := w.run("explain", "--kubeconfig", "-", "-o", "json")
	got.want(t, ExitOK, "")
	var answer kubeconfigExplanation
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || answer.Environment == nil || answer.Environment.Verdict.Identity.Username != "alice" {
		t.Errorf("%v:\n%s", err, got.out)
	}
	w.In = strings.NewReader(strings.Replace(text, "user: token", "user: dev", 1))
	got = w.run("explain", "--kubeconfig", "-", "-o", "json")
	got.want(t, ExitMismatch, "the running environment was not asked: make a token as alice: …") // nothing can be started here
	if !strings.Contains(got.out, `"arn": "arn:aws:iam::111122223333:user/alice"`) {
		t.Errorf("the identity is not named:\n%s", got.out)
	}
}
