package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/emulator/trace"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// publish makes the environment usable: the cluster, if it has one, becomes ACTIVE, and profiles, kubeconfigs and,
// last of all, runtime.json are written.
func (e *Environment) publish(ctx context.Context) error {
	for _, identity := range e.opts.Config.Identities() {
		e.runtime.Identities = append(e.runtime.Identities, Identity{identity.Name, string(identity.Kind), identity.ARN})
	}
	if err := e.aws.caBundle(e.ca.CertPEM()); err != nil {
		return err
	}
	if err := e.aws.writeProfiles(e.opts.Config); err != nil {
		return err
	}
	if e.primary != nil {
		if err := e.unlessDeleted(e.primary.take(ctx, part{"make the cluster usable", e.activate})); err != nil {
			return err
		}
	}
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if err := e.writeFiles(); err != nil {
		return err
	}
	e.published = true
	return remove(e.files.Dir, startingFile)
}

// writeFiles writes what tells others of the environment: the kubeconfigs and, last of all, runtime.json.
func (e *Environment) writeFiles() error {
	if err := e.writeKubeconfigs(); err != nil {
		return err
	}
	return e.Runtime().write(e.files.Dir)
}

// republish tells of a cluster that has come or gone.
func (e *Environment) republish() error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if !e.published {
		return nil
	}
	return e.writeFiles()
}

// unpublish takes back that the environment can be used.
func (e *Environment) unpublish() error {
	if e.lock == nil {
		return nil // the state folder is somebody else's
	}
	e.publishing.Lock()
	defer e.publishing.Unlock()
	e.published = false
	return errors.Join(remove(e.files.Dir, runtimeFile), remove(e.files.Dir, startingFile))
}

// remove removes a file of a folder, if it is there.
func remove(dir, file string) error {
	if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeKubeconfigs writes the administrator's kubeconfig, and one per identity, which differ in their current context
// and in what others have added to them; without clusters there are none.
func (e *Environment) writeKubeconfigs() error {
	clusters := e.clusters.active()
	if len(clusters) == 0 {
		return e.removeKubeconfigs()
	}
	first := clusters[0].name
	if err := os.MkdirAll(filepath.Dir(e.files.Kubeconfig("x")), 0o700); err != nil { // gone while there was no cluster
		return err
	}
	if err := writeKubeconfig(adminKubeconfig(clusters), e.files.AdminKubeconfig()); err != nil {
		return err
	}
	write := func(identity, path string) error {
		config := e.kubeconfig(clusters)
		config.CurrentContext = contextName(identity, first)
		keepContexts(config, path)
		return writeKubeconfig(config, path)
	}
	for _, identity := range e.runtime.Identities {
		if err := write(identity.Name, e.files.Kubeconfig(identity.Name)); err != nil {
			return err
		}
	}
	if err := e.removeStaleKubeconfigs(); err != nil {
		return err
	}
	return write(e.opts.Config.DefaultIdentity(), e.files.Kubeconfig(""))
}

// removeStaleKubeconfigs removes those of identities that an earlier start had and this one has not.
func (e *Environment) removeStaleKubeconfigs() error {
	dir := filepath.Dir(e.files.Kubeconfig("x"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if !e.runtime.Has(entry.Name()) {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// removeKubeconfigs removes those of a cluster that an earlier start had and this one has not.
func (e *Environment) removeKubeconfigs() error {
	var errs []error
	for _, path := range []string{e.files.AdminKubeconfig(), e.files.Kubeconfig(""), filepath.Dir(e.files.Kubeconfig("x"))} {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// region is that of a cluster.
func (c *runningCluster) region() string {
	parsed, _ := iam.ParseARN(c.arn)
	return parsed.Region
}

func contextName(identity, cluster string) string { return identity + "@" + cluster }

// adminKubeconfig has a context per cluster, each with the administrator's certificate of that cluster.
func adminKubeconfig(clusters []*runningCluster) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	for _, c := range clusters {
		name := contextName(trace.Administrator, c.name)
		config.Clusters[c.name] = &clientcmdapi.Cluster{Server: c.info.Endpoint, CertificateAuthorityData: c.info.CAPEM}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: c.info.Admin.CertPEM, ClientKeyData: c.info.Admin.KeyPEM}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: c.name, AuthInfo: name}
	}
	config.CurrentContext = contextName(trace.Administrator, clusters[0].name)
	return config
}

// kubeconfig has a context per identity and cluster. Its exec plugins carry the environment that they need, so that the
// file alone is enough.
func (e *Environment) kubeconfig(clusters []*runningCluster) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	for _, c := range clusters {
		config.Clusters[c.name] = &clientcmdapi.Cluster{Server: c.info.Endpoint, CertificateAuthorityData: c.info.CAPEM}
		for _, identity := range e.runtime.Identities {
			name := contextName(identity.Name, c.name)
			config.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: e.execPlugin(identity.Name, c)}
			config.Contexts[name] = &clientcmdapi.Context{Cluster: c.name, AuthInfo: name}
		}
	}
	return config
}

// execPlugin is the credential plugin of an identity: what `aws eks update-kubeconfig` writes where the aws CLI is
// installed, else `eksemu token`. The profile is an argument because credentials in the caller's environment would
// be stronger than AWS_PROFILE.
func (e *Environment) execPlugin(identity string, c *runningCluster) *clientcmdapi.ExecConfig {
	cluster, region := c.spec.Name, c.region()
	plugin := &clientcmdapi.ExecConfig{
		APIVersion:      "client.authentication.k8s.io/v1beta1",
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		Command:         e.opts.AWSCommand,
		Args: []string{
			"--profile", identity, "--region", region,
			"eks", "get-token", "--cluster-name", cluster, "--output", "json",
		},
	}
	if e.opts.AWSCommand == "" {
		plugin.Command = e.opts.Executable
		plugin.Args = []string{"token", "--profile", identity, "--region", region, "-i", cluster}
	}
	for _, v := range AWSVariables(e.files.Dir, e.runtime) {
		plugin.Env = append(plugin.Env, clientcmdapi.ExecEnvVar{Name: v.Name, Value: v.Value})
		if strings.HasSuffix(v.Name, "_PROXY") { // Python prefers the lower-case names, which the caller may have set
			plugin.Env = append(plugin.Env, clientcmdapi.ExecEnvVar{Name: strings.ToLower(v.Name), Value: v.Value})
		}
	}
	// An endpoint override in the caller's environment would move the host that the token is presigned for.
	plugin.Env = append(plugin.Env, clientcmdapi.ExecEnvVar{Name: "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", Value: "true"})
	return plugin
}

// Admin returns break-glass access to a cluster of the environment.
func (c *Client) Admin(clusterName string) (kube.Config, error) {
	path := Layout{c.Dir}.AdminKubeconfig()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return kube.Config{}, fmt.Errorf("read the administrator's kubeconfig: %w", err)
	}
	administrator := config.Contexts[contextName(trace.Administrator, clusterName)]
	if administrator == nil {
		administrator = clientcmdapi.NewContext()
	}
	target, user := config.Clusters[administrator.Cluster], config.AuthInfos[administrator.AuthInfo]
	if target == nil || user == nil {
		return kube.Config{}, fmt.Errorf("kubeconfig %s has no administrator of cluster %s", path, clusterName)
	}
	return kube.Config{
		Endpoint: target.Server, CAPEM: target.CertificateAuthorityData,
		CertPEM: user.ClientCertificateData, KeyPEM: user.ClientKeyData,
	}, nil
}

func writeKubeconfig(config *clientcmdapi.Config, path string) error {
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode kubeconfig %s: %w", path, err)
	}
	return atomicfile.Write(path, raw, 0o600)
}
