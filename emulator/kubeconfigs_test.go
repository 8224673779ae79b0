package emulator

import (
	"os"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfigWith has a cluster, user and context of each name; the first is current.
func kubeconfigWith(names ...string) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	for _, name := range names {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: name}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	config.CurrentContext = names[0]
	return config
}

// TestKubeconfigKeepsWhatOthersWrote writes a kubeconfig, lets somebody edit it, and writes it again.
func TestKubeconfigKeepsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit    func(*clientcmdapi.Config)
		next    *clientcmdapi.Config
		want    []string
		current string
	}{
		"nobody did": {nil, kubeconfigWith("a", "c"), []string{"a", "c"}, "a"},
		"update-kubeconfig": {func(c *clientcmdapi.Config) {
			theirs := kubeconfigWith("arn")
			c.Clusters["arn"], c.AuthInfos["arn"], c.Contexts["arn"] = theirs.Clusters["arn"], theirs.AuthInfos["arn"], theirs.Contexts["arn"]
			c.CurrentContext = "arn"
		}, kubeconfigWith("a", "c"), []string{"a", "arn", "c"}, "arn"},
		"use-context":                      {func(c *clientcmdapi.Config) { c.CurrentContext = "b" }, kubeconfigWith("a", "b"), []string{"a", "b"}, "b"},
		"use-context of what is gone then": {func(c *clientcmdapi.Config) { c.CurrentContext = "b" }, kubeconfigWith("a"), []string{"a"}, "a"},
		"a name that is taken": {func(c *clientcmdapi.Config) {
			c.Contexts["c"], c.Clusters["c"] = kubeconfigWith("x").Contexts["x"], kubeconfigWith("x").Clusters["x"]
		}, kubeconfigWith("a", "c"), []string{"a", "c"}, "a"},
		"delete-context of ours": {func(c *clientcmdapi.Config) { delete(c.Contexts, "a") }, kubeconfigWith("a", "b"), []string{"a", "b"}, "a"},
	} {
		path := t.TempDir() + "/kubeconfig"
		var w writtenKubeconfigs
		if err := w.write(kubeconfigWith("a", "b"), path); err != nil {
			t.Fatal(err)
		}
		if test.edit != nil {
			edited := loadKubeconfig(t, path)
			test.edit(edited)
			if err := writeKubeconfig(edited, path); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // once more changes nothing
			if err := w.write(test.next, path); err != nil {
				t.Fatal(err)
			}
			got := loadKubeconfig(t, path)
			var contexts []string
			for context, its := range got.Contexts {
				contexts = append(contexts, context)
				if got.Clusters[its.Cluster] == nil || got.Clusters[its.Cluster].Server != "https://"+context || got.AuthInfos[its.AuthInfo] == nil {
					t.Errorf("%s: context %s has %+v, %+v", name, context, got.Clusters[its.Cluster], got.AuthInfos[its.AuthInfo])
				}
			}
			slices.Sort(contexts)
			if !slices.Equal(contexts, test.want) || got.CurrentContext != test.current {
				t.Errorf("%s: contexts %v, current %s; want %v, current %s", name, contexts, got.CurrentContext, test.want, test.current)
			}
		}
	}
}

// TestKubeconfigThatCannotBeRead is written anew, as is one that somebody removed.
func TestKubeconfigThatCannotBeRead(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/kubeconfig"
	var w writtenKubeconfigs
	for _, spoil := range []func(){func() {}, func() { write(t, path, "{") }, func() { _ = os.Remove(path) }} {
		spoil()
		if err := w.write(kubeconfigWith("a"), path); err != nil {
			t.Fatal(err)
		}
		if got := loadKubeconfig(t, path); got.CurrentContext != "a" {
			t.Errorf("current context %q", got.CurrentContext)
		}
	}
}

func loadKubeconfig(t *testing.T, path string) *clientcmdapi.Config {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
