package cluster

import (
	"fmt"
	"path"
)

// ServiceCIDR is the range of Service addresses, one of the two that EKS chooses from
// (https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html). It decides nothing,
// and some backends have their own way to set it, so it is not among the [Flags].
const ServiceCIDR = "10.100.0.0/16"

// Names of the files that [Files] generates and [Flags] refers to.
const (
	tokenWebhookFile   = "token-webhook.kubeconfig"
	accessWebhookFile  = "access-webhook.kubeconfig"
	auditWebhookFile   = "audit-webhook.kubeconfig"
	auditPolicyFile    = "audit-policy.yaml"
	authenticationFile = "authentication.yaml"
	authorizationFile  = "authorization.yaml"
)

// authorizers is EKS's order, Node, RBAC, Webhook (spec eks.md §1.1). The webhook knows the access policies. It is asked
// about IAM principals alone, who are told by an extra of the authenticator's: of nobody else has it an opinion. EKS's
// times to cache its answers are not known; here a change counts at once.
const authorizers = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- type: Node
  name: node
- type: RBAC
  name: rbac
- type: Webhook
  name: eks-access-policies
  webhook:
    connectionInfo:
      type: KubeConfigFile
      kubeConfigFile: %q
    subjectAccessReviewVersion: v1
    matchConditionSubjectAccessReviewVersion: v1
    matchConditions:
    - expression: has(request.extra) && %q in request.extra
    failurePolicy: NoOpinion
    timeout: 3s
    authorizedTTL: 1s
    unauthorizedTTL: 1s
    cacheAuthorizedRequests: false
    cacheUnauthorizedRequests: false
`

// principalIDExtra is the extra of a user with the unique ID of the IAM principal (upstream pkg/server/server.go).
const principalIDExtra = "sigs.k8s.io/aws-iam-authenticator/principalId"

// anonymousPaths is EKS's rule since Kubernetes 1.32: anonymous requests reach the health checks and nothing
// else; any other gets 401 (spec eks.md §1.1).
func anonymousPaths(more []string) []byte {
	out := []byte(`apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
  - path: /livez
  - path: /readyz
  - path: /healthz
`)
	for _, path := range more {
		out = fmt.Appendf(out, "  - path: %q\n", path)
	}
	return out
}

// Flag is a flag of a Kubernetes server, without the leading dashes. kubeadm wants names and values apart.
type Flag struct{ Name, Value string }

// ControllerManagerFlags are flags of kube-controller-manager with which it starts at once. It makes a service account for
// each of its controllers first, at 20 requests a second by default
// (https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/), which took about five
// seconds when it was measured; until then aggregated ClusterRoles have no rules.
func ControllerManagerFlags() []Flag {
	return []Flag{{Name: "kube-api-qps", Value: "500"}, {Name: "kube-api-burst", Value: "1000"}}
}

// String returns the flag as a command line takes it.
func (f Flag) String() string { return "--" + f.Name + "=" + f.Value }

// Files returns the configuration files that kube-apiserver reads, by name. dir is where it sees them.
func Files(spec Spec, dir string) map[string][]byte {
	return map[string][]byte{
		tokenWebhookFile:   WebhookKubeconfig(spec.TokenWebhook),
		auditWebhookFile:   WebhookKubeconfig(spec.AuditWebhook),
		auditPolicyFile:    spec.AuditPolicy,
		authenticationFile: anonymousPaths(spec.AnonymousPaths),
		accessWebhookFile:  WebhookKubeconfig(spec.AccessWebhook),
		authorizationFile:  fmt.Appendf(nil, authorizers, path.Join(dir, accessWebhookFile), principalIDExtra),
	}
}

// Flags returns the flags of kube-apiserver that decide who is authenticated and authorized and what is
// audited, as on EKS where that is known (spec eks.md §1.1). dir is where the API server sees the files.
//
// What EKS sets for the token webhook's cache is not known; eksemu's default is upstream's two minutes.
// TokenReview stays at v1beta1, the version that aws-iam-authenticator decodes.
func Flags(spec Spec, dir string) []Flag {
	return []Flag{
		{"authorization-config", path.Join(dir, authorizationFile)},
		{"enable-admission-plugins", "NodeRestriction,ExtendedResourceToleration"},
		{"authentication-config", path.Join(dir, authenticationFile)},
		{"authentication-token-webhook-config-file", path.Join(dir, tokenWebhookFile)},
		{"authentication-token-webhook-cache-ttl", spec.TokenWebhookCacheTTL.String()},
		{"service-account-issuer", spec.ServiceAccountIssuer},
		{"audit-policy-file", path.Join(dir, auditPolicyFile)},
		{"audit-webhook-config-file", path.Join(dir, auditWebhookFile)},
		{"audit-webhook-mode", "blocking"}, // every event arrives before the next request of the same client
		{"audit-webhook-initial-backoff", "100ms"},
	}
}

// WebhookKubeconfig renders the kubeconfig with which kube-apiserver finds a webhook, in the shape of the one
// that aws-iam-authenticator generates (upstream pkg/config/config.go).
func WebhookKubeconfig(w Webhook) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: webhook
  cluster:
    server: %q
    certificate-authority-data: %s
users:
- name: apiserver
  user:
    client-certificate-data: %s
    client-key-data: %s
current-context: webhook
contexts:
- name: webhook
  context:
    cluster: webhook
    user: apiserver
`, w.URL, base64String(w.CAPEM), base64String(w.Client.CertPEM), base64String(w.Client.KeyPEM))
}
