package emulator

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// contextOf adds a context for a cluster of a name and endpoint.
func contextOf(config *clientcmdapi.Config, name, cluster, endpoint string) {
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: endpoint}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1beta1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode, Command: "aws",
	}}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: name}
}

// TestKeepContexts writes a kubeconfig anew that a person has added contexts to.
func TestKeepContexts(t *testing.T) {
	t.Parallel()
	const endpoint, arn = "https://127.0.0.1:6443", testARN
	for name, test := range map[string]struct {
		context, cluster, endpoint, current string
		contexts                            []string
		want                                string
	}{
		"of the aws CLI":                      {arn, arn, endpoint, arn, []string{"alice@c", arn, "trurl@c"}, arn},
		"of the aws CLI, not current":         {arn, arn, endpoint, "alice@c", []string{"alice@c", arn, "trurl@c"}, "alice@c"},
		"with an alias":                       {"viewer", arn, endpoint, "viewer", []string{"alice@c", "trurl@c", "viewer"}, "viewer"},
		"of a cluster that has gone":          {arn, arn, "https://127.0.0.1:7443", arn, []string{"alice@c", "trurl@c"}, "trurl@c"},
		"ours, of an identity that has gone":  {"bob@c", "c", endpoint, "bob@c", []string{"alice@c", "trurl@c"}, "trurl@c"},
		"ours, of a cluster that has gone":    {"alice@d", "d", "https://127.0.0.1:7443", "alice@d", []string{"alice@c", "trurl@c"}, "trurl@c"},
		"another's under a name that is ours": {"alice@c", arn, endpoint, "trurl@c", []string{"alice@c", "trurl@c"}, "trurl@c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "kubeconfig")
			old := clientcmdapi.NewConfig()
			contextOf(old, "alice@c", "c", endpoint)
			contextOf(old, "trurl@c", "c", endpoint)
			contextOf(old, test.context, test.cluster, test.endpoint)
			old.CurrentContext = test.current
			if err := writeKubeconfig(old, path); err != nil {
				t.Fatal(err)
			}
			config := clientcmdapi.NewConfig()
			contextOf(config, "alice@c", "c", endpoint)
			contextOf(config, "trurl@c", "c", endpoint)
			config.CurrentContext = "trurl@c"
			keepContexts(config, path)
			if got := slices.Sorted(maps.Keys(config.Contexts)); !slices.Equal(got, test.contexts) || config.CurrentContext != test.want {
				t.Errorf("contexts %q, current %s; want %q, %s", got, config.CurrentContext, test.contexts, test.want)
			}
			if err := clientcmd.Validate(*config); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKeepContextsOfNothing has nothing to keep.
func TestKeepContextsOfNothing(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"no file": "", "no kubeconfig": "kind: [\n"} {
		path := filepath.Join(t.TempDir(), "kubeconfig")
		if content != "" {
			write(t, path, content)
		}
		config := clientcmdapi.NewConfig()
		contextOf(config, "trurl@c", "c", "https://127.0.0.1:6443")
		config.CurrentContext = "trurl@c"
		keepContexts(config, path)
		if len(config.Contexts) != 1 || config.CurrentContext != "trurl@c" {
			t.Errorf("%s: %d contexts, current %s", name, len(config.Contexts), config.CurrentContext)
		}
	}
}
