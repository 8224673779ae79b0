package emulator

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"gotest.tools/v3/golden"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/kube"
)

// TestKubeconfig holds the kubeconfig with and without an aws CLI.
func TestKubeconfig(t *testing.T) {
	t.Parallel()
	for name, awsCommand := range map[string]string{"kubeconfig-aws.yaml": "aws", "kubeconfig-eksemu.yaml": ""} {
		e := &Environment{opts: Options{Config: config.Default(), Executable: "/opt/eksemu", AWSCommand: awsCommand}, files: Layout{"/state"}}
		e.runtime = testRuntime()
		c := &runningCluster{
			spec: e.opts.Config.Clusters[0], name: "my-cluster", arn: testARN,
			info: cluster.Info{Endpoint: "https://127.0.0.1:6443", CAPEM: []byte("cluster CA")},
		}
		raw, err := clientcmd.Write(*e.kubeconfig([]*runningCluster{c}))
		if err != nil {
			t.Fatal(err)
		}
		golden.Assert(t, string(raw), name)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	for identity, want := range map[string]string{"": "trurl@my-cluster", "alice": "alice@my-cluster", "some-other-role": "some-other-role@my-cluster"} {
		path := e.files.Kubeconfig(identity)
		config, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if config.CurrentContext != want || len(config.Contexts) != len(e.opts.Config.Identities()) {
			t.Errorf("%s: current context %s of %d, want %s", path, config.CurrentContext, len(config.Contexts), want)
		}
	}
	for _, path := range []string{
		e.files.Kubeconfig(""), e.files.Kubeconfig("alice"), e.files.AdminKubeconfig(), e.files.AWSConfig(), e.files.AWSCredentials(),
		filepath.Join(e.files.Dir, "runtime.json"), filepath.Join(e.files.Dir, "ca.key"), e.files.Trace(),
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if info, err := os.Stat(e.files.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("state folder: %v, %v", info, err)
	}
	if bundle := read(t, e.files.CABundle()); !strings.HasSuffix(bundle, string(e.ca.CertPEM())) || !strings.HasPrefix(bundle, string(systemRoots())) {
		t.Error("the bundle is not the system's roots and then ours")
	}
}

// TestPublishTheFirstClusterAfterTheLast deletes the only cluster, and has one again.
func TestPublishTheFirstClusterAfterTheLast(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	for _, active := range []bool{false, true} {
		e.primary.active.Store(active)
		if err := e.republish(); err != nil {
			t.Fatal(err)
		}
		runtime, err := ReadRuntime(e.files.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if (len(runtime.Clusters) == 1) != active {
			t.Errorf("active %v: %d clusters in runtime.json", active, len(runtime.Clusters))
		}
		for _, path := range []string{e.files.AdminKubeconfig(), e.files.Kubeconfig(""), e.files.Kubeconfig("alice")} {
			if _, err := os.Stat(path); (err == nil) != active {
				t.Errorf("active %v: %s: %v", active, path, err)
			}
		}
	}
}

// TestPublishMakesTheClusterActive asks the EKS API what `aws eks update-kubeconfig` asks it.
func TestPublishMakesTheClusterActive(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := eks.New(eks.Options{
		BaseEndpoint: aws.String(e.runtime.Gateway), Region: "us-west-2",
		Credentials: credentials.StaticCredentialsProvider{Value: keys(t, e.opts.Config, "trurl")},
	})
	answer, err := client.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: aws.String("my-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Cluster.Status != "ACTIVE" || aws.ToString(answer.Cluster.Endpoint) != "https://127.0.0.1:6443" ||
		aws.ToString(answer.Cluster.CertificateAuthority.Data) == "" {
		t.Errorf("cluster %+v", answer.Cluster)
	}
}

// TestPortsOfClusters: clients may tunnel to API servers that can be used, and nowhere else.
func TestPortsOfClusters(t *testing.T) {
	t.Parallel()
	var set clusterSet
	for _, endpoint := range []string{"https://127.0.0.1:6443", "https://127.0.0.1", "::", "https://127.0.0.1:6444"} {
		c := &runningCluster{arn: endpoint, info: cluster.Info{Endpoint: endpoint}}
		c.active.Store(endpoint != "https://127.0.0.1:6444")
		set.add(c)
	}
	if got := set.ports(); !slices.Equal(got, []int{6443}) {
		t.Errorf("ports %v", got)
	}
	c := set.find("https://127.0.0.1:6443")
	set.drop(nil)
	if set.drop(c); c == nil || set.find(c.arn) != nil || len(set.ports()) != 0 || len(set.all()) != 3 {
		t.Errorf("a cluster that was taken out is still there: %v", set.ports())
	}
}

// TestStopUnpublishes stops an environment: nobody finds it any more, and its folder can be used again.
func TestStopUnpublishes(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(t.Context(), e.opts.Dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("attach: %v", err)
	}
	if err := WaitStopped(t.Context(), e.opts.Dir); err != nil {
		t.Error(err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Errorf("second stop: %v", err)
	}
	if err := RemoveState(t.Context(), e.opts.Dir, nil); err != nil {
		t.Error(err)
	}
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	got, err := client.Admin("my-cluster")
	if err != nil {
		t.Fatal(err)
	}
	if got.Endpoint != "https://127.0.0.1:6443" || string(got.CAPEM) != string(e.ca.CertPEM()) || string(got.CertPEM) != "certificate" || string(got.KeyPEM) != "key" {
		t.Errorf("access %+v", got)
	}
	if got, err := client.Admin("another"); err == nil || string(got.CertPEM) != string(kube.Config{}.CertPEM) || !strings.Contains(err.Error(), "no administrator of cluster another") {
		t.Errorf("access to another cluster: %+v, %v", got, err)
	}
	write(t, e.files.AdminKubeconfig(), "{")
	if _, err := client.Admin("my-cluster"); err == nil || !strings.HasPrefix(err.Error(), "read the administrator's kubeconfig: ") {
		t.Errorf("a damaged kubeconfig: %v", err)
	}
}

// TestStaleKubeconfigs: an identity that the configuration has no more leaves no kubeconfig.
func TestStaleKubeconfigs(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	stale := e.files.Kubeconfig("carol")
	if err := os.MkdirAll(stale, 0o700); err != nil { // somebody put a folder there
		t.Fatal(err)
	}
	write(t, filepath.Join(stale, "notes"), "")
	file := e.files.Kubeconfig("dave")
	write(t, file, "")
	if err := e.writeKubeconfigs(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{stale, file} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("an identity is gone, but there is %s", path)
		}
	}
	for _, name := range []string{"alice", ""} {
		if _, err := os.Stat(e.files.Kubeconfig(name)); err != nil {
			t.Error(err)
		}
	}
}
