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

	"github.com/eksemu/eksemu/emulator/explain"
)

// kubectl runs the kubectl that eksemu embeds. It is called by the call's ID, which client-go makes the first part of
// the User-Agent header (rest.DefaultKubernetesUserAgent): "step-…/v1.37.2 …". That marks the step's requests in
// the audit log.
func (c call) kubectl(ctx context.Context) (attempt, error) {
	filled, err := c.fillIn(ctx)
	if err != nil {
		return attempt{}, err
	}
	user, skip, err := c.user(ctx)
	switch {
	case skip != "":
		return attempt{skip: skip}, nil
	case err != nil:
		return c.withoutToken(ctx, err)
	}
	path, err := c.writeKubeconfig(user)
	if err != nil {
		return attempt{}, err
	}
	defer os.Remove(path) //nolint:errcheck // TempDir goes away as a whole
	out := c.child(ctx, c.Executable, c.id, append([]string{"kubectl"}, filled.arguments...), append([]string{
		"KUBECONFIG=" + path,
		// What one identity discovered must not spare another one the request that shows who it is.
		"KUBECACHEDIR=" + filepath.Join(c.TempDir, "cache-"+url.PathEscape(c.step.As+c.step.ServiceAccount)),
		"KUBERC=off", // the user's own preferences have no say here
	}, filled.environ...), filled.stdin)
	if err := ctx.Err(); err != nil {
		return attempt{}, err
	}
	return c.judged(ctx, out)
}

// judged finds what kubectl's requests led to, or why it made none.
func (c call) judged(ctx context.Context, out output) (attempt, error) {
	pick := c.requests
	var own *explain.Verdict // why nothing was sent, by what kubectl says itself
	if out.err != nil {
		pick = c.requestsOrCredentials
		if said, ok := explain.ForClient(c.hide(notOfServer(out.all))); ok {
			own = &said
		}
	}
	if own != nil && own.Cause != explain.CauseExecFailed && !aboutServer(own.Cause) { // those may be others' doing
		return attempt{verdict: own, output: out.all}, nil
	}
	verdict, err := c.verdict(ctx, pick, c.agrees(out.err == nil))
	if verdict == nil {
		verdict = own
	}
	if err == nil && verdict == nil {
		err = fmt.Errorf("kubectl ended without a request to the API server: %s", c.excerpt(out.all))
	}
	return attempt{verdict: verdict, output: out.all}, err
}

// aboutServer tells whether a cause is that kubectl did not get through to a server. That it says so counts only where the
// trace has no request of its own: plugins and proxies use the same words, and so do answers about a webhook.
func aboutServer(cause string) bool { return strings.HasPrefix(cause, "server-") }

// notOfServer leaves out the lines in which kubectl quotes the API server's answer (k8s.io/kubectl
// pkg/cmd/util/helpers.go, StandardErrorMessage [D]).
func notOfServer(printed string) string {
	var own strings.Builder
	for line := range strings.Lines(printed) {
		if !strings.HasPrefix(line, "Error from server") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// excerpt is a text for an error: without secrets and not long.
func (s *session) excerpt(text string) string {
	text = clean(s.hide(strings.TrimSpace(text)))
	if text == "" {
		return "it printed nothing"
	}
	const most = 400
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// writeKubeconfig writes a kubeconfig with the cluster and one user, and returns its path. JSON is YAML, so kubectl reads
// it.
func (c call) writeKubeconfig(user clientcmd.AuthInfo) (string, error) {
	cluster := c.Environment.Cluster()
	raw, err := json.Marshal(clientcmd.Config{
		APIVersion:     "v1",
		Kind:           "Config",
		CurrentContext: "step",
		Clusters: []clientcmd.NamedCluster{{Name: "step", Cluster: clientcmd.Cluster{
			Server: cluster.Endpoint, CertificateAuthorityData: cluster.CAPEM,
		}}},
		AuthInfos: []clientcmd.NamedAuthInfo{{Name: "step", AuthInfo: user}},
		Contexts:  []clientcmd.NamedContext{{Name: "step", Context: clientcmd.Context{Cluster: "step", AuthInfo: "step"}}},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.TempDir, c.id+".kubeconfig")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write the step's kubeconfig: %w", err)
	}
	return path, nil
}

// user is who kubectl is: an IAM identity with an exec plugin that makes tokens, or whoever has a token. skip says why
// the step can not be done here.
func (c call) user(ctx context.Context) (user clientcmd.AuthInfo, skip string, err error) {
	if c.step.ServiceAccount != "" || c.unusual() {
		token, err := c.bearer(ctx)
		return clientcmd.AuthInfo{Token: token}, "", err
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
	if odd := c.step.Kubeconfig; odd != nil {
		if skip := c.odd(odd, &plugin); skip != "" {
			return clientcmd.AuthInfo{}, skip, nil
		}
	}
	return clientcmd.AuthInfo{Exec: &plugin}, "", nil
}

// odd gives an exec plugin what is unusual about it.
func (c call) odd(odd *Kubeconfig, plugin *clientcmd.ExecConfig) (skip string) {
	if odd.Plugin == pluginAWS {
		program, err := c.LookPath(pluginAWS)
		if err != nil {
			return noAWS
		}
		// What `aws eks update-kubeconfig` writes.
		plugin.APIVersion, plugin.Command = "client.authentication.k8s.io/v1beta1", program
		plugin.Args = []string{"--region", c.Environment.Cluster().Region, "eks", "get-token", "--cluster-name", c.cluster, "--output", "json"}
	}
	if odd.APIVersion != "" {
		plugin.APIVersion = odd.APIVersion
	}
	if odd.Command != "" {
		plugin.Command = odd.Command
	}
	return ""
}

func (c call) serviceAccountToken(ctx context.Context) (string, error) {
	namespace, name, _ := strings.Cut(c.step.ServiceAccount, "/")
	token, err := c.Environment.ServiceAccountToken(ctx, namespace, name)
	if err != nil {
		return "", fmt.Errorf("token of the service account %s in the namespace %s: %w", name, namespace, err)
	}
	return c.secret(token), nil
}
