package explain

// CauseExecFailed is the ID of the cause that the exec plugin of a kubeconfig failed: why, the plugin knows.
const CauseExecFailed = "exec-failed"

// clientCauses are what keeps kubectl from sending a request at all: its exec plugin (k8s.io/client-go v0.37
// plugin/pkg/client/auth/exec/exec.go) and its kubeconfig (tools/clientcmd/validation.go). Nobody was asked who the
// caller is.
func clientCauses() []Cause {
	client := func(id, sentence, fix string, says ...string) Cause {
		return Cause{ID: id, Outcome: Unauthorized, Hop: HopClient, Says: says, Sentence: sentence, Fix: fix}
	}
	const fixKubeconfig = "aws eks update-kubeconfig --name {cluster:sh}"
	return []Cause{
		client("exec-api-version", "the kubeconfig asks for an exec plugin of API version {version}, which this kubectl does not have: v1alpha1 is gone since kubectl 1.24",
			"Write the kubeconfig anew with a recent aws CLI, or change the version to client.authentication.k8s.io/v1beta1:\n"+fixKubeconfig,
			`exec plugin: invalid apiVersion "{version}"`),
		client("exec-version-mismatch", "the kubeconfig asks the exec plugin for API version {version}, and the plugin answers in {answered}",
			"Use one version in both: update the plugin (aws CLI, aws-iam-authenticator), then\n"+fixKubeconfig,
			"exec plugin is configured to use API version {version}, plugin returned version {answered}"),
		client("exec-not-found", "kubectl cannot find {command}, the exec plugin of the kubeconfig, on the PATH that it has: that of a GUI or of a CI job is often a shorter one",
			"Install it, or write its whole path into the kubeconfig as users[].user.exec.command:\ncommand -v {command:sh}",
			"exec: executable {command} not found", `exec: "{command}": executable file not found in $PATH`, "fork/exec {command}: no such file or directory"),
		client(CauseExecFailed, "the exec plugin {command} ended with exit code {code} before it had a token: what it says itself is above that line",
			"Run the plugin by hand, with the same profile and variables:\naws eks get-token --cluster-name {cluster:sh}",
			"exec: executable {command} failed with exit code {code}"),
		client("exec-answer", "the exec plugin of the kubeconfig printed something that is no credential: {error}",
			"Run the plugin by hand and look at its standard output, where nothing else may be printed:\naws eks get-token --cluster-name {cluster:sh}",
			"getting credentials: decoding stdout: {error}", "exec plugin didn't return a {error}"),
		client("exec-interactive-mode", "the kubeconfig has an exec plugin of version v1 without interactiveMode, which that version needs", "Add it to users[].user.exec:\ninteractiveMode: IfAvailable",
			"interactiveMode must be specified for"),
		// net/http's (*Transport).roundTrip looks at the header before it sends anything.
		client("token-line-break", "a line break or another control character is in the token, and no HTTP header can carry it: the client sends nothing",
			"Keep the token on one line, with nothing behind it:\naws eks get-token --cluster-name {cluster:sh} --query status.token --output text | tr -d '\\n'",
			`invalid header field value for "Authorization"`),
		client("server-certificate", "kubectl does not trust the certificate of the server: the kubeconfig is of another cluster, or of one that was made anew under the same name", fixKubeconfig,
			"x509: certificate signed by unknown authority", "certificate is not trusted"),
		client("server-unreachable", "kubectl reached no API server: {error}", "Look whether the kubeconfig has the cluster's endpoint, and whether a private endpoint can be reached from here:\n"+
			"aws eks describe-cluster --name {cluster:sh} --query cluster.endpoint", "dial tcp: {error}", "dial tcp {error}", "The connection to the server {error}"),
	}
}
