package cluster_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/cluster"
)

func testClient() cluster.Client {
	return cluster.Client{CertPEM: []byte("certificate"), KeyPEM: []byte("key")}
}

func testSpec() cluster.Spec {
	return cluster.Spec{
		Name:                 "my-cluster",
		ServiceAccountIssuer: "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
		TokenWebhook:         cluster.Webhook{URL: "https://127.0.0.1:21362/authenticate", CAPEM: []byte("webhook CA"), Client: testClient()},
		AccessWebhook:        cluster.Webhook{URL: "https://127.0.0.1:21362/authorize", CAPEM: []byte("webhook CA"), Client: testClient()},
		AuditWebhook:         cluster.Webhook{URL: "https://127.0.0.1:21362/audit", CAPEM: []byte("webhook CA"), Client: testClient()},
		AuditPolicy:          []byte("the audit policy\n"),
		Administrator:        "eksemu-admin",
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, f := range cluster.Flags(testSpec(), "/etc/eksemu") {
		fmt.Fprintln(&text, f)
	}
	golden.Assert(t, text.String(), "flags.txt")
}

func TestTokenCacheTTL(t *testing.T) {
	t.Parallel()
	for ttl, want := range map[time.Duration]string{0: "0s", time.Second: "1s", 90 * time.Second: "1m30s"} {
		spec := testSpec()
		spec.TokenWebhookCacheTTL = ttl
		if !slices.Contains(cluster.Flags(spec, "/"), cluster.Flag{Name: "authentication-token-webhook-cache-ttl", Value: want}) {
			t.Errorf("cache of %s: flags %v", ttl, cluster.Flags(spec, "/"))
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	files := cluster.Files(testSpec(), "/etc/eksemu")
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&text, "-- %s --\n%s", name, files[name])
	}
	golden.Assert(t, text.String(), "files.txt")
}

// TestFlagsNameTheFiles checks that the API server is pointed at every generated file, and at no other.
func TestFlagsNameTheFiles(t *testing.T) {
	t.Parallel()
	var named []string
	for _, f := range cluster.Flags(testSpec(), "/etc/eksemu") {
		if name, ok := strings.CutPrefix(f.Value, "/etc/eksemu/"); ok {
			named = append(named, name)
		}
	}
	for _, content := range cluster.Files(testSpec(), "/etc/eksemu") { // one of which names another
		for _, found := range regexp.MustCompile(`"/etc/eksemu/([^"]+)"`).FindAllStringSubmatch(string(content), -1) {
			named = append(named, found[1])
		}
	}
	slices.Sort(named)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(cluster.Files(testSpec(), "/etc/eksemu"))), named); diff != "" {
		t.Errorf("files (-generated +named):\n%s", diff)
	}
}

func testKubeconfig(clusterName, user string) []byte {
	info := cluster.Info{Endpoint: "https://127.0.0.1:6443", CAPEM: []byte("cluster CA")}
	return cluster.Kubeconfig(info, clusterName, user, cluster.Client{CertPEM: []byte("certificate"), KeyPEM: []byte("key")})
}

func TestKubeconfig(t *testing.T) {
	t.Parallel()
	golden.Assert(t, string(testKubeconfig("my-cluster", "eksemu-admin")), "kubeconfig.yaml")
}

// TestKubeconfigLoads gives kubeconfigs to client-go: EKS cluster names may look like other YAML types, and
// Kubernetes user names have colons.
func TestKubeconfigLoads(t *testing.T) {
	t.Parallel()
	for _, clusterName := range []string{"my-cluster", "1", "007", "1e3", "true", "null", "No", "2026-11-23", "0x1F"} {
		for _, user := range []string{"eksemu-admin", "system:kube-controller-manager", "a: b", "#", `"`} {
			config, err := clientcmd.Load(testKubeconfig(clusterName, user))
			if err != nil {
				t.Errorf("cluster %q, user %q: %v", clusterName, user, err)
				continue
			}
			current := config.Contexts[config.CurrentContext]
			if current == nil || current.Cluster != clusterName || current.AuthInfo != user {
				t.Errorf("cluster %q, user %q: current context %q is %v", clusterName, user, config.CurrentContext, current)
				continue
			}
			target, as := config.Clusters[clusterName], config.AuthInfos[user]
			if target.Server != "https://127.0.0.1:6443" || string(target.CertificateAuthorityData) != "cluster CA" ||
				string(as.ClientCertificateData) != "certificate" || string(as.ClientKeyData) != "key" {
				t.Errorf("cluster %q, user %q: %+v as %+v", clusterName, user, target, as)
			}
		}
	}
}

func TestWebhookKubeconfigLoads(t *testing.T) {
	t.Parallel()
	config, err := clientcmd.Load(cluster.WebhookKubeconfig(testSpec().TokenWebhook))
	if err != nil {
		t.Fatal(err)
	}
	current := config.Contexts[config.CurrentContext]
	if current == nil || config.AuthInfos[current.AuthInfo] == nil {
		t.Fatalf("current context %q: %+v", config.CurrentContext, config)
	}
	target := config.Clusters[current.Cluster]
	if target.Server != "https://127.0.0.1:21362/authenticate" || string(target.CertificateAuthorityData) != "webhook CA" {
		t.Errorf("webhook %+v", target)
	}
	as := config.AuthInfos[current.AuthInfo]
	if string(as.ClientCertificateData) != "certificate" || string(as.ClientKeyData) != "key" {
		t.Errorf("client %+v", as)
	}
}
