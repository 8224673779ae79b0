package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	clientcmd "k8s.io/client-go/tools/clientcmd/api/v1"
)

// kubectl runs the kubectl that eksemu embeds. It is called by the call's ID, which client-go makes the first part of
// the User-Agent header (rest.DefaultKubernetesUserAgent): "step-…/v1.37.2 …". That marks the step's requests in
// the audit log.
func (c call) kubectl(ctx context.Context) (attempt, error) {
	kubeconfig, err := c.kubeconfig(ctx)
	if err != nil {
		return attempt{}, err
	}
	path := filepath.Join(c.TempDir, c.id+".kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return attempt{}, fmt.Errorf("write the step's kubeconfig: %w", err)
	}
	defer os.Remove(path) //nolint:errcheck // TempDir goes away as a whole
	out := c.child(ctx, c.Executable, c.id, append([]string{"kubectl"}, c.step.Kubectl...), []string{
		"KUBECONFIG=" + path,
		// What one identity discovered must not spare another one the request that shows who it is.
		"KUBECACHEDIR=" + filepath.Join(c.TempDir, "cache-"+url.PathEscape(c.step.As+c.step.ServiceAccount)),
		"KUBERC=off", // the user's own preferences have no say here
	})
	if err := ctx.Err(); err != nil {
		return attempt{}, err
	}
	pick := c.requests
	if out.err != nil {
		pick = c.requestsOrCredentials
	}
	verdict, err := c.verdict(ctx, pick, c.agrees(out.err == nil))
	if err == nil && verdict == nil {
		err = fmt.Errorf("kubectl ended without a request to the API server: %s", excerpt(out.all))
	}
	return attempt{verdict: verdict, output: out.all}, err
}

// excerpt is a text for an error: without secrets and not long.
func excerpt(text string) string {
	text = clean(strings.TrimSpace(text))
	if text == "" {
		return "it printed nothing"
	}
	const most = 400
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// kubeconfig has the cluster and one user: an IAM identity with an exec plugin that makes a token, or a service
// account with a token. JSON is YAML, so kubectl reads it.
func (c call) kubeconfig(ctx context.Context) ([]byte, error) {
	user, err := c.user(ctx)
	if err != nil {
		return nil, err
	}
	cluster := c.Environment.Cluster()
	return json.Marshal(clientcmd.Config{
		APIVersion:     "v1",
		Kind:           "Config",
		CurrentContext: "step",
		Clusters: []clientcmd.NamedCluster{{Name: "step", Cluster: clientcmd.Cluster{
			Server: cluster.Endpoint, CertificateAuthorityData: cluster.CAPEM,
		}}},
		AuthInfos: []clientcmd.NamedAuthInfo{{Name: "step", AuthInfo: user}},
		Contexts:  []clientcmd.NamedContext{{Name: "step", Context: clientcmd.Context{Cluster: "step", AuthInfo: "step"}}},
	})
}

func (c call) user(ctx context.Context) (clientcmd.AuthInfo, error) {
	if c.step.ServiceAccount != "" {
		token, err := c.serviceAccountToken(ctx)
		return clientcmd.AuthInfo{Token: token}, err
	}
	plugin := clientcmd.ExecConfig{
		APIVersion:      "client.authentication.k8s.io/v1",
		Command:         c.Executable,
		Args:            c.tokenArguments(c.step.As),
		InteractiveMode: clientcmd.NeverExecInteractiveMode,
	}
	for _, variable := range c.awsEnviron(c.step.As, c.id) {
		name, value, _ := strings.Cut(variable, "=")
		plugin.Env = append(plugin.Env, clientcmd.ExecEnvVar{Name: name, Value: value})
	}
	return clientcmd.AuthInfo{Exec: &plugin}, nil
}

func (c call) serviceAccountToken(ctx context.Context) (string, error) {
	namespace, name, _ := strings.Cut(c.step.ServiceAccount, "/")
	token, err := c.Environment.ServiceAccountToken(ctx, namespace, name)
	if err != nil {
		return "", fmt.Errorf("token of the service account %s in the namespace %s: %w", name, namespace, err)
	}
	return token, nil
}
