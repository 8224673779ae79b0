package config_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/config"
)

const linked = "1.37"

// files are the manifest files next to the Environment files of the tests.
var files = fstest.MapFS{
	"good.yaml":   {Data: []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")},
	"keys.json":   keyFile(),
	"broken.yaml": {Data: []byte("apiVersion: v1\nkind: [\n")},
}

func options() config.Options {
	return config.Options{KubernetesVersion: linked, ReadFile: func(path string) ([]byte, error) { return fs.ReadFile(files, path) }}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	env, problems := config.Load("default.yaml", config.DefaultYAML(), options())
	if len(problems) > 0 {
		t.Fatalf("the built-in environment has problems:\n%v", problems)
	}
	builtIn := config.Default()
	builtIn.Clusters[0].Version = linked
	if diff := cmp.Diff(env, builtIn); diff != "" {
		t.Errorf("Default is not what its text says:\n%s", diff)
	}
	var names []string
	for _, identity := range env.Identities() {
		names = append(names, fmt.Sprintf("%s %s %s", identity.Kind, identity.Name, identity.ARN))
	}
	want := []string{
		"user trurl arn:aws:iam::111122223333:user/trurl",
		"user other-user arn:aws:iam::111122223333:user/other-user",
		"user alice arn:aws:iam::111122223333:user/alice",
		"user bob arn:aws:iam::111122223333:user/bob",
		"user mallory arn:aws:iam::111122223333:user/mallory",
		"role some-other-role arn:aws:iam::111122223333:role/some-other-role",
		"role my-node-role arn:aws:iam::111122223333:role/my-node-role",
		"role my-cluster-role arn:aws:iam::111122223333:role/my-cluster-role",
		"instance i-0123456789abcdef0 arn:aws:sts::111122223333:assumed-role/my-node-role/i-0123456789abcdef0",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	cluster := env.Clusters[0]
	cluster.Manifests = nil
	wantCluster := config.Cluster{Name: "my-cluster", Version: linked, Creator: "trurl", Role: "my-cluster-role",
		AuthenticationMode: "API_AND_CONFIG_MAP", TokenCacheTTL: 2 * time.Minute}
	if diff := cmp.Diff(wantCluster, cluster); diff != "" {
		t.Errorf("cluster (-want +got):\n%s", diff)
	}
}

// TestRoundTrip: a complete environment written as YAML is the same environment.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	env, problems := config.Load("default.yaml", config.DefaultYAML(), options())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	env.Users[1].AccessKeys = []config.AccessKey{}
	text, err := yaml.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := config.Load("again.yaml", text, options())
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	if diff := cmp.Diff(env, again); diff != "" {
		t.Errorf("round trip (-first +second):\n%s", diff)
	}
}

// TestDefaultDocumentsEveryField: whoever starts from the text sees every field there is.
func TestDefaultDocumentsEveryField(t *testing.T) {
	t.Parallel()
	text := string(config.DefaultYAML())
	filled := config.Environment{
		Users: []config.User{{Policies: []config.Policy{{}}, AccessKeys: []config.AccessKey{{}}, MFADevices: []config.MFADevice{{Name: "x"}}}},
		Roles: []config.Role{{ExternalID: "x", MFASerial: "x"}}, Instances: []config.Instance{{}}, InactiveSTSRegions: []string{"x"},
		OIDCProviders: []config.OIDCProvider{{Cluster: "x", Thumbprints: []string{"x"}, Keys: "x", KeysFile: "x"}},
		Clusters:      []config.Cluster{{Manifests: []string{""}, ManifestFiles: []string{""}}}}
	out, err := yaml.Marshal(filled)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if key, _, ok := strings.Cut(strings.TrimLeft(line, " -"), ":"); ok && !strings.Contains(text, key+":") {
			t.Errorf("default.yaml does not mention %s", key)
		}
	}
}

// minimal is a file to which each test adds one mistake.
const minimal = `apiVersion: eksemu/v1alpha1
kind: Environment
users:
- name: trurl
roles:
- name: r
  trustPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: sts:AssumeRole}]}
clusters:
- {name: c, creator: trurl, role: r}
`

func TestDefaults(t *testing.T) {
	t.Parallel()
	env, problems := config.Load("e.yaml", []byte(minimal), options())
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	want := &config.Environment{APIVersion: "eksemu/v1alpha1", Kind: "Environment", Account: "111122223333", Region: "us-west-2",
		Users: []config.User{{Name: "trurl", Path: "/", Account: "111122223333"}},
		Roles: []config.Role{{Name: "r", Path: "/", Account: "111122223333", MaxSessionDuration: time.Hour, SourceProfile: "trurl",
			TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`}},
		Clusters: []config.Cluster{{Name: "c", Version: linked, Creator: "trurl", Role: "r", AuthenticationMode: "CONFIG_MAP", TokenCacheTTL: 2 * time.Minute}},
	}
	if diff := cmp.Diff(want, env, cmpopts.IgnoreFields(config.User{}, "AccessKeys")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	keys := env.Users[0].AccessKeys
	if len(keys) != 1 || !strings.HasPrefix(keys[0].ID, "AKIA") || len(keys[0].Secret) != 40 || keys[0].Status != config.KeyActive {
		t.Errorf("generated keys: %+v", keys)
	}
	again, _ := config.Load("e.yaml", []byte(minimal), options())
	if diff := cmp.Diff(keys, again.Users[0].AccessKeys); diff != "" {
		t.Errorf("another load generates another key:\n%s", diff)
	}
}

func TestWrittenValuesAreKept(t *testing.T) {
	t.Parallel()
	text := strings.Replace(minimal, "{name: c,", "{name: c, tokenCacheTTL: 0s, version: '1.37', manifestFiles: [good.yaml], manifests: ['{apiVersion: v1, kind: List, items: []}'],", 1)
	text = strings.Replace(text, "- name: trurl\n", "- name: trurl\n  path: /team/\n  account: '444455556666'\n  accessKeys: []\n", 1)
	env, problems := config.Load("e.yaml", []byte(text), options())
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	cluster, user := env.Clusters[0], env.Users[0]
	if cluster.TokenCacheTTL != 0 || user.Path != "/team/" || user.Account != "444455556666" || len(user.AccessKeys) != 0 {
		t.Errorf("got %+v and %+v", cluster, user)
	}
	want := []string{"{apiVersion: v1, kind: List, items: []}", string(files["good.yaml"].Data)}
	if diff := cmp.Diff(want, cluster.AllManifests()); diff != "" {
		t.Errorf("manifests (-want +got):\n%s", diff)
	}
}

// TestBroken: one file, every mistake in it, each with its line.
func TestBroken(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "broken.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	env, problems := config.Load("broken.yaml", data, options())
	if env != nil {
		t.Error("there is an environment although there are problems")
	}
	golden.Assert(t, problems.Error()+"\n", "broken.golden")
}

func TestSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"31337", "'31337 is short'", "[31337]", "!!int 31337"} {
		text := strings.Replace(minimal, "- name: trurl\n", "- name: trurl\n  accessKeys: [{id: AKIAIOSFODNN7EXAMPLE, secret: "+secret+"}]\n", 1)
		_, problems := config.Load("e.yaml", []byte(text), options())
		if len(problems) != 1 || problems[0].Path != "users[0].accessKeys[0].secret" || strings.Contains(problems.Error(), "31337") {
			t.Errorf("%s: %v", secret, problems)
		}
	}
	key := config.Default().Users[0].AccessKeys[0]
	if text := fmt.Sprintf("%v %+v %#v %s", key, key, key, key.Secret); strings.Contains(text, string(key.Secret)) {
		t.Errorf("printed: %s", text)
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"us-west-2": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "us-isof-south-1": "aws-iso-f", "eu-isoe-west-1": "aws-iso-e", "eusc-de-east-1": "aws-eusc", "mx-central-1": "aws"} {
		env, problems := config.Load("e.yaml", []byte(minimal+"region: "+region+"\n"), options())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := env.Partition(); got != want {
			t.Errorf("partition of %s = %s, want %s", region, got, want)
		}
	}
}

// FuzzLoad: whatever the file says, there is no panic, and either an environment that loads again or a problem.
func FuzzLoad(f *testing.F) {
	f.Add(config.DefaultYAML())
	f.Add([]byte(minimal))
	if broken, err := os.ReadFile(filepath.Join("testdata", "broken.yaml")); err == nil {
		f.Add(broken)
	}
	if federation, err := os.ReadFile(filepath.Join("testdata", "federation.yaml")); err == nil {
		f.Add(federation)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		env, problems := config.Load("f.yaml", data, options())
		if (env == nil) == (len(problems) == 0) {
			t.Fatalf("environment %v with problems %v", env, problems)
		}
		if env == nil {
			return
		}
		env.AWSConfig([]string{"eksemu", "credentials"})
		text, err := yaml.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := config.Load("f.yaml", text, options()); len(problems) > 0 {
			t.Errorf("it does not load again: %v\n%s", problems, text)
		}
	})
}
