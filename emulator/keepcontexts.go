package emulator

import (
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// keepContexts takes over what others have put into a kubeconfig that is about to be written again, because a cluster has
// come or gone or the environment starts again: contexts of clusters that run, such as those that `aws eks
// update-kubeconfig` adds, and the choice of the current context. A context is another's if it calls its cluster as the
// environment does not. What cannot be read is not kept.
func keepContexts(config *clientcmdapi.Config, path string) {
	old, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return
	}
	var endpoints []string
	ours := map[string]bool{}
	for name, c := range config.Clusters {
		endpoints, ours[name] = append(endpoints, c.Server), true
	}
	for name, context := range old.Contexts {
		target, user := old.Clusters[context.Cluster], old.AuthInfos[context.AuthInfo]
		if ours[context.Cluster] || config.Contexts[name] != nil || target == nil || user == nil || !slices.Contains(endpoints, target.Server) {
			continue
		}
		config.Contexts[name], config.Clusters[context.Cluster] = context, target
		if config.AuthInfos[context.AuthInfo] == nil {
			config.AuthInfos[context.AuthInfo] = user
		}
	}
	if config.Contexts[old.CurrentContext] != nil {
		config.CurrentContext = old.CurrentContext
	}
}
