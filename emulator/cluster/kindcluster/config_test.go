package kindcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/eksemu/eksemu/emulator/cluster"
)

func testSpec() cluster.Spec {
	return cluster.Spec{
		Name:                 "my-cluster",
		ServiceAccountIssuer: "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
		TokenWebhook:         cluster.Webhook{URL: "https://172.18.0.1:21362/authenticate", CAPEM: []byte("webhook CA")},
		AuditWebhook:         cluster.Webhook{URL: "https://172.18.0.1:21362/audit", CAPEM: []byte("webhook CA")},
		AuditPolicy:          []byte("the audit policy\n"),
		Administrator:        "eksemu-admin",
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ environment, cluster, want string }{
		{"default", "my-cluster", "eksemu-default-my-cluster"},
		{"run.123", "my-cluster", "eksemu-run-123-my-cluster-af771405"},
		{"default", "My_Cluster", "eksemu-default-my-cluster-2257c280"},
		{"default", strings.Repeat("x", 100), "eksemu-default-xxxxxxxxxxxxxxxxxxxxx-47ad7a92"},
	} {
		got := Name(test.environment, test.cluster)
		if got != test.want {
			t.Errorf("%s, %s: %q, want %q", test.environment, test.cluster, got, test.want)
		}
		if err := ValidName(got); err != nil {
			t.Error(err)
		}
	}
	if Name("a", "b_c") == Name("a", "b.c") {
		t.Error("two clusters with the same name")
	}
}

func TestValidName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "A", "a_b", "a/b", strings.Repeat("a", 46), "ä"} {
		if ValidName(name) == nil {
			t.Errorf("%q is valid", name)
		}
	}
}

const userConfig = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  kubeProxyMode: nftables
nodes:
- role: control-plane
  extraPortMappings:
  - containerPort: 30000
    hostPort: 8080
  extraMounts:
  - hostPath: /data
    containerPath: /data
- role: worker
- role: worker
kubeadmConfigPatches:
- |
  kind: ClusterConfiguration
  apiServer:
    extraArgs:
    - name: v
      value: "4"
containerdConfigPatches:
- |
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "/etc/containerd/certs.d"
`

func TestRender(t *testing.T) {
	t.Parallel()
	user, problems := ParseConfig("user.yaml", []byte(userConfig))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name, test := range map[string]struct {
		user    *v1alpha4.Cluster
		cgroup1 bool
	}{
		"default.yaml": {},
		"cgroup1.yaml": {cgroup1: true},
		"merged.yaml":  {user: user},
	} {
		raw, err := render(test.user, marker{Cluster: "eksemu-default", ID: "RANDOM"}, testSpec(), folder{"/state"}, test.cgroup1)
		if err != nil {
			t.Fatal(err)
		}
		golden.Assert(t, string(raw), name)
	}
	if len(user.Nodes[0].ExtraMounts) != 1 || len(user.KubeadmConfigPatches) != 1 || user.Name != "" {
		t.Errorf("the user's configuration was changed: %+v", user)
	}
}

// TestPatchesHaveTheFlags checks that kubeadm gets exactly the flags that every backend has, in both forms.
func TestPatchesHaveTheFlags(t *testing.T) {
	t.Parallel()
	patches, err := kubeadmPatches(testSpec(), false)
	if err != nil || len(patches) != 2 {
		t.Fatal(patches, err)
	}
	want := map[string]string{}
	for _, flag := range cluster.Flags(testSpec(), mountPoint) {
		want[flag.Name] = flag.Value
	}
	var newer struct {
		APIServer struct{ ExtraArgs []argument }
	}
	var older struct {
		APIServer struct{ ExtraArgs map[string]string }
	}
	for i, into := range []any{&newer, &older} {
		if err := yaml.Unmarshal([]byte(strings.Replace(strings.Replace(patches[i], "apiServer", "apiserver", 1), "extraArgs", "extraargs", 1)), into); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for _, a := range newer.APIServer.ExtraArgs {
		got[a.Name] = a.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("v1beta4 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, older.APIServer.ExtraArgs); diff != "" {
		t.Errorf("v1beta3 (-want +got):\n%s", diff)
	}
}

func TestParseConfigRefuses(t *testing.T) {
	t.Parallel()
	_, problems := ParseConfig("user.yaml", []byte(`kind: Clusters
apiVersion: kind.x-k8s.io/v1alpha4
name: mine
networkin: {}
networking:
  apiServerAddress: 0.0.0.0
  ipFamily: ipv6
nodes:
- role: control-plane
  extraMounts:
  - {hostPath: /x, containerPath: /etc/kubernetes/pki/eksemu/x}
`))
	golden.Assert(t, problems.Error()+"\n", "problems.txt")
	if _, problems := ParseConfig("user.yaml", []byte("\t")); len(problems) == 0 {
		t.Error("no YAML is no problem")
	}
	if user, problems := ParseConfig("user.yaml", []byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n")); user == nil || len(problems) > 0 {
		t.Errorf("the smallest configuration: %v", problems)
	}
}

func TestMachinery(t *testing.T) {
	t.Parallel()
	user, _ := ParseConfig("user.yaml", []byte(userConfig))
	got := strings.Join(machinery("x", user), "\n") + "\n"
	for _, node := range []string{"x-control-plane", "x-worker", "x-worker2"} {
		if !strings.Contains(got, "system:node:"+node+"\n") {
			t.Errorf("no %s in\n%s", node, got)
		}
	}
	if strings.Contains(strings.Join(machinery("x", nil), " "), "worker") {
		t.Error("a worker by default")
	}
}
