package emulator

import (
	"path/filepath"
	"slices"
)

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Layout names the files of a state folder. See the package documentation for what each is.
type Layout struct{ Dir string }

// CA is the certificate authority of the gateway's AWS names, PEM.
func (l Layout) CA() string { return filepath.Join(l.Dir, "ca.pem") }

// CABundle is CA and the system's certificate authorities, PEM.
func (l Layout) CABundle() string { return filepath.Join(l.Dir, "ca-bundle.pem") }

// AWSConfig is the AWS config file with a profile per identity.
func (l Layout) AWSConfig() string { return filepath.Join(l.Dir, "aws", "config") }

// AWSCredentials is the AWS credentials file with the users' keys.
func (l Layout) AWSCredentials() string { return filepath.Join(l.Dir, "aws", "credentials") }

// AdminKubeconfig is break-glass access to the clusters.
func (l Layout) AdminKubeconfig() string { return filepath.Join(l.Dir, "admin.kubeconfig") }

// Logs is the folder of the logs, one file per component.
func (l Layout) Logs() string { return filepath.Join(l.Dir, "logs") }

// Trace is the trace, one JSON object per line.
func (l Layout) Trace() string { return filepath.Join(l.Dir, "trace.jsonl") }

// Kubeconfig is the kubeconfig whose current context is that of an identity; "" is the cluster creator's.
func (l Layout) Kubeconfig(identity string) string {
	if identity == "" {
		return filepath.Join(l.Dir, "kubeconfig")
	}
	return filepath.Join(l.Dir, "kubeconfigs", identity)
}

func (l Layout) clusters() string { return filepath.Join(l.Dir, "clusters") }

func (l Layout) cluster(name string) string { return filepath.Join(l.clusters(), name) }

// Variables returns the variables that make unmodified AWS and Kubernetes clients use an environment: as the
// cluster's creator, or as an identity. STS is reached through HTTPS_PROXY, because aws-iam-authenticator accepts
// only tokens that are presigned for a real STS host name; AWS_ENDPOINT_URL would change that name and is
// therefore never among them. There is no KUBECONFIG without a cluster.
func Variables(stateDir string, r Runtime, identity string) []Variable {
	l := Layout{stateDir}
	vars := AWSVariables(stateDir, r)
	if identity != "" {
		vars = append(vars, Variable{"AWS_PROFILE", identity})
	}
	if len(r.Clusters) == 0 {
		return vars
	}
	return append(vars, Variable{"KUBECONFIG", l.Kubeconfig(identity)})
}

// AWSVariables returns those of [Variables] that concern AWS clients, for any identity.
func AWSVariables(stateDir string, r Runtime) []Variable {
	l := Layout{stateDir}
	return []Variable{
		{"HTTPS_PROXY", r.Gateway},
		{"NO_PROXY", NoProxy},
		{"AWS_CA_BUNDLE", l.CABundle()},
		{"AWS_CONFIG_FILE", l.AWSConfig()},
		{"AWS_SHARED_CREDENTIALS_FILE", l.AWSCredentials()},
		{"AWS_EC2_METADATA_DISABLED", "true"}, // on an EC2 instance, its own role would stand in for a profile without credentials
	}
}

// NoProxy is the value of NO_PROXY: the clusters' API servers are reached directly.
const NoProxy = "127.0.0.1,localhost,::1"

// Misleading returns the names of variables that would make AWS clients leave the environment or change who they
// are, out of those that are set in a shell: credentials beat a profile, and an endpoint override moves the host
// of a token, which aws-iam-authenticator then refuses (spec eks.md §6.1).
func Misleading(isSet func(name string) bool) []string {
	names := []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EKS", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_IAM",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"https_proxy", "no_proxy",
	}
	return slices.DeleteFunc(names, func(name string) bool { return !isSet(name) })
}
