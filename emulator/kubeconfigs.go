package emulator

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
)

// writtenKubeconfigs are the kubeconfigs that this life of an environment has written. The zero value has none.
type writtenKubeconfigs struct {
	byPath map[string]*clientcmdapi.Config
}

// write writes a kubeconfig, and leaves in its file what others have put there since it was written last: people run
// `aws eks update-kubeconfig` and `kubectl config use-context` with KUBECONFIG naming it. A file that cannot be read is
// written anew.
func (w *writtenKubeconfigs) write(config *clientcmdapi.Config, path string) error {
	merged := config
	if before := w.byPath[path]; before != nil {
		if found, err := clientcmd.LoadFromFile(path); err == nil {
			merged = withForeign(config, before, found)
		}
	}
	if err := writeKubeconfig(merged, path); err != nil {
		return err
	}
	if w.byPath == nil {
		w.byPath = map[string]*clientcmdapi.Config{}
	}
	w.byPath[path] = config.DeepCopy()
	return nil
}

// withForeign is a kubeconfig with what was found in its file and is not what had been written there before.
func withForeign(config, before, found *clientcmdapi.Config) *clientcmdapi.Config {
	merged := config.DeepCopy()
	addForeign(merged.Clusters, before.Clusters, found.Clusters)
	addForeign(merged.AuthInfos, before.AuthInfos, found.AuthInfos)
	addForeign(merged.Contexts, before.Contexts, found.Contexts)
	if chosen := found.CurrentContext; chosen != before.CurrentContext && merged.Contexts[chosen] != nil {
		merged.CurrentContext = chosen
	}
	return merged
}

// addForeign adds what was found under names that neither are taken nor had been written before.
func addForeign[T any](to, before, found map[string]T) {
	for name, value := range found {
		_, taken := to[name]
		if _, own := before[name]; !own && !taken {
			to[name] = value
		}
	}
}

func writeKubeconfig(config *clientcmdapi.Config, path string) error {
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode kubeconfig %s: %w", path, err)
	}
	return atomicfile.Write(path, raw, 0o600)
}
